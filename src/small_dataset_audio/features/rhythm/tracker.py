"""Beats and downbeats of a piece, or the honest answer that there are none."""

from dataclasses import dataclass

import numpy as np

from small_dataset_audio.audio.spool import folder_of
from small_dataset_audio.features.measured import Times
from small_dataset_audio.features.rhythm.accents import STRONGEST, accents, strengths
from small_dataset_audio.features.rhythm.bars import bar_lines, find_bars
from small_dataset_audio.features.rhythm.clarity import clarity
from small_dataset_audio.features.rhythm.level import choose
from small_dataset_audio.features.rhythm.lines import Curve, looked_up, mapped
from small_dataset_audio.features.rhythm.onsets import LATENCY, Onsets, refine
from small_dataset_audio.features.rhythm.pulse import decode
from small_dataset_audio.features.rhythm.spectrum import FRAME_RATE, Curves

SHORTEST_SECONDS = 3.0
"""Under this length there is no telling a pulse from a coincidence."""
SNAP_FRAMES = 3
"""A beat moves to the largest accent within this many frames (30 ms)."""
BEAT_LATENCY = -0.001
"""As `onsets.LATENCY`, for accents, which peak a little earlier: clicks come 5 ms early, annotated beats 3 ms late."""
EDGE_SECONDS = 0.07
"""Beats outside the first and last onset by more than this are extrapolation, not measurement."""


@dataclass(frozen=True)
class Beats:
    """What was tracked.

    Attributes:
        times: beats in seconds, ascending ``[shape=(n,)]``.
        downbeats: first beats of the bars in seconds; a subset of `times`.
        clarity: how clearly there is a pulse, 0..1.
        certainty: how sure the choice of beats among the multiples of the pulse is, 0..1.
        tempo_certainty: the same of the tempo alone, on the beat or off it.
    """

    times: Times
    downbeats: Times
    clarity: float
    certainty: float
    tempo_certainty: float


NONE = Beats(np.empty(0), np.empty(0), 0.0, 0.0, 0.0)
"""No beats."""


def snap(frames: Curve, curve: Curve) -> Curve:
    """Return ``frames`` moved to the top of the nearest accent in ``curve``, to a fraction of a frame."""
    rounded = np.round(frames).astype(np.intp)
    around = rounded[:, np.newaxis] + np.arange(-SNAP_FRAMES, SNAP_FRAMES + 1)
    near = looked_up(curve, around.clip(0, curve.shape[0] - 1))
    tops = rounded + near.argmax(axis=1) - SNAP_FRAMES
    inside = (np.abs(tops - rounded) < SNAP_FRAMES) & (tops > 0) & (tops < curve.shape[0] - 1)
    return np.where(inside, refine(curve, tops.clip(0, curve.shape[0] - 1)), frames)


def track(curves: Curves, onsets: Onsets) -> Beats:
    """Return the beats; `NONE` where the piece is too short or has no pulse."""
    if curves.seconds < SHORTEST_SECONDS or onsets.times.size < 2:  # noqa: PLR2004 - two events are the least that could repeat
        return NONE
    accented = accents(curves)
    pulse = decode(mapped(lambda block: np.minimum(block, STRONGEST), accented), folder_of(curves.top))
    clear = clarity(pulse, (onsets.times + LATENCY) * FRAME_RATE)
    if clear == 0.0:
        return NONE
    weighed = strengths(curves)
    level = choose(pulse.frames, weighed, onsets.times.size / curves.seconds)
    if level is None:
        return NONE
    times = snap(level.frames, accented) / FRAME_RATE - BEAT_LATENCY
    heard = (times >= onsets.times[0] - EDGE_SECONDS) & (times <= onsets.times[-1] + EDGE_SECONDS)
    bars = find_bars(level.frames[heard], weighed)
    times = np.maximum(times[heard], 0.0)
    downbeats = np.empty(0) if bars is None else times[bar_lines(bars)]
    return Beats(times, downbeats, clear, level.probability, level.tempo_probability)
