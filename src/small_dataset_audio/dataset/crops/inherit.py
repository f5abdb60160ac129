"""What a crop takes over from its track: labels, captions, metadata and tempo, and those beats and onsets that lie in it."""

from collections.abc import Collection, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.atomic import store_error
from small_dataset_audio.dataset.crops.plan import LOOP_SECONDS, REACH_SECONDS, Span
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.dataset.provenance import RESERVED
from small_dataset_audio.dataset.times import read_times

POSITION: Final = "position_in_file"
TEMPO: Final = ("bpm", "bpm_is_defined")
"""What analyze measures and a crop inherits all the same."""
BEATS: Final = "BEATS_GRID"
DOWNBEATS: Final = "DOWNBEATS"
ONSETS: Final = "ONSETS"
TIMES: Final = (BEATS, DOWNBEATS, ONSETS)
"""The suffixes of the files that are sliced."""
ANALYZE: Final = "analyze"
_OWN: Final = frozenset({ANALYZE, "aesthetics", "transcribe"})
"""Stages that tell something of the very sound they heard."""
_BEFORE: Final = REACH_SECONDS + 2 * LOOP_SECONDS
"""A beat so little before a crop belongs to it: the crop was cut at the zero crossing behind that beat."""

Times = NDArray[np.float64]


def inherited(info: Mapping[str, Any], measured: Collection[str]) -> dict[str, Any]:
    """Return what of a track's values its crops take over: all that nobody measures on a crop itself.

    Args:
        info: the track's values, with their provenance.
        measured: names of values that are measured on the sound, whoever wrote them here.
    """
    stages = info.get(RESERVED, {}).get("stages", {})
    own = {RESERVED, POSITION}.union(*(stages.get(stage, {}).get("made", []) for stage in _OWN))
    return {
        name: value for name, value in info.items() if name in TEMPO or (name not in measured and name not in own)
    }  # fmt: skip


def was_analyzed(track: Track, info: Mapping[str, Any]) -> bool:
    """Return whether a track's beats and onsets are known, even if it has none."""
    analyzed = ANALYZE in info.get(RESERVED, {}).get("stages", {})
    return analyzed or any(track.sidecar(suffix).exists() for suffix in TIMES)


def known_times(track: Track) -> dict[str, Times]:
    """Return suffix -> seconds, of the times files that a track has.

    Raises:
        StoreError: one cannot be read, or is no list of times.
    """
    found = {}
    for suffix in TIMES:
        path = track.sidecar(suffix)
        try:
            there = path.exists()
        except OSError as error:
            raise store_error("read", path, error) from error
        if there:
            found[suffix] = read_times(path)
    return found


def sliced(times: Mapping[str, Times], span: Span, rate: int) -> dict[str, Times]:
    """Return suffix -> seconds from the start of the crop, of those times that lie in it.

    Where a crop was cut a little behind its downbeat, that beat is at 0. None belongs to two crops that follow each other.
    """
    start, stop = span.start / rate, span.stop / rate
    cut = {}
    for suffix, seconds in times.items():
        before = 0.0 if suffix == ONSETS else _BEFORE
        inside = seconds[(seconds >= start - before) & (seconds < stop - before)]
        cut[suffix] = np.clip(inside - start, 0.0, stop - start)
    return cut
