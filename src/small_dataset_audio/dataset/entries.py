"""All that a library knows of its tracks, one entry at a time: what statistics, lint, export and report read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from small_dataset_audio.dataset.crops.places import crop_folders
from small_dataset_audio.dataset.info import read_info
from small_dataset_audio.dataset.layout import Track, list_tracks
from small_dataset_audio.dataset.provenance import RESERVED, StageRecord, stage_record
from small_dataset_audio.errors import SdaError


@dataclass(frozen=True)
class Entry:
    """What is known of one track or crop.

    Attributes:
        track: where it is.
        values: the pairs of its ``.INFO``, in their order, without the reserved one.
        provenance: the reserved one, ``_sda``.
        problem: why its ``.INFO`` could not be read, in which case there are neither values nor provenance.
    """

    track: Track
    values: Mapping[str, Any] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    problem: SdaError | None = None

    @property
    def name(self) -> str:
        """The name of the track or crop."""
        return self.track.name

    def number(self, name: str) -> float | None:
        """Return the value called ``name`` where it is a number, else None."""
        value = self.values.get(name)
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

    def stage(self, name: str) -> StageRecord | None:
        """Return what the stage called ``name`` recorded; None where it has not run on this track."""
        return stage_record(self.provenance, name)

    def why_absent(self, name: str) -> str | None:
        """Return the reason that a stage gave for not measuring ``name``; None where none did."""
        records = self.provenance.get("stages", {}).values()
        reasons = (record.get("absent", {}).get(name) for record in records)
        return next((reason for reason in reasons if isinstance(reason, str)), None)


def entries(library: Path, *, crops: bool = False) -> Iterator[Entry]:
    """Yield the entries of the tracks of a library, or of their crops, in the order of their names.

    Raises:
        StoreError: the library cannot be read.
    """
    for track in list_tracks(library):
        yield from map(entry_of, crop_folders(track)) if crops else (entry_of(track),)


def entry_of(track: Track) -> Entry:
    """Return what is known of ``track``; an entry with a problem where its ``.INFO`` cannot be read."""
    try:
        values = read_info(track.info)
    except SdaError as error:
        return Entry(track, problem=error)
    provenance = values.pop(RESERVED, {})
    return Entry(track, values, provenance)
