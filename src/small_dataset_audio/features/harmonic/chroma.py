"""Chroma: how strongly each pitch class sounds in the sustained part of the music."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.features.harmonic.constantq import (
    BLOCK,
    GRID,
    Powers,
    Resolution,
    grid_frames,
    mean_powers,
    octaves_of,
    pitch_classes,
)
from small_dataset_audio.features.harmonic.pitchband import SILENT_POWER, Band, mean_square

RESOLUTION: Final = Resolution(per_semitone=3, q=1.0 / (2.0 ** (1.0 / 36.0) - 1.0))
"""36 bins per octave, each as wide as the distance to the next (Brown 1991)."""
SUSTAIN: Final = 9
"""Frames (0.84 s) of the median over time, in which a hit disappears."""
BREADTH: Final = 25
"""Bins (8 semitones) of the median over pitch, in which a note disappears."""


def running_median(rows: NDArray[np.float32], length: int) -> NDArray[np.float32]:
    """Return the median of ``length`` (odd) neighbours along each row, the ends repeated ``[shape=rows.shape]``."""
    from scipy.ndimage import median_filter  # noqa: PLC0415 - half a second that looking a stage up must not cost

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


def frame_chroma(band: Band, tuning: float) -> NDArray[np.float64]:
    """Return the chroma of each `GRID` samples, C first, the largest 1 ``[shape=(frames, 12)]``; 0 where nothing sounds.

    Each frame's pitch-class amplitudes are divided by their largest: every moment counts the same, however loud.

    Args:
        band: from `pitch_band`.
        tuning: where A4 lies, in cents from 440 Hz.
    """
    octaves = octaves_of(band)
    frames = grid_frames(band)
    chroma = np.empty((frames, 12))
    for first in range(0, frames, BLOCK):
        stop = min(first + BLOCK, frames)
        heard = range(max(first - SUSTAIN // 2, 0), min(stop + SUSTAIN // 2, frames))
        powers = harmonic_part(mean_powers(octaves, RESOLUTION, tuning, heard))
        chroma[first:stop] = pitch_classes(powers[first - heard.start : stop - heard.start])
    chroma[mean_square(band, np.arange(frames + 1) * GRID) <= SILENT_POWER] = 0.0
    largest = chroma.max(axis=1, initial=0.0)
    chroma[largest > 0.0] /= largest[largest > 0.0, np.newaxis]
    return chroma


def mean_chroma(frames: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return the mean of those of ``frames`` (from `frame_chroma`) that sound, the largest 1 ``[shape=(12,)]``; None without."""
    frames = frames[frames.any(axis=1)]
    if not frames.shape[0]:
        return None
    mean = frames.mean(axis=0)
    return np.asarray(mean / mean.max())
