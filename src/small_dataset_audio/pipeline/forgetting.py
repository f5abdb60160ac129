"""Taking back what a stage made of a track, so that it is as if the stage had not run."""

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from small_dataset_audio.atomic import store_error, sync_folder
from small_dataset_audio.dataset.info import forget_stage, read_provenance
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.dataset.lock import track_lock
from small_dataset_audio.dataset.series import TIMESERIES
from small_dataset_audio.errors import UsageError
from small_dataset_audio.models.transcription.midi import is_ours_at
from small_dataset_audio.pipeline.stages import SIDECARS, STAGES
from small_dataset_audio.pipeline.steps.transcribe import MIDI

_ANALYZE: Final = "analyze"
_TRANSCRIBE: Final = "transcribe"
_WITH_AUDIO: Final = {
    "separate": "Stems are recordings: delete the files bass, drums, other and vocals where you do not want them.",
    "crop": "Crops are recordings: delete a track's folder crops where you do not want them, or make others with `sda crop --force`.",
}
"""Stages whose results are audio, which sda never deletes unasked -> what to do instead."""


@dataclass(frozen=True)
class Forgotten:
    """What was taken back of one track.

    Attributes:
        track: the track or crop.
        values: names of the values that were in its ``.INFO``.
        files: names of the files that were removed.
    """

    track: Track
    values: tuple[str, ...] = ()
    files: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return its JSON shape."""
        return {
            "track": self.track.name,
            "folder": str(self.track.folder),
            "values": list(self.values),
            "files": list(self.files),
        }


def forgettable() -> list[str]:
    """Return the names of the stages whose values can be taken back."""
    return [one.name for one in STAGES if one.records and one.name not in _WITH_AUDIO]


def require_forgettable(stage: str) -> None:
    """Raise an error if what ``stage`` makes cannot be taken back.

    Raises:
        UsageError: there is no such stage, or its results are recordings.
    """
    known = forgettable()
    if stage in known:
        return
    near = get_close_matches(stage, known, n=1)
    raise UsageError(
        f"What the stage {stage} makes cannot be forgotten."
        if stage in _WITH_AUDIO
        else f"There is no stage {stage!r} that leaves anything to forget.",
        "sda deletes no recordings." if stage in _WITH_AUDIO else f"These leave values: {', '.join(known)}.",
        _WITH_AUDIO.get(stage, f"Did you mean {near[0]}?" if near else f"Name one of {', '.join(known)}."),
    )


def forget(track: Track, stage: str) -> Forgotten | None:
    """Return what was taken back of a track; None where the stage left nothing there.

    The values go first, then the files, and the stage's record last: whatever happens meanwhile, ``.INFO`` does not say that the
    stage is done, and what was cut short is completed when it is asked for again.

    Args:
        track: the track, or a crop.
        stage: one that `require_forgettable` lets pass.

    Raises:
        UnreadableInfo: its ``.INFO`` is not the flat JSON it must be; nothing is changed then.
        StoreError: it cannot be written, or a file cannot be removed.
    """
    with track_lock(track.folder):
        if stage not in read_provenance(track.info).get("stages", {}):
            return None
        files = [path for path in _files(track, stage) if _is_there(path)]
        values = forget_stage(track.info, stage, finished=not files)
        for path in files:
            _remove(path)
        if files:
            forget_stage(track.info, stage)
    return Forgotten(track, tuple(values), tuple(path.name for path in files))


def _files(track: Track, stage: str) -> tuple[Path, ...]:
    """Return the files beside ``.INFO`` that a stage wrote; a MIDI file that was changed since is the user's."""
    if stage == _ANALYZE:
        return tuple(track.sidecar(suffix) for suffix in (*SIDECARS.values(), TIMESERIES))
    midi = track.folder / MIDI
    return (midi,) if stage == _TRANSCRIBE and is_ours_at(midi) else ()


def _is_there(path: Path) -> bool:
    try:
        path.lstat()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise store_error("read", path, error) from error
    return True


def _remove(path: Path) -> None:
    try:
        path.unlink()
        sync_folder(path.parent)
    except OSError as error:
        raise store_error("remove", path, error) from error
