"""Harmonic change: how far the pitch content of a stem moves from one short step to the next."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.features.harmonic.constantq import BLOCK, Resolution, octaves_of, pitch_classes, powers_at
from small_dataset_audio.features.harmonic.pitchband import PITCH_RATE, SILENT_POWER, Band, mean_square
from small_dataset_audio.features.measured import Times

RESOLUTION: Final = Resolution(per_semitone=1, q=25.0)
"""Short windows, for quick changes: 0.3 s at 82 Hz, where the next semitone is still 15 dB down."""
STEPS_PER_BEAT: Final = 8
"""A beat is a quarter note: an eighth of it is a 32nd note."""
STEP: Final = 0.1
"""Seconds per step where there is no tempo."""


def steps(seconds: float, beats: Times | None, bpm: float | None) -> NDArray[np.float64]:
    """Return the edges of the steps in seconds, from 0 to at most ``seconds``, ascending ``[shape=(steps + 1,)]``.

    With beats, each is divided into `STEPS_PER_BEAT`, and their median distance goes on before the first and after the last. With
    a tempo only, the steps begin at 0. With neither, each lasts `STEP`.
    """
    if beats is not None and beats.shape[0] > 1:
        places = np.arange((beats.shape[0] - 1) * STEPS_PER_BEAT + 1) / STEPS_PER_BEAT
        inside = np.interp(places, np.arange(beats.shape[0]), beats)
        step = float(np.median(np.diff(beats))) / STEPS_PER_BEAT
        before = inside[0] - step * np.arange(int(inside[0] / step), 0, -1)
        after = inside[-1] + step * np.arange(1, max(0, int((seconds - inside[-1]) / step)) + 1)
        edges = np.concatenate([before, inside, after])
        return np.asarray(edges[(edges >= 0.0) & (edges <= seconds)], dtype=np.float64)
    step = 60.0 / bpm / STEPS_PER_BEAT if bpm else STEP
    return np.asarray(np.arange(int(seconds / step) + 1) * step, dtype=np.float64)


def movement_and_variance(band: Band, tuning: float, edges: NDArray[np.float64]) -> tuple[float, float] | None:
    """Return mean and standard deviation of the cosine distance from each step's chroma to the next's, both 0 to 1.

    The chroma is taken at the middle of each step. Silent steps are left out, and so is the way into and out of them.
    None where no two successive steps sound.

    Args:
        band: from `pitch_band`.
        tuning: where A4 lies, in cents from 440 Hz.
        edges: from `steps`.
    """
    middles = (edges[:-1] + edges[1:]) / 2.0
    chroma = np.empty((middles.shape[0], 12))
    octaves = octaves_of(band)
    for first in range(0, middles.shape[0], BLOCK):
        at = slice(first, first + BLOCK)
        chroma[at] = pitch_classes(powers_at(octaves, RESOLUTION, tuning, middles[at]))
    length = np.linalg.norm(chroma, axis=1)
    sounding = (mean_square(band, np.rint(edges * PITCH_RATE).astype(np.int64)) > SILENT_POWER) & (length > 0.0)
    chroma /= np.where(sounding, length, 1.0)[:, np.newaxis]
    distance = 1.0 - np.einsum("ij,ij->i", chroma[:-1], chroma[1:])
    distance = np.clip(distance[sounding[:-1] & sounding[1:]], 0.0, 1.0)
    return (float(distance.mean()), float(distance.std())) if distance.size else None
