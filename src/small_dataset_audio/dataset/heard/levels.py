"""Levels of a recording: peaks over time, offset, how its channels belong together, and tops that were cut off."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.audio.clip import Samples
from small_dataset_audio.audio.spool import blocks

PEAKS_PER_SECOND: Final = 10
_STEP: Final = 1.01 / 32768
"""One step of 16 bits, and a little for rounding."""
_FEWEST: Final = 3
"""Samples in a row at the same limit that make a flat top."""
_EDGE: Final = 8 * _STEP
"""A smooth wave that is flat for three samples falls by less than half of this to the next one; a cut one falls further."""
_LOUD_ENOUGH: Final = 0.1
"""Peak below which nothing is said about tops: nobody clips at -20 dBFS."""


@dataclass(frozen=True)
class Levels:
    """What is known of the levels of a recording.

    Attributes:
        peaks: the largest sample of any channel, without sign, in each tenth of a second ``[shape=(tenths,)]``.
        rms: per channel.
        mean: per channel; the offset.
        beyond: samples beyond full scale.
        correlation: of the first two channels; None where there is one, or one of the two is silent.
        difference: the largest difference between the first two channels; None where there is one.
        mono_db: how much of both is left in their mean, in dB; None where there is one channel, or silence.
    """

    peaks: NDArray[np.float32]
    rms: tuple[float, ...]
    mean: tuple[float, ...]
    beyond: int
    correlation: float | None
    difference: float | None
    mono_db: float | None


@dataclass(frozen=True)
class FlatTops:
    """Tops of the wave that were cut off: runs of samples at the same limit, with an edge.

    Attributes:
        count: how many.
        samples: samples in them.
        longest: samples of the longest.
        at: when that begins, in seconds.
        limit: the level at which they were cut, 1 for full scale.
    """

    count: int = 0
    samples: int = 0
    longest: int = 0
    at: float = 0.0
    limit: float = 0.0


def measure(samples: Samples, rate: int) -> tuple[Levels, FlatTops]:
    """Return the levels of a recording ``[shape=(channels, n)]``, and its flat tops; it is read twice, in blocks."""
    channels, length = samples.shape
    frame = max(1, round(rate / PEAKS_PER_SECOND))
    peaks: list[NDArray[np.float32]] = []
    total, squares = np.zeros(channels), np.zeros(channels)
    high, low = np.full(channels, -np.inf), np.full(channels, np.inf)
    product = difference = 0.0
    beyond = 0
    for _, block in blocks(samples, 32 * frame):
        highest, lowest = _extremes(block, frame)
        peaks.append(np.maximum(highest, -lowest).max(axis=0))
        high, low = np.maximum(high, highest.max(axis=1)), np.minimum(low, lowest.min(axis=1))
        total += block.sum(axis=1, dtype=np.float64)
        squares += [float(np.dot(row, row)) for row in block]
        if float(peaks[-1].max()) > 1:
            beyond += int(np.count_nonzero(np.abs(block) > 1))
        if channels > 1:
            product += float(np.dot(block[0], block[1]))
            difference = max(difference, float(np.abs(block[0] - block[1]).max()))
    rms = np.sqrt(squares / length)
    levels = Levels(
        np.concatenate(peaks),
        tuple(map(float, rms)),
        tuple(map(float, total / length)),
        beyond,
        *(_together(squares, product, difference) if channels > 1 else (None, None, None)),
    )
    return levels, _flat_tops(samples, rate, high, low)


def _extremes(block: Samples, frame: int) -> tuple[Samples, Samples]:
    """Return the highest and the lowest sample of each frame ``[shape=(channels, frames)]``; the last may be shorter."""
    starts = np.arange(0, block.shape[1], frame)
    return np.maximum.reduceat(block, starts, axis=1), np.minimum.reduceat(block, starts, axis=1)


def _together(
    squares: NDArray[np.float64], product: float, difference: float
) -> tuple[float | None, float, float | None]:
    """Return correlation, largest difference, and what is left in mono, of the first two channels."""
    first, second = float(squares[0]), float(squares[1])
    correlation = product / np.sqrt(first * second) if first > 0 and second > 0 else None
    both = (first + second) / 2
    mono = (first + second + 2 * product) / 4
    left = None if both <= 0 else float(10 * np.log10(max(mono / both, 1e-12)))
    return None if correlation is None else float(np.clip(correlation, -1, 1)), difference, left


def _flat_tops(samples: Samples, rate: int, high: NDArray[np.float64], low: NDArray[np.float64]) -> FlatTops:
    found = FlatTops()
    for start, block in blocks(samples):
        for row, top, bottom in zip(block, high, low, strict=True):
            for wave, limit in ((row, top), (-row, -bottom)):
                if limit >= _LOUD_ENOUGH:
                    found = _joined(found, _runs(wave, float(limit)), start / rate, rate, float(limit))
    return found


def _runs(wave: Samples, limit: float) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
    """Return where the flat tops at ``limit`` begin, and how long they are."""
    at_limit = np.flatnonzero(wave >= limit - _STEP)
    if not at_limit.size:
        return at_limit, at_limit
    breaks = np.flatnonzero(np.diff(at_limit) > 1)
    first = at_limit[np.concatenate([[0], breaks + 1])]
    last = at_limit[np.concatenate([breaks, [at_limit.size - 1]])]
    edge = limit - np.minimum(wave[np.maximum(first - 1, 0)], wave[np.minimum(last + 1, wave.size - 1)])
    cut = (last - first + 1 >= _FEWEST) & (edge >= _EDGE)
    return first[cut], (last - first + 1)[cut]


def _joined(
    so_far: FlatTops, runs: tuple[NDArray[np.int_], NDArray[np.int_]], offset: float, rate: int, limit: float
) -> FlatTops:
    starts, lengths = runs
    if not starts.size:
        return so_far
    longest = int(lengths.argmax())
    worse = int(lengths[longest]) > so_far.longest
    return FlatTops(
        so_far.count + starts.size,
        so_far.samples + int(lengths.sum()),
        int(lengths[longest]) if worse else so_far.longest,
        offset + float(starts[longest]) / rate if worse else so_far.at,
        limit if worse else so_far.limit,
    )
