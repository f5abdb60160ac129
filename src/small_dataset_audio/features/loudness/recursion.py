"""Run a cascade of biquads over a long signal by matrix products instead of sample by sample.

A recursive filter over a block of samples is a linear map: the block's output is a triangular matrix times its input plus
a thin matrix times the state on entry, and the state on exit is linear in both. Matrix products do all blocks of a chunk
at once; only the short chain of states is left, and that is solved by doubling (each step joins the effect of twice as
many earlier blocks). Samples and outputs are float32, states float64. The state's coordinates are chosen so that their
effects on the next block are orthonormal: large numbers never cancel, and the error stays about 140 dB under the signal.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.audio.spool import give_back

BLOCK: Final = 64
"""Samples per block: the triangular products grow with it, the number of states shrinks."""
BLOCKS: Final = 1024
"""Blocks per chunk: input and output of a chunk (256 KiB each) stay in the processor's cache."""
FORGOTTEN: Final = 1e-20
"""An effect of earlier blocks under this factor is nothing in double precision."""
NOTHING: Final = 1e-15
"""A chunk that peaks under this (-300 dBFS) is filtered as zeros: denormal numbers would make the products fifty times slower."""

_Floats = NDArray[np.float64]
_Samples = NDArray[np.float32]


class Biquad(NamedTuple):
    """A second-order filter ``b(z) / a(z)``, coefficients in falling powers of ``z``, ``a[0] = 1``."""

    b: tuple[float, float, float]
    a: tuple[float, float, float]


class BlockRecursion:
    """A cascade of biquads, prepared for blocks.

    Attributes:
        through: output of a block from its own input ``[shape=(BLOCK, BLOCK)]``, input by output.
        collect: state that a block adds ``[shape=(BLOCK, states)]``.
        release: output of a block from the state on entry ``[shape=(states, BLOCK)]``.
        carry: effect of a state on the states 1, 2, 4, ... blocks later, each ``[shape=(states, states)]``.
    """

    def __init__(self, sections: Sequence[Biquad]) -> None:
        a, b, c, direct = _cascade(sections)
        states = b.shape[0]
        observed = np.empty((BLOCK, states))
        reached = np.empty((BLOCK, states))
        power = np.eye(states)
        for i in range(BLOCK):
            observed[i] = c @ power
            reached[BLOCK - 1 - i] = power @ b
            power = a @ power
        response = np.concatenate([[direct], reached[:0:-1] @ c])
        lag = np.arange(BLOCK) - np.arange(BLOCK)[:, np.newaxis]
        orthonormal, coordinates = np.linalg.qr(observed)
        self.through: _Samples = np.where(lag >= 0, response[lag], 0.0).astype(np.float32)
        self.release: _Samples = np.ascontiguousarray(orthonormal.T, dtype=np.float32)
        self.collect: _Samples = (reached @ coordinates.T).astype(np.float32)
        step = (coordinates @ power @ np.linalg.inv(coordinates)).T
        self.carry: list[_Floats] = []
        while np.abs(step).max() > FORGOTTEN and 2 ** len(self.carry) <= BLOCKS:
            self.carry.append(step)
            step = step @ step

    def chunks(self, signal: _Samples) -> Iterator[tuple[int, _Samples]]:
        """Yield the filtered signal as (first sample, chunk of output ``[shape=(<= BLOCK * BLOCKS,)]``).

        A chunk may be written to; it is overwritten when the next one is asked for.
        """
        output = np.empty((BLOCKS, BLOCK), dtype=np.float32)
        states = np.zeros((BLOCKS + 1, self.collect.shape[1]))
        for start in range(0, signal.shape[0], BLOCK * BLOCKS):
            chunk = signal[start : start + BLOCK * BLOCKS]
            blocks = _in_blocks(chunk)
            n = blocks.shape[0]
            states[1 : n + 1] = blocks @ self.collect
            for i, step in enumerate(self.carry):
                states[2**i : n + 1] += states[: max(0, n + 1 - 2**i)] @ step
            np.matmul(blocks, self.through, out=output[:n])
            output[:n] += states[:n].astype(np.float32) @ self.release
            states[0] = states[n]
            give_back(chunk)
            yield start, output.reshape(-1)[: chunk.shape[0]]


def _in_blocks(signal: _Samples) -> _Samples:
    """Return ``signal`` as rows of `BLOCK` samples, the last one filled up with zeros."""
    if max(signal.max(), -signal.min()) < NOTHING:
        signal = np.zeros_like(signal)
    missing = -signal.shape[0] % BLOCK
    if missing:
        signal = np.pad(signal, (0, missing))
    return np.ascontiguousarray(signal, dtype=np.float32).reshape(-1, BLOCK)


def _cascade(sections: Sequence[Biquad]) -> tuple[_Floats, _Floats, _Floats, float]:
    """Return the state space of the filters one after the other.

    ``state' = A state + b x`` and ``y = c state + direct x``, as ``(A, b, c, direct)``: two states per section, in
    transposed direct form II.
    """
    a, b, c, direct = np.zeros((0, 0)), np.zeros(0), np.zeros(0), 1.0
    for section in sections:
        (b0, b1, b2), (_, a1, a2) = section
        into = np.array([b1 - a1 * b0, b2 - a2 * b0])
        states = b.shape[0]
        own = np.array([[-a1, 1.0], [-a2, 0.0]])
        a = np.block([[a, np.zeros((states, 2))], [np.outer(into, c), own]])
        b = np.concatenate([b, into * direct])
        c = np.concatenate([b0 * c, [1.0, 0.0]])
        direct *= b0
    return a, b, c, direct
