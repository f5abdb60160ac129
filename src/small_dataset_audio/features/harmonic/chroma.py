"""Chroma: how strongly each pitch class sounds in the sustained part of the music."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from small_dataset_audio.features.harmonic.constantq import GRID, Powers, Resolution, mean_powers, pitch_classes
from small_dataset_audio.features.harmonic.pitchband import SILENT_POWER, Band, mean_square

RESOLUTION: Final = Resolution(per_semitone=3, q=1.0 / (2.0 ** (1.0 / 36.0) - 1.0))
"""36 bins per octave, each as wide as the distance to the next (Brown 1991)."""
SUSTAIN: Final = 9
"""Frames (0.84 s) of the median over time, in which a hit disappears."""
BREADTH: Final = 25
"""Bins (8 semitones) of the median over pitch, in which a note disappears."""


def running_median(rows: NDArray[np.float32], length: int) -> NDArray[np.float32]:
    """Return the median of ``length`` (odd) neighbours along each row, the ends repeated ``[shape=rows.shape]``."""
    reach = length // 2
    padded = np.pad(rows, ((0, 0), (reach, reach)), mode="edge")
    # one long row: the one-dimensional filter is many times faster, and the padding keeps the rows apart
    smooth = median_filter(padded.ravel(), length, mode="nearest").reshape(padded.shape)
    return np.asarray(smooth[:, reach:-reach])


def harmonic_part(powers: Powers) -> Powers:
    """Return the sustained part of ``powers``, without drums and other short broad sounds.

    Median filtering over time keeps notes, over pitch keeps hits; the mask is the Wiener gain of the two (Fitzgerald,
    "Harmonic/percussive separation using median filtering", DAFx 2010, here on constant-Q bins).
    """
    notes = running_median(np.ascontiguousarray(powers.T), SUSTAIN).T
    hits = running_median(powers, BREADTH)
    return np.asarray(powers * (notes / np.maximum(notes + hits, np.finfo(np.float32).tiny)))


def chroma_of(band: Band, tuning: float) -> NDArray[np.float64] | None:
    """Return the mean chroma of the sounding frames, C first, the largest 1 ``[shape=(12,)]``; None where nothing sounds.

    Each sounding frame's pitch-class amplitudes are divided by their largest before the mean: every moment counts the same,
    however loud.

    Args:
        band: from `pitch_band`, at least one sample.
        tuning: where A4 lies, in cents from 440 Hz.
    """
    powers = harmonic_part(mean_powers(band, RESOLUTION, tuning))
    sounding = mean_square(band, np.arange(powers.shape[0] + 1) * GRID) > SILENT_POWER
    frames = pitch_classes(powers[sounding]).astype(np.float64)
    largest = frames.max(axis=1, initial=0.0)
    frames = frames[largest > 0.0] / largest[largest > 0.0, np.newaxis]
    if not frames.shape[0]:
        return None
    mean = frames.mean(axis=0)
    return np.asarray(mean / mean.max())
