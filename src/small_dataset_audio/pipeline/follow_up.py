"""What becomes of crops: the stages that are measured on a crop itself, in the same run and later."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from small_dataset_audio.config.model import Settings
from small_dataset_audio.dataset.crops.inherit import ANALYZE, BEATS, DOWNBEATS, TEMPO, TIMES, known_times
from small_dataset_audio.dataset.crops.origin import STAGE, Origin, read_origin
from small_dataset_audio.dataset.crops.places import is_crop
from small_dataset_audio.dataset.info import read_info
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.dataset.provenance import RESERVED
from small_dataset_audio.features.sound import GivenBeats
from small_dataset_audio.pipeline.stage import Outcome, Stage

_ALWAYS: Final = frozenset({ANALYZE})
_WHERE_ASKED: Final = frozenset({"aesthetics"})
"""Stages that also go over crops where they are part of the run."""


def stages_of_crops(every: Sequence[Stage], chosen: Sequence[Stage], settings: Settings) -> tuple[Stage, ...]:
    """Return the stages that crops go through in a run of the stages ``chosen``; none where it does not make crops.

    Args:
        every: the stages that exist, in order.
        chosen: those of the run.
        settings: a stage that they skip, or that cannot be run here, is left out.
    """
    names = {one.name for one in chosen}
    if STAGE not in names:
        return ()
    wanted = (_ALWAYS - set(settings.pipeline.skip)) | (_WHERE_ASKED & names)
    return tuple(one for one in every if one.name in wanted and one.obstacle(settings) is None)


def beats_of_crop(track: Track) -> GivenBeats | None:
    """Return the beats that a crop has from its track; None where it has none from there, and for a track."""
    if not is_crop(track) or (origin := read_origin(track)) is None or not origin.timed:
        return None
    times, none = known_times(track), np.empty(0)
    return GivenBeats(times.get(BEATS, none), times.get(DOWNBEATS, none))


def fit_for(track: Track, outcome: Outcome) -> Outcome:
    """Return what of a stage's outcome is kept: of a crop not what it has from its track, of a track everything."""
    if not is_crop(track) or (origin := read_origin(track)) is None:
        return outcome
    given = _given(track, origin)
    return replace(
        outcome,
        values={name: value for name, value in outcome.values.items() if name not in given},
        absent={name: why for name, why in outcome.absent.items() if name not in given},
        times={suffix: times for suffix, times in outcome.times.items() if not (origin.timed and suffix in TIMES)},
    )


def _given(track: Track, origin: Origin) -> set[str]:
    """Return the names of the values that a crop has from its track, or that its track knows to be absent."""
    record = read_info(track.info).get(RESERVED, {}).get("stages", {}).get(STAGE, {})
    return {*record.get("made", []), *(TEMPO if origin.timed else ())}
