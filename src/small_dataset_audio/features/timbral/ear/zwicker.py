"""Specific loudness from third-octave levels, for many frames at once.

The method is that of DIN 45631 and ISO 532-1 for stationary sounds in a free field (`ear.tables`). Levels become main loudness in each
critical band; where a band is less loud than what masks it from below, the pattern falls off towards it along slopes that depend on
how loud it still is. Slopes are followed in steps of whole tenths of a Bark, as in the published program.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.features.timbral.ear.tables import (
    BAND_CORRECTION,
    CRITICAL_BANDS,
    JOINED,
    LEVEL_RANGES,
    LOUDNESS_RANGES,
    LOW_BANDS,
    LOW_CORRECTION,
    OUTER_EAR,
    SLOPES,
    STEPS,
    THRESHOLD,
    THRESHOLD_FACTOR,
    UPPER_EDGES,
)

LOWEST_EXPONENT: Final = 0.25
"""Specific loudness grows with this power of intensity."""
LOUDNESS_SCALE: Final = 0.0635
"""Specific loudness at a threshold of 0 dB, in sone per Bark."""

Floats = NDArray[np.float64]


def specific_loudness(levels: Floats) -> tuple[Floats, Floats]:
    """Return specific loudness and total loudness of each frame.

    Args:
        levels: third-octave levels from 25 Hz to 12.5 kHz in dB SPL ``[shape=(frames, 28)]``; minus infinity is silence.

    Returns:
        Specific loudness in sone per Bark, every tenth of a Bark from 0.1 to 24 ``[shape=(frames, 240)]``, and total loudness
        in sone ``[shape=(frames,)]``.
    """
    pattern = _Pattern.at_rest(main_loudness(levels))
    for band in range(UPPER_EDGES.shape[0]):
        pattern.advance(band)
    return pattern.drawn(), pattern.total


def main_loudness(levels: Floats) -> Floats:
    """Return the main loudness of each critical band and of the empty one above them ``[shape=(frames, 21)]``."""
    low = levels[:, :LOW_BANDS]
    louder = low[:, np.newaxis, :] > LEVEL_RANGES[:-1, np.newaxis] - LOW_CORRECTION[:-1]
    reach = np.logical_and.accumulate(louder, axis=1).sum(axis=1)
    intensity = 10.0 ** ((low + np.take_along_axis(LOW_CORRECTION, reach, axis=0)) / 10.0)
    joined = np.add.reduceat(intensity, JOINED[:-1], axis=1)
    with np.errstate(divide="ignore"):
        excitation = np.concatenate([10.0 * np.log10(joined), levels[:, LOW_BANDS:]], axis=1)
    above = 10.0 ** (0.1 * (excitation - OUTER_EAR - BAND_CORRECTION - THRESHOLD))
    scale = LOUDNESS_SCALE * 10.0 ** (0.1 * LOWEST_EXPONENT * THRESHOLD)
    loudness = scale * ((1.0 - THRESHOLD_FACTOR + THRESHOLD_FACTOR * above) ** LOWEST_EXPONENT - 1.0)
    loudness[(excitation <= THRESHOLD) | (loudness < 0.0)] = 0.0
    loudness[:, 0] *= np.minimum(
        0.4 + 0.32 * loudness[:, 0] ** 0.2, 1.0
    )  # the lowest band is wider than a critical band
    return np.pad(loudness, ((0, 0), (0, UPPER_EDGES.shape[0] - CRITICAL_BANDS)))


@dataclass
class _Pattern:
    """The loudness patterns of all frames, drawn piece by piece from 0 Bark upwards.

    A piece is a straight line: it begins at a tenth of a Bark and lasts until the next one begins.

    Attributes:
        main: main loudness per frame and critical band.
        place: tenths of a Bark up to which each frame is drawn.
        height: specific loudness there.
        steepness: row of `SLOPES` that holds there.
        total: loudness so far.
        begins: at each step where a piece begins, that step; else 0.
        value: specific loudness at the first step of a piece.
        fall: decrease per step of a piece.
    """

    main: Floats
    place: NDArray[np.intp]
    height: Floats
    steepness: NDArray[np.intp]
    total: Floats
    begins: NDArray[np.intp]
    value: Floats
    fall: Floats

    @classmethod
    def at_rest(cls, main: Floats) -> "_Pattern":
        """Return patterns of which nothing is drawn yet."""
        frames = main.shape[0]
        return cls(
            main,
            np.zeros(frames, dtype=np.intp),
            np.zeros(frames),
            np.full(frames, LOUDNESS_RANGES.shape[0] - 1),
            np.zeros(frames),
            np.zeros((frames, STEPS), dtype=np.intp),
            np.zeros((frames, STEPS)),
            np.zeros((frames, STEPS)),
        )

    def advance(self, band: int) -> None:
        """Draw all patterns up to the upper edge of ``band``."""
        rows = np.arange(self.place.shape[0])
        while rows.size:
            self._draw(rows, band)
            rows = rows[self.place[rows] < UPPER_EDGES[band]]

    def _draw(self, rows: NDArray[np.intp], band: int) -> None:
        """Draw one piece of the patterns ``rows``: flat where the band is as loud as what reaches it, else downhill."""
        place, height, main = self.place[rows], self.height[rows], self.main[rows, band]
        flat = height <= main
        lower = np.searchsorted(-LOUDNESS_RANGES, -main)
        steepness = np.where(height < main, lower, self.steepness[rows])
        slope = SLOPES[steepness, min(max(band - 1, 0), SLOPES.shape[1] - 1)]
        end = np.where(flat, main, np.maximum(LOUDNESS_RANGES[steepness], main))
        width = np.maximum(np.rint(10.0 * (height - end) / slope).astype(np.intp), 1)
        width = np.where(flat, UPPER_EDGES[band] - place, width)
        cut = place + width > UPPER_EDGES[band]
        width[cut] = UPPER_EDGES[band] - place[cut]
        end = np.where(cut, height - 0.1 * width * slope, end)
        begin = np.where(flat, main, height)
        first = np.maximum(place, 1) - 1  # the value at 0.1 Bark is the first one
        fall = np.where(flat, 0.0, 0.1 * slope)
        self.begins[rows, first] = first
        self.value[rows, first] = begin - (first + 1 - place) * fall
        self.fall[rows, first] = fall
        self.total[rows] += 0.05 * width * (begin + end)
        self.place[rows] = place + width
        self.height[rows] = end
        self.steepness[rows] = np.minimum(steepness + (end == LOUDNESS_RANGES[steepness]), LOUDNESS_RANGES.shape[0] - 1)

    def drawn(self) -> Floats:
        """Return specific loudness at every step ``[shape=(frames, 240)]``; never under zero, where slopes in whole steps overshoot."""
        begins = np.maximum.accumulate(self.begins, axis=1)
        value = np.take_along_axis(self.value, begins, axis=1)
        fallen = np.take_along_axis(self.fall, begins, axis=1) * (np.arange(STEPS) - begins)
        return np.maximum(value - fallen, 0.0)
