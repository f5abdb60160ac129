"""How loudly a drum was struck, as a MIDI velocity.

A network's output says how likely a stroke is, not how loud, so velocities are measured in the sound: the rise of the
level in the drum's own frequencies (`hits.Drum`), from just before the stroke to its loudest moment. The loudest strokes
of a drum get `LOUDEST`; the others follow as General MIDI instruments play them, 40 * log10(velocity / 127) dB.

Source: "Downloadable Sounds Level 1" (RP-016), 2.8: velocity to attenuation.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.models.transcription.frames import Bands, centres
from small_dataset_audio.models.transcription.hits import Drum, Velocities

LOUDEST: Final = 120
"""The velocity of the loudest strokes: a little room is left for a single one that is louder still."""
LOUD_PERCENTILE: Final = 90.0
"""Which of a drum's strokes count as its loudest."""
SOFTEST: Final = 10
"""Softer strokes than this (43 dB under the loudest) would not be heard from most instruments."""
HIGHEST: Final = 127
_BEFORE, _AFTER = (-4, -1), (0, 4)
"""Frames around a stroke: a frame reaches 23 ms to either side, so the stroke is in none before -2, and 30 ms after it
every drum has had its loudest moment."""

_TINY: Final = float(np.finfo(np.float32).tiny)

Levels = NDArray[np.float32]
"""Root of the energy in each drum's frequencies ``[shape=(frames, drums)]``."""


def levels(bands: Bands, drums: Sequence[Drum]) -> Levels:
    """Return the level of a spectrogram in the frequencies of each drum ``[shape=(frames, len(drums))]``."""
    frequencies = centres()
    magnitudes = 10.0**bands - 1.0
    columns = []
    for drum in drums:
        inside = (frequencies >= drum.low_hz) & (frequencies < drum.high_hz)
        columns.append(np.sqrt((magnitudes[:, inside] ** 2).mean(axis=1)))
    return np.stack(columns, axis=1).astype(np.float32)


def rise_at(level: NDArray[np.float32], frames: NDArray[np.intp]) -> NDArray[np.float32]:
    """Return how far one drum's ``level`` ``[shape=(n,)]`` rises at the strokes ``frames`` ``[shape=(strokes,)]``."""
    before = _around(level, frames, _BEFORE).min(axis=1)
    return np.asarray(np.maximum(_around(level, frames, _AFTER).max(axis=1) - before, _TINY), dtype=np.float32)


def velocities(level: NDArray[np.float32], frames: NDArray[np.intp]) -> Velocities:
    """Return the velocities of the strokes at ``frames``, given one drum's ``level`` ``[shape=(n,)]``."""
    if not frames.size:
        return np.empty(0, dtype=np.int64)
    rise = rise_at(level, frames)
    loudest = float(np.percentile(rise, LOUD_PERCENTILE))
    wanted = np.round(LOUDEST * np.sqrt(rise / loudest))
    return np.asarray(np.clip(wanted, SOFTEST, HIGHEST), dtype=np.int64)


def _around(level: NDArray[np.float32], frames: NDArray[np.intp], span: tuple[int, int]) -> NDArray[np.float32]:
    """Return the level in the frames of ``span`` around each of ``frames``; the ends count on beyond themselves."""
    index = frames[:, np.newaxis] + np.arange(span[0], span[1] + 1)
    return np.asarray(level[index.clip(0, level.shape[0] - 1)])
