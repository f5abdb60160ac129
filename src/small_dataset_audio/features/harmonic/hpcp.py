"""Harmonic pitch class profile: how strongly each pitch class sounds, told from spectral peaks and what they may be harmonics of.

Source: Gómez, "Tonal description of music audio signals", PhD thesis, Universitat Pompeu Fabra (2006), chapter 3, with
one change: peaks count by amplitude, not by power, so that soft notes are not drowned by loud ones.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.audio.spool import blocks
from small_dataset_audio.features.harmonic.peaks import CELLS, CENTS

HARMONICS: Final = 8
"""A peak counts for each note of which it may be the harmonic 1 to 8."""
DECAY: Final = 0.6
"""Weight of each harmonic relative to the one before (Gómez 2006)."""
WINDOW: Final = 4.0 / 3.0
"""Width in semitones of the cosine weighting around a pitch class (Gómez 2006)."""
BLOCK: Final = 4096
"""Frames read at a time."""

Profile = NDArray[np.float64]
"""Strength of each pitch class, C first ``[shape=(12,)]``."""


def spreading(tuning: float, harmonics: int = HARMONICS) -> NDArray[np.float64]:
    """Return how much a peak in each cell of the octave adds to each pitch class ``[shape=(CELLS, 12)]``.

    The weight is cos² of the distance from the pitch class, 0 from half of `WINDOW` on, times `DECAY` to the power h - 1,
    summed over the harmonics h.

    Args:
        tuning: where A4 lies, in cents from 440 Hz.
        harmonics: how many.
    """
    cells = np.arange(CELLS)[:, np.newaxis, np.newaxis] * (12.0 / CELLS) - tuning / CENTS
    harmonic = np.arange(1, harmonics + 1)[np.newaxis, :, np.newaxis]
    away = (cells - 12.0 * np.log2(harmonic) - np.arange(12) + 6.0) % 12.0 - 6.0
    weight = np.where(np.abs(away) < WINDOW / 2.0, np.cos(np.pi * away / WINDOW) ** 2, 0.0)
    return np.asarray((weight * DECAY ** (harmonic - 1)).sum(axis=1))


def frame_profiles(octave: NDArray[np.float32], tuning: float) -> NDArray[np.float64]:
    """Return the profile of each frame, its largest value 1 ``[shape=(frames, 12)]``.

    Args:
        octave: `Peaks.octave` or `Peaks.register`.
        tuning: where A4 lies, in cents from 440 Hz.
    """
    weights = spreading(tuning)
    profiles = np.empty((octave.shape[0], 12))
    for first, block in blocks(octave, BLOCK, axis=0):
        np.matmul(block, weights, out=profiles[first : first + block.shape[0]])
    return np.asarray(profiles / profiles.max(axis=1, keepdims=True))


def mean_profile(profiles: NDArray[np.float64]) -> Profile:
    """Return the mean of ``profiles`` (at least one), its largest value 1: every frame counts the same, however loud."""
    mean = profiles.mean(axis=0)
    return np.asarray(mean / mean.max())
