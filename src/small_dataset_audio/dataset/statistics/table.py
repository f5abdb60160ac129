"""The values of a library as tables: what all statistics are computed from."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from small_dataset_audio.dataset.crops.places import owner
from small_dataset_audio.dataset.declared import Declared
from small_dataset_audio.dataset.entries import Entry
from small_dataset_audio.dataset.entries import entries as entries_of
from small_dataset_audio.errors import SdaError

UNTOLD: Final = "no stage said why"
_NO_NUMBER: Final = "what is written there is no number that can be reckoned with"
_LARGEST: Final = 1e100
"""Larger numbers, which nothing measures, would be infinite when squared and summed up."""


@dataclass(frozen=True)
class Table:
    """What is known of the tracks of a library, or of their crops, by the name of the value.

    Attributes:
        library: the library's folder.
        crops: the rows are crops.
        numbers: a row per track and a column per number, the declared ones first; NaN where one is absent.
        labels: name -> track -> label -> probability.
        tags: name -> track -> what is listed there without probabilities, such as genres from the tags of a file.
        texts: name -> track -> text.
        absent: name of a number -> track -> why it is absent there.
        problems: track -> why its ``.INFO`` could not be read; such a track has no row.
    """

    library: Path
    crops: bool
    numbers: pd.DataFrame
    labels: Mapping[str, Mapping[str, Mapping[str, float]]] = field(default_factory=dict)
    tags: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    absent: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    problems: Mapping[str, SdaError] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        library: Path,
        declared: Mapping[str, Declared],
        *,
        crops: bool = False,
        entries: Iterable[Entry] | None = None,
    ) -> "Table":
        """Return the tables of a library.

        Args:
            library: its folder.
            declared: name -> declaration of every number that sda measures.
            crops: of its crops, rather than of its tracks.
            entries: what is known of them, where that has been read before.

        Raises:
            StoreError: the library cannot be read.
        """
        found = list(entries_of(library, crops=crops) if entries is None else entries)
        rows = dict(zip(_names(found), found, strict=True))
        read = {name: entry for name, entry in rows.items() if entry.problem is None}
        sorted_values = _Sorted()
        for name, entry in read.items():
            sorted_values.take(name, entry, declared)
        numbers = sorted_values.numbers(list(read), declared)
        return cls(
            library,
            crops,
            numbers,
            sorted_values.labels,
            sorted_values.tags,
            sorted_values.texts,
            _absent(numbers, read, declared),
            {name: entry.problem for name, entry in rows.items() if entry.problem is not None},
        )

    @property
    def tracks(self) -> list[str]:
        """The names of the rows."""
        return list(self.numbers.index)

    @property
    def unit(self) -> str:
        """What a row is: ``track`` or ``crop``."""
        return "crop" if self.crops else "track"


class _Sorted:
    """The values of ``.INFO`` files, by what they are."""

    def __init__(self) -> None:
        self._numbers: dict[str, dict[str, float]] = {}
        self.labels: dict[str, dict[str, dict[str, float]]] = {}
        self.tags: dict[str, dict[str, tuple[str, ...]]] = {}
        self.texts: dict[str, dict[str, str]] = {}

    def take(self, track: str, entry: Entry, declared: Mapping[str, Declared]) -> None:
        """Sort in what is known of one track; what statistics can say nothing of is passed over."""
        for name, value in entry.values.items():  # noqa: PD011 - a mapping, no table
            number = _number(value)
            if number is not None:
                self._numbers.setdefault(name, {})[track] = number
            elif name in declared:
                continue
            elif isinstance(value, str):
                self.texts.setdefault(name, {})[track] = value
            elif (labels := _labels(value)) is not None:
                self.labels.setdefault(name, {})[track] = labels
            elif (tags := _tags(value)) is not None:
                self.tags.setdefault(name, {})[track] = tags

    def numbers(self, tracks: list[str], declared: Mapping[str, Declared]) -> pd.DataFrame:
        """Return the numbers of ``tracks``, a row for each and a column for each name; NaN where one is absent."""
        names = dict.fromkeys((*declared, *self._numbers))
        columns = {name: [self._numbers.get(name, {}).get(track, np.nan) for track in tracks] for name in names}
        return pd.DataFrame(columns, index=pd.Index(tracks, dtype=object), dtype=np.float64)


def _names(found: list[Entry]) -> list[str]:
    """Return a name for each row: its own, with that of its track before it where two crops have the same."""
    often = Counter(entry.name for entry in found)
    return [
        entry.name
        if often[entry.name] == 1
        else f"{owner(entry.track).name}/{entry.name}"  # two folders never share it
        for entry in found
    ]


def _number(value: object) -> float | None:
    """Return a value that is a number to reckon with; None for anything else."""
    if not isinstance(value, int | float) or isinstance(value, bool | Decimal):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if abs(number) <= _LARGEST else None


def _labels(value: object) -> dict[str, float] | None:
    """Return label -> probability, if that is what a value is."""
    if not isinstance(value, dict) or not value:
        return None
    numbers = {label: _number(one) for label, one in value.items()}
    return {label: one for label, one in numbers.items() if one is not None} if None not in numbers.values() else None


def _tags(value: object) -> tuple[str, ...] | None:
    if not isinstance(value, list) or not value or not all(isinstance(one, str) for one in value):
        return None
    return tuple(dict.fromkeys(value))


def _absent(
    numbers: pd.DataFrame, read: Mapping[str, Entry], declared: Mapping[str, Declared]
) -> dict[str, dict[str, str]]:
    """Return name -> track -> why the number is absent there."""
    told = {track: _reasons(entry) for track, entry in read.items()}
    missing = numbers.isna()
    return {
        name: {
            track: told[track].get(name) or _unsaid(read[track], name, declared)
            for track in numbers.index[missing[name].to_numpy()]
        }
        for name in numbers.columns
        if missing[name].any()
    }


def _reasons(entry: Entry) -> dict[str, str]:
    """Return name -> reason of all that the stages did not measure."""
    reasons: dict[str, Any] = {}
    for record in reversed(entry.provenance.get("stages", {}).values()):
        absent = record.get("absent", {}) if isinstance(record, dict) else {}
        reasons |= absent if isinstance(absent, dict) else {}
    return {name: reason for name, reason in reasons.items() if isinstance(reason, str)}


def _unsaid(entry: Entry, name: str, declared: Mapping[str, Declared]) -> str:
    """Return why a number is absent for which no stage gave a reason."""
    if name in entry.values:  # noqa: PD011 - a mapping, no table
        return _NO_NUMBER
    if name not in declared:
        return "nobody wrote it there"
    stage = declared[name].stage
    return UNTOLD if stage in entry.provenance.get("stages", {}) else f"the stage {stage} has not run"
