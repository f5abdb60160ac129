"""The share of a sound that is percussive, by median filtering of its spectrogram.

What is harmonic is steady along time, what is percussive is flat along frequency: the median over 31 frames keeps the one, that over
31 bins the other. The two medians, squared, share out each bin. Source: Fitzgerald (2010), Harmonic/percussive separation using median
filtering; Driedger, Müller & Disch (2014). The share is the ratio of summed RMS amplitudes, percussive over both.

Two economies, neither of which moves the share by more than a few percent of itself: medians are over every second of the 31 frames or bins
(neighbours say nearly the same, for frames and the window's lobes overlap), and long sounds are measured at evenly spread frames. Medians
are taken of powers in steps of an eighth of an octave, 8 bits each. The parts' RMS is that of a frame after the synthesis window, without adding up
overlapping frames.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.features.timbral.frames import thinning

MOST_FRAMES: Final = 300
"""Frames measured at most: all of 3.5 s."""
HALF_WIDTH: Final = 14
"""Frames or bins on either side that a median reads, every second one."""

_EDGE: Final = 2
"""Frames at either end that hold more silence than sound and are not measured."""
_STEPS_PER_OCTAVE_BITS: Final = 3
_MANTISSA_BITS: Final = 23
_LOWEST_EXPONENT: Final = 127 - 14
"""Powers under 2 to the minus 14 (100 dB under the strongest possible one) count as that."""
_BATCH: Final = 48
"""Frames whose medians are taken together, so that all operands stay in the processor's cache."""

_Codes = NDArray[np.uint8]


class Percussion:
    """Collects spectra, then tells the percussive share.

    Args:
        count: frames that will be added.
    """

    def __init__(self, count: int) -> None:
        step = thinning(count, MOST_FRAMES)
        self._gap = 1 if step == 1 else 2
        self._step = step if step == 1 else step + step % 2
        self._chosen = np.arange(max(self._step, _EDGE), count - _EDGE + 1, self._step)
        last_row = (count - 1) // self._gap
        reach = np.arange(-HALF_WIDTH, HALF_WIDTH + 1, 2) // self._gap
        around = (self._chosen // self._gap)[:, np.newaxis] + reach
        around = np.where(around < 0, -1 - around, around)
        self._around = np.where(around > last_row, 2 * last_row + 1 - around, around).clip(0, last_row)
        self._rows = np.unique(self._around)
        self._codes = np.empty((0, 0), dtype=np.uint8)
        self._spectra = np.empty((0, 0), dtype=np.complex64)

    def add(self, first: int, spectrum: NDArray[np.complex64], power: NDArray[np.float32]) -> None:
        """Take the frames from ``first`` on: their spectra and powers, each ``[shape=(frames, bins)]``."""
        if not self._codes.size:
            self._codes = np.empty((self._rows.shape[0], power.shape[1]), dtype=np.uint8)
            self._spectra = np.empty((self._chosen.shape[0], power.shape[1]), dtype=np.complex64)
        last = first + power.shape[0]
        begin, end = np.searchsorted(self._rows * self._gap, (first, last))
        self._codes[begin:end] = _encoded(power[self._rows[begin:end] * self._gap - first])
        begin, end = np.searchsorted(self._chosen, (first, last))
        self._spectra[begin:end] = spectrum[self._chosen[begin:end] - first]

    def share(self) -> float | None:
        """Return the percussive share from 0 to 1; None where there is nothing to share."""
        percussive, both = 0.0, 0.0
        for start in range(0, self._chosen.shape[0], _BATCH):
            rows = np.searchsorted(self._rows, self._around[start : start + _BATCH])
            along_time = median_of([self._codes[column] for column in rows.T])
            here = self._codes[rows[:, rows.shape[1] // 2]]
            around = np.pad(here, ((0, 0), (HALF_WIDTH, HALF_WIDTH)), mode="symmetric")
            bins = self._codes.shape[1]
            along_frequency = median_of([around[:, i : i + bins].copy() for i in range(0, 2 * HALF_WIDTH + 1, 2)])
            harmonic, flat = _POWERS[along_time], _POWERS[along_frequency]
            flat /= harmonic + flat
            spectrum = self._spectra[start : start + _BATCH]
            part = spectrum * flat
            loud = _synthesised(part)
            percussive += float(loud.sum())
            both += float((loud + _synthesised(spectrum - part)).sum())
        return percussive / both if both > 0.0 else None


def median_of(planes: list[_Codes]) -> _Codes:
    """Return the elementwise median of an odd number of arrays of one shape; they are overwritten.

    The smallest and the largest of just over half of them cannot be the median: they are dropped, one more array is taken in,
    and so on until three are left (forgetful selection).
    """
    waiting = planes[len(planes) // 2 + 2 :]
    active = planes[: len(planes) // 2 + 2]
    while True:
        for low, high in zip(range(len(active) // 2), range(len(active) - 1, 0, -1), strict=False):
            _sort(active, low, high)
        for low in range(1, (len(active) + 1) // 2):
            _sort(active, 0, low)
        for high in range(len(active) // 2, len(active) - 1):
            _sort(active, high, len(active) - 1)
        active = active[1:-1]
        if not waiting:
            return active[0]
        active.append(waiting.pop())


def _sort(planes: list[_Codes], low: int, high: int) -> None:
    """Put the smaller of two planes' elements into ``low`` and the larger into ``high``."""
    smaller = np.minimum(planes[low], planes[high])
    np.maximum(planes[low], planes[high], out=planes[high])
    planes[low] = smaller


def _encoded(power: NDArray[np.float32]) -> _Codes:
    """Return powers on a scale of eighths of octaves: the leading bits of their floating-point form are just that."""
    bits = (np.ascontiguousarray(power).view(np.int32) >> (_MANTISSA_BITS - _STEPS_PER_OCTAVE_BITS)).astype(np.int16)
    bits -= _LOWEST_EXPONENT << _STEPS_PER_OCTAVE_BITS
    np.maximum(bits, 0, out=bits)
    return np.minimum(bits, 255, out=bits).astype(np.uint8)


def _decoded() -> NDArray[np.float32]:
    """Return the power in the middle of each step of the scale ``[shape=(256,)]``."""
    bits = (np.arange(256, dtype=np.int32) + (_LOWEST_EXPONENT << _STEPS_PER_OCTAVE_BITS)) << (
        _MANTISSA_BITS - _STEPS_PER_OCTAVE_BITS
    )
    return (bits + (1 << (_MANTISSA_BITS - _STEPS_PER_OCTAVE_BITS - 1))).view(np.float32)


_POWERS: Final = _decoded()


def _synthesised(spectrum: NDArray[np.complex64]) -> NDArray[np.float32]:
    """Return the amplitude of each frame after the synthesis window, a Hann window too: three bins in the spectrum."""
    windowed = spectrum[:, 1:-1] - np.float32(0.5) * (spectrum[:, :-2] + spectrum[:, 2:])
    parts = windowed.view(np.float32)
    return np.asarray(np.sqrt(np.einsum("ij,ij->i", parts, parts)))
