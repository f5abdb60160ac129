"""Waveform and spectrogram of a recording of any length, in memory that does not grow with it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.fft import rfft
from threadpoolctl import threadpool_limits

from small_dataset_audio.audio.clip import Samples
from small_dataset_audio.audio.spool import give_back
from small_dataset_audio.dataset.report.drawing.png import LEVELS

PEAKS_PER_SECOND: Final = 100
MOST_PEAKS: Final = 12_000
LEAST_PEAKS: Final = 600
COLUMNS_PER_SECOND: Final = 25
MOST_COLUMNS: Final = 2_000
LEAST_COLUMNS: Final = 64
ROWS: Final = 120
LOWEST_HZ: Final = 40.0
HIGHEST_HZ: Final = 16_000.0
WINDOW_SECONDS: Final = 0.08
"""About; the power of two nearest to it is taken."""
MOST_WINDOWS: Final = 6
"""Windows whose powers are averaged to one column of a long recording."""
SPAN_DB: Final = 66.0
"""From the darkest shade to the lightest."""
TILT_DB: Final = 2.0
"""Added per octave, about half as much as the power of music falls, so that its highs can be seen."""
_LOUDEST: Final = 99.8
"""The percentile of all levels that gets the lightest shade."""
_AT_ONCE: Final = 1 << 20
"""Samples of a channel that are read at a time."""


Peaks = NDArray[np.int8]
"""Lowest, highest and RMS of each of many equal parts ``[shape=(parts, 3)]``, 127 full scale."""


@dataclass(frozen=True, eq=False)
class Spectrogram:
    """Levels over time and frequency.

    Attributes:
        levels: 0 to `LEVELS` - 1 ``[shape=(ROWS, columns)]``, the highest frequency first.
        low: the lowest frequency, in Hz.
        high: the highest; rows lie at equal ratios.
    """

    levels: NDArray[np.uint8]
    low: float
    high: float


def peaks(samples: Samples, rate: int) -> Peaks:
    """Return the peaks of a recording, over all its channels.

    Args:
        samples: ``[shape=(channels, n)]``, n at least 1.
        rate: samples per second.
    """
    length = samples.shape[1]
    count = min(length, _between(LEAST_PEAKS, length / rate * PEAKS_PER_SECOND, MOST_PEAKS))
    edges = np.arange(count + 1) * length // count
    made = np.empty((count, 3), dtype=np.int8)
    for first, last in _runs(edges):
        start, stop = edges[first], edges[last]
        block = samples[:, start:stop]
        offsets = edges[first:last] - start
        power = np.add.reduceat(np.mean(block * block, axis=0), offsets) / np.diff(edges[first : last + 1])
        shape = (
            np.minimum.reduceat(block.min(axis=0), offsets),
            np.maximum.reduceat(block.max(axis=0), offsets),
            np.sqrt(power),
        )
        made[first:last] = np.clip(np.rint(np.stack(shape, axis=1) * 127), -127, 127)
        give_back(block)
    return made


def spectrogram(samples: Samples, rate: int) -> Spectrogram:
    """Return the levels of a recording, the powers of its channels added.

    Hann windows of about `WINDOW_SECONDS`; a column is the mean power of up to `MOST_WINDOWS` of them, spread over its time.

    Args:
        samples: ``[shape=(channels, n)]``, n at least 1.
        rate: samples per second.
    """
    length = samples.shape[1]
    columns = _between(LEAST_COLUMNS, length / rate * COLUMNS_PER_SECOND, MOST_COLUMNS)
    window = 1 << round(np.log2(max(rate * WINDOW_SECONDS, 2)))
    high = min(HIGHEST_HZ, rate * 0.49)
    low = min(LOWEST_HZ, high / 2)
    bands = _bands(low, high, rate, window)
    edges = np.arange(columns + 1) * (length / columns)
    each = int(np.clip(round(length / columns / window), 1, MOST_WINDOWS))
    centres = (edges[:-1, None] + np.diff(edges)[:, None] * (np.arange(each) + 0.5) / each).astype(np.int64)
    power = np.empty((columns, ROWS))
    with threadpool_limits(1):  # in products so small, threads would only wait for each other
        for first, last in _runs(edges.astype(np.int64), most=256):
            power[first:last] = _column_powers(samples, centres[first:last], window) @ bands
    return Spectrogram(_shades(power.T[::-1], low, high), low, high)


def _column_powers(samples: Samples, centres: NDArray[np.int64], window: int) -> NDArray[np.float64]:
    """Return the power spectra of the columns whose windows lie around ``centres`` ``[shape=(columns, window // 2 + 1)]``."""
    half = window // 2
    start, stop = int(centres.min()) - half, int(centres.max()) + half
    inside = samples[:, max(start, 0) : min(stop, samples.shape[1])]
    padded = np.pad(inside, ((0, 0), (max(-start, 0), max(stop - samples.shape[1], 0))))
    give_back(inside)
    frames = np.lib.stride_tricks.sliding_window_view(padded, window, axis=1)[:, centres.ravel() - half - start]
    spectra = rfft(frames * np.hanning(window).astype(np.float32), axis=2, overwrite_x=True)
    power = (spectra.real**2 + spectra.imag**2).sum(axis=0)
    return np.asarray(power.reshape(*centres.shape, half + 1).mean(axis=1), dtype=np.float64)


@lru_cache(maxsize=8)
def _bands(low: float, high: float, rate: int, window: int) -> NDArray[np.float64]:
    """Return the weights that make rows of bins ``[shape=(window // 2 + 1, ROWS)]``: triangles at equal ratios, each a mean."""
    ratio = (high / low) ** (1 / (ROWS - 1))
    centres = low * ratio ** np.arange(ROWS)
    bins = np.arange(window // 2 + 1) * rate / window
    width = np.maximum(centres * (ratio - 1), rate / window)
    weights = np.maximum(0, 1 - np.abs(bins[:, None] - centres) / width)
    return np.asarray(weights / weights.sum(axis=0))


def _shades(power: NDArray[np.float64], low: float, high: float) -> NDArray[np.uint8]:
    octaves = np.linspace(np.log2(high / low), 0, ROWS)
    level = 10 * np.log10(np.maximum(power, 1e-20)) + TILT_DB * octaves[:, None]
    top = float(np.percentile(level, _LOUDEST))
    if top <= 10 * np.log10(1e-12):  # digital silence has no loudest place
        return np.zeros(power.shape, dtype=np.uint8)
    return (np.clip((level - top) / SPAN_DB + 1, 0, 1) * (LEVELS - 1)).round().astype(np.uint8)


def _runs(edges: NDArray[np.int64], most: int = 1 << 14) -> Iterator[tuple[int, int]]:
    """Yield (first, last) of runs of parts that together span about `_AT_ONCE` samples, the last one left out."""
    count = len(edges) - 1
    each = max(1, min(most, int(_AT_ONCE * count / max(int(edges[-1]), 1))))
    for first in range(0, count, each):
        yield first, min(first + each, count)


def _between(least: int, wanted: float, most: int) -> int:
    return int(min(max(wanted, least), most))
