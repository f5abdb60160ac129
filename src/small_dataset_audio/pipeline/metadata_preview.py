"""What the stage metadata would change, shown without changing it: for tracks, and for recordings that are in no library."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from small_dataset_audio.audio.probe import probe
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.dataset.metadata.collect import Collector
from small_dataset_audio.dataset.metadata.renaming import Renaming, renaming_of
from small_dataset_audio.pipeline.steps.metadata import look_up


@dataclass(frozen=True)
class Change:
    """One value.

    Attributes:
        before: what ``.INFO`` holds; None where it holds nothing.
        after: what it would hold; None where the value would be removed.
    """

    before: Any
    after: Any


@dataclass(frozen=True)
class Preview:
    """What would become of a track.

    Attributes:
        track: the track.
        changes: key -> what it is and would be.
        absent: keys that are not known, with the reason.
        kept: keys that the user wrote, which stay.
        notes: where values come from, and how well what services offered fits.
        warnings: sentences for the user.
        renaming: how its folder would be renamed; None where it would not.
    """

    track: Track
    changes: Mapping[str, Change] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)
    kept: tuple[str, ...] = ()
    notes: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    renaming: Renaming | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return its JSON shape."""
        return {
            "track": self.track.name,
            "changes": {key: {"before": one.before, "after": one.after} for key, one in self.changes.items()},
            "absent": dict(self.absent),
            "kept": list(self.kept),
            "notes": dict(self.notes),
            "warnings": list(self.warnings),
            "new_name": self.renaming.name if self.renaming is not None else None,
        }


@dataclass(frozen=True)
class FileMetadata:
    """What is known of a recording that is in no library.

    Attributes:
        file: the recording.
        values: key -> value.
        absent: the other keys, with the reason.
        notes: where values come from.
        warnings: sentences for the user.
    """

    file: Path
    values: Mapping[str, Any]
    absent: Mapping[str, str]
    notes: Mapping[str, Any]
    warnings: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return its JSON shape."""
        return {
            "file": str(self.file),
            "values": dict(self.values),
            "absent": dict(self.absent),
            "notes": dict(self.notes),
            "warnings": list(self.warnings),
        }


def preview(track: Track, collector: Collector, *, looks: bool, fresh: bool, renames: bool) -> Preview:
    """Return what would become of a track.

    Args:
        track: the track.
        collector: looks it up.
        looks: whether the stage would run on it.
        fresh: whether services would be asked again.
        renames: whether its folder may be renamed.

    Raises:
        SdaError: it cannot be read.
    """
    renaming = renaming_of(track) if renames else None
    if not looks:
        return Preview(track, renaming=renaming)
    seen = look_up(track, collector, fresh=fresh)
    after = {**dict.fromkeys(seen.stale), **seen.values}
    changes = {
        key: Change(seen.before.get(key), value) for key, value in after.items() if seen.before.get(key) != value
    }
    return Preview(
        track,
        changes,
        seen.absent,
        seen.kept,
        seen.notes,
        seen.found.warnings,
        renaming,
    )


def file_metadata(file: Path, collector: Collector, *, fresh: bool) -> FileMetadata:
    """Return what is known of a recording that is in no library. Nothing is written.

    Raises:
        SdaError: it cannot be read, or is no recording.
    """
    probe(file)
    found = collector.collect(file, file.stem, fresh=fresh)
    return FileMetadata(file, found.values, found.absent, found.notes, found.warnings)
