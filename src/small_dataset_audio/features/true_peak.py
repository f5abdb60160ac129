"""True peak: the highest level that a converter's reconstruction reaches, between the samples too.

ITU-R BS.1770-5 annex 2 asks for at least 4 times oversampling (2 times from 96 kHz up); this is 8 times at every rate, by
a windowed sinc whose pass band is flat within 0.005 dB to 0.45 of the sample rate. A sine at that frequency is under-read
by at most 0.14 dB, one at a quarter of the sample rate by at most 0.05 dB. Before the first and after the last sample
the signal is zero.

Only what can hold the peak is oversampled, and the result is exactly that of oversampling everything: between two
samples the reconstruction leaves the straight line that joins them by no more than a constant times the strongest curvature
(second difference) nearby. Rows of samples whose bound stays under the peak found so far are passed over; in music this
leaves about one row in a thousand. Of the rest, the points halfway between samples come first, and with them a tighter bound.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.audio.clip import Samples
from small_dataset_audio.audio.spool import give_back

OVERSAMPLING: Final = 8
"""Points per sample interval at which the reconstruction is evaluated."""

_HALF_WIDTH: Final = 24
"""Samples on either side that the interpolator reads."""
_KAISER_BETA: Final = 7.0
"""Shape of the interpolator's window: about 70 dB of rejection."""
_ROW: Final = 128
"""Samples that share one bound."""
_STRIP: Final = 32
"""Samples whose intervals one matrix product row evaluates: short strips waste little of the band-shaped matrix."""
_CHUNK: Final = 1024 * _ROW
"""Samples searched together: 512 KiB, so that they stay in the processor's cache."""
_ROUNDING: Final = 1e-5
"""Share of the peak that single precision may take from a bound."""
_FIRST_BATCH: Final = 16
"""Rows evaluated first, the most promising ones; each further batch is twice as large."""
_LARGEST_BATCH: Final = 512

_Floats = NDArray[np.float64]
_Line = NDArray[np.float32]


def true_peak(samples: Samples) -> float | None:
    """Return the true peak of all channels of ``samples`` ``[shape=(channels, n)]`` in dBTP; None where all are zero."""
    starts = range(-_ROW, samples.shape[1] + _ROW, _CHUNK)
    chunks = [(_peak_near(channel, start), i, start) for i, channel in enumerate(samples) for start in starts]
    highest = max((peak for peak, _, _ in chunks), default=0.0)
    if highest == 0.0:
        return None
    search = _Search(highest)
    for peak, i, start in sorted(chunks, reverse=True):
        if not search.can_hold_more(peak):
            break
        search.look(samples[i], start)
    return float(20.0 * np.log10(search.highest))


def _interpolators() -> _Floats:
    """Return the weights of samples ``-23..24`` for the points from 0 to 1 ``[shape=(OVERSAMPLING + 1, 48)]``."""
    offsets = np.arange(OVERSAMPLING + 1)[:, np.newaxis] / OVERSAMPLING - np.arange(1 - _HALF_WIDTH, _HALF_WIDTH + 1)
    window = np.i0(_KAISER_BETA * np.sqrt(np.maximum(0.0, 1.0 - (offsets / _HALF_WIDTH) ** 2)))
    weights = np.sinc(offsets) * window
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _band_matrix(weights: _Floats) -> _Line:
    """Return the matrix from a strip with its surroundings to these points between its samples, ready for a product."""
    points, taps = weights.shape
    matrix = np.zeros((_STRIP + taps - 1, points, _STRIP), dtype=np.float32)
    for i in range(_STRIP):
        matrix[i : i + taps, :, i] = weights.T
    return matrix.reshape(_STRIP + taps - 1, points * _STRIP)


def _departure(weights: _Floats) -> tuple[float, float]:
    """Return how far points may leave the straight line from the first to the last: per unit of curvature, and of slope.

    The interpolator minus linear interpolation annihilates constants; summed twice, it is the filter that makes the
    departure from second differences. What it leaves of a ramp (next to nothing) is bounded by the slope.
    """
    fraction = np.linspace(0.0, 1.0, weights.shape[0])[:, np.newaxis]
    departure = weights - (1.0 - fraction) * weights[0] - fraction * weights[-1]
    per_curvature = np.abs(np.cumsum(np.cumsum(departure, axis=1), axis=1)).sum(axis=1).max()
    per_slope = np.abs(departure @ np.arange(departure.shape[1])).max()
    return float(per_curvature), float(per_slope)


_WEIGHTS: Final = _interpolators()
_MIDDLE: Final = OVERSAMPLING // 2
_HALFWAY: Final = _band_matrix(_WEIGHTS[_MIDDLE : _MIDDLE + 1])
_BETWEEN: Final = _band_matrix(np.delete(_WEIGHTS, (0, _MIDDLE, OVERSAMPLING), axis=0))
_PER_CURVATURE, _PER_SLOPE = _departure(_WEIGHTS)
_PER_CURVATURE_HALFWAY: Final = _departure(_WEIGHTS[: _MIDDLE + 1])[0]
"""The same between a sample and the point halfway to the next (and, by symmetry, from there on)."""


def _peak_near(channel: _Line, start: int) -> float:
    """Return the highest absolute sample that the chunk from ``start`` reads."""
    near = channel[max(0, start - _ROW) : max(0, start + _CHUNK + _ROW)]
    peak = max(float(near.max(initial=0.0)), -float(near.min(initial=0.0)))
    give_back(near)
    return peak


class _Search:
    """The search for the highest point of the reconstruction.

    Attributes:
        highest: the highest absolute value found so far.
        slack: what is added to every bound: no slope is over twice the highest sample.
    """

    def __init__(self, highest: float) -> None:
        self.highest = highest
        self.slack = highest * (2.0 * _PER_SLOPE + _ROUNDING)
        self._samples = np.empty(_CHUNK + 2 * _ROW, dtype=np.float32)
        self._curvature = np.zeros(_CHUNK + 2 * _ROW, dtype=np.float32)
        self._slopes = np.empty(_CHUNK + 2 * _ROW - 1, dtype=np.float32)

    def can_hold_more(self, peak: float) -> bool:
        """Return whether samples up to ``peak`` can reach higher: no curvature is over four times the peak."""
        return peak * (1.0 + 4.0 * _PER_CURVATURE) + self.slack > self.highest

    def look(self, channel: _Line, start: int) -> None:
        """Search the chunk from ``start``: its rows in the order of what they can reach, until that is too little."""
        samples = self._padded(channel, start)
        ends, curvature = self._ends_and_curvature(samples)
        bounds = ends + _PER_CURVATURE * curvature + self.slack
        rows = np.flatnonzero(bounds > self.highest)
        rows = rows[np.argsort(-bounds[rows], kind="stable")]
        windows = np.lib.stride_tricks.sliding_window_view(samples, _HALFWAY.shape[0])
        strips = np.arange(0, _ROW, _STRIP) - (_HALF_WIDTH - 1)
        done, batch = 0, _FIRST_BATCH
        while done < rows.size and bounds[rows[done]] > self.highest:
            chosen = rows[done : done + batch]
            near = windows[((chosen[:, np.newaxis] + 1) * _ROW + strips).ravel()]
            self._evaluate(near, np.repeat(curvature[chosen], strips.size))
            done += batch
            batch = min(2 * batch, _LARGEST_BATCH)

    def _evaluate(self, near: _Line, curvature: _Floats) -> None:
        """Evaluate strips, each with its surroundings ``[shape=(strips, 79)]``, with the strongest curvature near them."""
        halfway = _row_peaks(near @ _HALFWAY)
        self.highest = max(self.highest, float(halfway.max()))
        samples = _row_peaks(near[:, _HALF_WIDTH - 1 : _HALF_WIDTH + _STRIP])
        reach = np.maximum(halfway, samples) + _PER_CURVATURE_HALFWAY * curvature + self.slack
        points = near[reach > self.highest] @ _BETWEEN
        self.highest = max(self.highest, float(points.max(initial=0.0)), -float(points.min(initial=0.0)))

    def _padded(self, channel: _Line, start: int) -> _Line:
        """Return the samples of the chunk from ``start`` in whole rows and one more row either side; zeros beyond the signal."""
        stop = min(start + _CHUNK, channel.shape[0] + _ROW)
        stop += -(stop - start) % _ROW
        padded = self._samples[: stop - start + 2 * _ROW]
        first, last = max(0, start - _ROW), min(channel.shape[0], stop + _ROW)
        padded[: first - start + _ROW] = 0.0
        padded[first - start + _ROW : last - start + _ROW] = channel[first:last]
        padded[last - start + _ROW :] = 0.0
        give_back(channel[first:last])
        return padded

    def _ends_and_curvature(self, samples: _Line) -> tuple[_Floats, _Floats]:
        """Return, for each inner row of ``samples``, its highest absolute sample and the strongest curvature near it."""
        curvature, slopes = self._curvature[: samples.shape[0]], self._slopes[: samples.shape[0] - 1]
        np.subtract(samples[1:], samples[:-1], out=slopes)
        np.subtract(slopes[1:], slopes[:-1], out=curvature[1:-1])
        bent = _row_peaks(curvature.reshape(-1, _ROW))
        near = np.maximum(np.maximum(bent[:-2], bent[1:-1]), bent[2:])
        ends = np.maximum(_row_peaks(samples.reshape(-1, _ROW))[1:-1], np.abs(samples[2 * _ROW :: _ROW]))
        return ends.astype(np.float64), near.astype(np.float64)


def _row_peaks(rows: _Line) -> _Line:
    """Return the highest absolute value in each row.

    Floats that are not negative are ordered as the integers of the same bits, whose maximum is several times faster.
    """
    return np.asarray(np.abs(rows).view(np.int32).max(axis=1).view(np.float32))
