"""Libraries whose statistics are known, as entries in memory or as folders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from small_dataset_audio.dataset.declared import Declared
from small_dataset_audio.dataset.entries import Entry
from small_dataset_audio.dataset.info import StageRecord, safe_update
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.dataset.statistics.numbers import NumberSummary, summarise_number
from small_dataset_audio.dataset.statistics.table import Table

LIBRARY = Path("/music/library")


@dataclass(frozen=True)
class Number:
    """A declaration, 0 to 1 unless it says otherwise."""

    name: str
    unit: str = "1"
    low: float = 0.0
    high: float = 1.0
    kind: Literal["float", "int", "flag"] = "float"
    group: str = "timbre"
    stage: str = "analyze"
    meaning: str = "A number of a test."


def declaring(*numbers: Number) -> dict[str, Declared]:
    """Return name -> declaration."""
    return {number.name: number for number in numbers}


def entry(name: str, values: Mapping[str, Any], stages: Mapping[str, Any] | None = None) -> Entry:
    """Return an entry in memory."""
    return Entry(Track(LIBRARY / name), values, {"format": 1, "stages": dict(stages or {})})


def table_of(
    columns: Mapping[str, Sequence[float | None]],
    declared: Mapping[str, Declared] | None = None,
    *,
    crops: bool = False,
) -> Table:
    """Return the tables of tracks ``t00``, ``t01`` and so on; None where a number is absent."""
    tracks = max(map(len, columns.values()), default=0)
    rows = [{name: column[i] for name, column in columns.items() if column[i] is not None} for i in range(tracks)]
    known = declared if declared is not None else declaring(*map(Number, columns))
    found = [entry(f"t{i:02}", row, {"analyze": {}}) for i, row in enumerate(rows)]
    return Table.of(LIBRARY, known, crops=crops, entries=found)


def summaries(table: Table, declared: Mapping[str, Declared] | None = None) -> dict[str, NumberSummary]:
    """Return name -> summary of every number of a table; all are declared unless it is said which are."""
    known = declared if declared is not None else declaring(*(Number(str(name)) for name in table.numbers.columns))
    return {
        str(name): summarise_number(table.numbers[name], known.get(str(name)), table.absent.get(str(name), {}), top=3)
        for name in table.numbers.columns
    }


def written(
    library: Path,
    name: str,
    values: Mapping[str, Any],
    *,
    stage: str = "analyze",
    **record: Any,  # noqa: ANN401
) -> Track:
    """Return a track folder with an ``.INFO`` in which ``stage`` made ``values``."""
    track = Track(library / name)
    track.folder.mkdir(parents=True, exist_ok=True)
    facts: dict[str, Any] = {"version": 2, "settings_hash": "5e77", "audio_sha256": "a" * 64, "seconds": 1.5} | record
    safe_update(track.info, values, stage=StageRecord(stage, **facts))
    return track
