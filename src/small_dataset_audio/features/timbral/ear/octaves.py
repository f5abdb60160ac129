"""Power in third-octave bands, frame by frame, as filters that start at rest in each frame put it out.

The loudness model is fed with the 28 bands from 25 Hz to 12.5 kHz in successive frames of 4096 samples. Four Butterworth
band-passes of order 8 (6.3, 8, 10 and 12.5 kHz) serve the top; the lower three of them serve all other bands, after one to eight
halvings of the rate (each a Chebyshev low-pass of order 2, 0.1 dB ripple, edge at 0.4 of half the rate; every second sample is
kept). A frame knows nothing of the one before: filters begin at rest, and what they would still put out after its end is lost.
Below 500 Hz they hardly get under way, which is part of the model: its constants were found with it.

Filtering each frame sample by sample takes minutes. Everything is linear in a frame's samples, so the same powers come from products
with few fixed vectors:

- Halving the rate is a short convolution, done as a matrix product of blocks.
- While a frame has 512 samples or more, a band's energy is that of the frame repeated for ever (its transform, weighted) less what
  the repetition adds: what still rings at the frame's end has no more degrees of freedom than the filter has states, so that its energy and
  its overlap with the frame's beginning take one product with a few vectors each.
- With 256 samples or fewer, the energy is a quadratic form, summed over the eigenvectors that matter.
"""

from functools import cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.features.timbral.frames import Line, batches
from small_dataset_audio.features.timbral.recording import RATE

FRAME: Final = 4096
"""Samples per frame; the model's frames do not overlap."""
BANDS: Final = 28
"""Third-octave bands, from 25 Hz to 12.5 kHz."""
TOP_BAND: Final = 12699.2
"""Exact centre of the highest band in Hz: 1000 times two to the eleven thirds."""
TOP_BANDS: Final = 4
"""Bands that are filtered at the full rate; each halving makes room for three more."""
ORDER: Final = 4
"""Of the low-pass that each band-pass is made from."""
RIPPLE_DB: Final = 0.1
EDGE: Final = 0.4
"""Of the low-pass before each halving of the rate, in units of half the rate."""

_SPECTRAL_STAGES: Final = 4
"""Stages (0 to 3 halvings) that use the transform; the frame still has 512 samples in the last of them."""
_LAST_STAGE: Final = 8
"""Halvings before the three lowest bands."""
_BLOCK: Final = 64
"""Samples per block of a halving: the low-pass has forgotten what came a block earlier."""
_RINGING: Final = 8.0
"""A band-pass has rung off after this many periods of its bandwidth."""
_FORGOTTEN: Final = 1e-7
"""Energy, over that of the strongest vector, under which a vector is left out."""
_TOGETHER: Final = 64
"""Frames worked on together."""
_NOTHING: Final = 1e-15
"""Coefficients under this are zero: denormal numbers would make products slow."""

Floats = NDArray[np.float64]


class _Ends(NamedTuple):
    """Four band-passes on a repeated frame.

    Attributes:
        power: power response at the bins of a transform of `FRAME` points ``[shape=(FRAME // 2 + 1, 4)]``.
        tail: vectors that take from a frame's end what rings on after it ``[shape=(length, states)]``.
        head: vectors that take from its beginning what that would meet ``[shape=(length, states)]``.
        starts: first state of each band.
    """

    power: Line
    tail: Line
    head: Line
    starts: NDArray[np.intp]


def third_octave_powers(line: Line) -> tuple[Floats, Floats]:
    """Return power per band and RMS of each frame of ``line``: ``[shape=(frames, 28)]`` and ``[shape=(frames,)]``.

    Bands ascend. The last frame is filled up with silence. Full scale is 1.
    """
    starts = np.arange(0, line.shape[0], FRAME)
    powers = np.empty((starts.shape[0], BANDS))
    rms = np.empty(starts.shape[0])
    for first, frames in batches(line, FRAME, starts, _TOGETHER):
        rows = slice(first, first + frames.shape[0])
        rms[rows] = np.sqrt(np.einsum("ij,ij->i", frames, frames) / FRAME)
        powers[rows] = _powers(frames)
    return np.maximum(powers, 0.0), rms


def _powers(frames: Line) -> Floats:
    """Return the power of each band of a few frames ``[shape=(frames, 28)]``."""
    powers = np.empty((frames.shape[0], BANDS))
    top = BANDS
    for stage in range(_SPECTRAL_STAGES):
        bands = TOP_BANDS if stage == 0 else TOP_BANDS - 1
        powers[:, top - bands : top] = _repeated_less_ends(frames)[:, :bands]
        top -= bands
        frames = _halved(frames)
    vectors, begins = _vectors()
    powers[:, :top] = np.add.reduceat(np.square(frames @ vectors), begins, axis=1)
    return powers


def _repeated_less_ends(frames: Line) -> Floats:
    """Return the power of the four band-passes in ``frames``, at whatever rate those are ``[shape=(frames, 4)]``."""
    from scipy import fft  # noqa: PLC0415 - half a second that listing the features must not cost

    ends = _ends()
    length, ringing = frames.shape[1], ends.tail.shape[0]
    spectrum = np.abs(fft.rfft(frames, axis=1))
    np.square(spectrum, out=spectrum)
    spectrum[:, 1:-1] *= np.float32(2.0)
    tail = frames[:, -ringing:] @ ends.tail
    head = frames[:, :ringing] @ ends.head
    wrapped = np.add.reduceat(tail * (tail + 2.0 * head), ends.starts, axis=1)
    repeated = spectrum @ ends.power[:: FRAME // length]
    return np.asarray((repeated / length - wrapped).astype(np.float64) / length)


def _halved(frames: Line) -> Line:
    """Return ``frames`` at half the rate ``[shape=(frames, length // 2)]``."""
    count, length = frames.shape
    made = (frames.reshape(-1, _BLOCK) @ _halving()).reshape(count, length // _BLOCK, _BLOCK)
    halved = made[..., : _BLOCK // 2].copy()
    halved[:, 1:] += made[:, :-1, _BLOCK // 2 :]
    return halved.reshape(count, length // 2)


@cache
def _halving() -> Line:
    """Return what a block of samples adds to its own half-rate block and to the next one ``[shape=(_BLOCK, _BLOCK)]``."""
    chain = _rate_halver(2 * _BLOCK)[:, :_BLOCK].copy()
    chain[np.abs(chain) < _NOTHING] = 0.0
    return np.ascontiguousarray(np.concatenate(np.split(chain, 2)).T, dtype=np.float32)


def _rate_halver(length: int) -> Floats:
    """Return the matrix that brings ``length`` samples to half their rate ``[shape=(length // 2, length)]``."""
    from scipy import linalg, signal  # noqa: PLC0415 - as above

    response = signal.lfilter(*signal.cheby1(2, RIPPLE_DB, EDGE), np.eye(1, length)[0])
    return np.asarray(linalg.toeplitz(response, np.zeros(length))[1::2])


@cache
def _band_passes() -> tuple[Floats, ...]:
    """Return the four band-passes from 6.3 to 12.5 kHz as second-order sections."""
    from scipy import signal  # noqa: PLC0415 - as above

    centres = TOP_BAND * 2.0 ** (np.arange(1 - TOP_BANDS, 1) / 3.0)
    edges = centres[:, np.newaxis] * 2.0 ** np.array([-1 / 6, 1 / 6])
    return tuple(signal.butter(ORDER, pair, "bandpass", fs=RATE, output="sos") for pair in edges)


def _response(band: int, length: int) -> Floats:
    """Return the first ``length`` samples of the impulse response of one of the four band-passes."""
    from scipy import signal  # noqa: PLC0415 - as above

    return np.asarray(signal.sosfilt(_band_passes()[band], np.eye(1, length)[0]))


@cache
def _ends() -> _Ends:
    """Return the four band-passes as they act on a repeated frame."""
    from scipy import linalg, signal  # noqa: PLC0415 - as above

    angles = np.linspace(0.0, np.pi, FRAME // 2 + 1)
    bandwidth = TOP_BAND * 2.0 ** ((1 - TOP_BANDS) / 3.0) * (2.0 ** (1 / 6) - 2.0 ** (-1 / 6))
    length = int(_RINGING * RATE / bandwidth)
    power, tails, heads = [], [], []
    for band, sections in enumerate(_band_passes()):
        power.append(np.abs(signal.sosfreqz(sections, angles)[1]) ** 2)
        response = _response(band, 2 * length)
        begins = linalg.toeplitz(response[:length], np.zeros(length))
        rings_on = linalg.hankel(response[1 : length + 1], response[length : 2 * length])[:, ::-1]
        shapes, strengths, vectors = np.linalg.svd(rings_on)
        strong = strengths**2 > _FORGOTTEN * strengths[0] ** 2
        tails.append(vectors[strong].T * strengths[strong])
        heads.append(begins.T @ shapes[:, strong])
    starts = np.cumsum([0, *(tail.shape[1] for tail in tails[:-1])])
    tail, head = (np.concatenate(parts, axis=1).astype(np.float32) for parts in (tails, heads))
    return _Ends(np.stack(power, axis=1).astype(np.float32), tail, head, starts)


@cache
def _vectors() -> tuple[Line, NDArray[np.intp]]:
    """Return the vectors of all lower bands, ascending, and where those of each band begin.

    They act on frames after `_SPECTRAL_STAGES` halvings; the squared products of a band's vectors add up to its power.
    """
    from scipy import linalg  # noqa: PLC0415 - as above

    chain = np.eye(FRAME >> _SPECTRAL_STAGES)
    found = []
    for stage in range(_SPECTRAL_STAGES, _LAST_STAGE + 1):
        length = chain.shape[0]
        for band in reversed(range(TOP_BANDS - 1)):
            through = linalg.toeplitz(_response(band, length), np.zeros(length)) @ chain
            energies, shapes = np.linalg.eigh(through @ through.T)
            strong = energies > _FORGOTTEN * energies[-1]
            found.append(through.T @ shapes[:, strong] / np.sqrt(length))
        if stage < _LAST_STAGE:
            chain = _rate_halver(length) @ chain
    found.reverse()
    begins = np.cumsum([0, *(vectors.shape[1] for vectors in found[:-1])])
    return np.concatenate(found, axis=1).astype(np.float32), begins
