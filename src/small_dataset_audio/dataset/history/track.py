"""The history of one track: for every value in its ``.INFO`` who wrote it, when, and with what."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from small_dataset_audio.dataset.crops.origin import STAGE as CROP
from small_dataset_audio.dataset.crops.places import is_crop, owner
from small_dataset_audio.dataset.entries import Entry, entry_of
from small_dataset_audio.dataset.history.runs import LoggedStep, later_failure, made_by
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.dataset.provenance import StageRecord

ORGANIZE = "organize"
"""The stage that takes recordings in; it leaves no record of its own, but says where the recording comes from."""
Logged = Callable[[str, str], Sequence[LoggedStep]]
"""Returns what the logs say of a track's stage, in order of time; asked with the names of both."""


@dataclass(frozen=True)
class StageHistory:
    """What one stage left in a track.

    Attributes:
        record: what it recorded.
        made: the values that it made and that are still there.
        gone: those that somebody removed since.
        run: the step that did it; None where no log tells of it.
        failure: a later attempt that failed; None where there was none.
        stale: it worked on another recording than the one that is there now.
    """

    record: StageRecord
    made: tuple[str, ...]
    gone: tuple[str, ...] = ()
    run: LoggedStep | None = None
    failure: LoggedStep | None = None
    stale: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return its JSON shape."""
        record = self.record
        shape: dict[str, Any] = {
            "stage": record.name,
            "version": record.version,
            "settings_hash": record.settings_hash,
            "audio_sha256": record.audio_sha256,
            "stale": self.stale,
            "seconds": record.seconds,
        }
        if record.model_sha256 is not None:
            shape["model_sha256"] = record.model_sha256
        shape |= {"inputs": dict(record.inputs), "notes": dict(record.notes)}
        shape |= {"made": list(self.made), "gone": list(self.gone), "absent": dict(record.absent)}
        if self.run is not None:
            shape["run"] = self.run.as_dict()
        if self.failure is not None:
            shape["failure"] = _failed(self.failure)
        return shape


@dataclass(frozen=True)
class TrackHistory:
    """Where all that is known of a track comes from.

    Attributes:
        entry: what is known of it.
        stages: what each stage left, in the order in which the stages first ran.
        taken_in: the step that took the recording in; None where no log tells of it.
        failures: stage -> its last attempt, of stages that failed and left nothing.
        unclear: stages whose record is not as sda writes it.
        by_others: values that no stage made: the user or another program wrote them.
        notes: what could not be found out, as sentences.
    """

    entry: Entry
    stages: tuple[StageHistory, ...]
    taken_in: LoggedStep | None = None
    failures: Mapping[str, LoggedStep] = field(default_factory=dict)
    unclear: tuple[str, ...] = ()
    by_others: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON shape of ``sda history``."""
        track, provenance = self.entry.track, self.entry.provenance
        makers = {name: stage.record.name for stage in self.stages for name in stage.made}
        shape: dict[str, Any] = {"track": track.name, "folder": str(track.folder)}
        for name in ("source", "audio", CROP):
            if isinstance(provenance.get(name), dict):
                shape[name] = provenance[name]
        if self.taken_in is not None:
            shape["taken_in"] = self.taken_in.as_dict()
        return {
            **shape,
            "stages": [stage.as_dict() for stage in self.stages],
            "failures": [{"stage": name, **_failed(step)} for name, step in self.failures.items()],
            "unclear": list(self.unclear),
            "values": {name: makers.get(name) for name in self.entry.values},
            "notes": list(self.notes),
        }


def history_of(track: Track, logged: Logged, stages: Sequence[str] = (), notes: Sequence[str] = ()) -> TrackHistory:
    """Return where all that is known of a track comes from.

    Args:
        track: the track, or a crop.
        logged: what the run logs tell.
        stages: the stages there are, so that those that failed and left nothing are told as well.
        notes: what the logs could not tell, as sentences.

    Raises:
        UnreadableInfo: its ``.INFO`` is not the flat JSON it must be.
        StoreError: that cannot be read.
    """
    entry = entry_of(track)
    if entry.problem is not None:
        raise entry.problem
    library = owner(track).folder.parent
    recorded = entry.provenance.get("stages", {})
    records = {name: entry.stage(name) for name in recorded}
    found = tuple(_stage(entry, record, logged, library) for record in records.values() if record is not None)
    made = {name for stage in found for name in stage.made} | _claimed(recorded, records)
    taken_in = [step for step in logged(track.name, ORGANIZE) if step.library == library and not step.failure]
    failures = {name: later_failure(None, logged(track.name, name), library) for name in stages if name not in recorded}
    return TrackHistory(
        entry,
        found,
        taken_in[-1] if taken_in else None,
        {name: step for name, step in failures.items() if step is not None},
        tuple(name for name, record in records.items() if record is None),
        tuple(name for name in entry.values if name not in made),
        tuple(notes),
    )


def _stage(entry: Entry, record: StageRecord, logged: Logged, library: Path) -> StageHistory:
    made = [name for name in entry.provenance["stages"][record.name].get("made", []) if isinstance(name, str)]
    # A crop is cut, and takes its values over, in the step of its track.
    name = owner(entry.track).name if record.name == CROP and is_crop(entry.track) else entry.name
    steps = logged(name, record.name)
    run = made_by(record, steps, library)
    audio = entry.provenance.get("audio", {}).get("sha256")
    return StageHistory(
        record,
        tuple(one for one in made if one in entry.values),
        tuple(one for one in made if one not in entry.values),
        run,
        later_failure(run, steps, library),
        audio is not None and audio != record.audio_sha256,
    )


def _claimed(recorded: Mapping[str, Any], records: Mapping[str, StageRecord | None]) -> set[str]:
    """Return the values that stages made whose record cannot be understood."""
    return {made for name, record in records.items() if record is None for made in recorded[name].get("made", [])}


def _failed(step: LoggedStep) -> dict[str, Any]:
    return {**step.as_dict(), "what": step.failure}
