"""An export that Hugging Face datasets reads with ``load_dataset("audiofolder", data_dir=...)``.

```
train/metadata.jsonl, <name>.flac        a line of JSON for each recording
validation/metadata.jsonl, <name>.flac
```

datasets derives the type of every column from the first ten megabytes of each ``metadata.jsonl``, and refuses splits whose
types differ. Columns therefore hold one type throughout, and only values that every split has some of; all others stand, as
JSON, in the text column ``other_values``. The rows that introduce columns come first.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from small_dataset_audio.atomic import write_bytes
from small_dataset_audio.dataset.export.ready import Layout, Ready, parsed, require_equal
from small_dataset_audio.dataset.export.split import SPLITS

METADATA: Final = "metadata.jsonl"
FILE: Final = "file_name"
OTHER: Final = "other_values"
LABEL, PROBABILITY = "label", "probability"
_MEANT_FOR_FILES: Final = (FILE, "file_names", "_file_name", "_file_names")
"""Columns whose names end so are taken for recordings."""
_SOUND: Final = "audio"
"""The column of the recording itself."""
_WIDEST: Final = 2**63
"""Whole numbers from here on are beyond what a column holds."""

Kinds = dict[str, str]


def write(folder: Path, ready: Sequence[Ready], _layout: Layout) -> None:
    """Write everything but the sound.

    Raises:
        StoreError: it cannot be written.
    """
    kinds = _columns(ready)
    for split in SPLITS:
        rows = [_row(one, kinds) for one in ready if one.split == split]
        if rows:
            lines = "".join(json.dumps(row) + "\n" for row in _newest_first(rows))
            write_bytes(folder / split / METADATA, lines.encode("ascii"))


def verify(folder: Path, ready: Sequence[Ready], _layout: Layout) -> int:
    """Return how many values were read back and found equal.

    Raises:
        StoreError: something is not as it was written.
    """
    values = 0
    for split in SPLITS:
        expected = {one.file_name: one for one in ready if one.split == split}
        if not expected:
            continue
        path = folder / split / METADATA
        rows = [parsed(path, line) for line in path.read_bytes().splitlines()]
        require_equal(path, sorted(row[FILE] for row in rows), sorted(expected))
        for row in rows:
            one = expected[row[FILE]]
            require_equal(path, values_of(row, one.told()), one.values)
            require_equal(path, {name: row[name] for name in one.told()}, one.told())
            values += len(one.values)
    return values


def values_of(row: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of an ``.INFO`` file from a row of the metadata; what the export itself told is left out."""
    values = {
        name: {one[LABEL]: one[PROBABILITY] for one in value} if _is_labels_column(value) else value
        for name, value in row.items()
        if value is not None and name not in {FILE, _SOUND, OTHER, *told}
    }
    others: dict[str, Any] = json.loads(row[OTHER])
    return values | others


def _columns(ready: Sequence[Ready]) -> Kinds:
    """Return name -> type of the columns that values get."""
    kinds: dict[str, set[str]] = {}
    splits: dict[str, set[str]] = {}
    for one in ready:
        for name, value in one.values.items():
            kinds.setdefault(name, set()).add(_kind(value))
            splits.setdefault(name, set()).add(one.split)
    used = {one.split for one in ready}
    own = {FILE, _SOUND, OTHER, *(ready[0].told() if ready else ())}
    columns: Kinds = {}
    for name, found in kinds.items():
        kind = "float" if found == {"int", "float"} else next(iter(found)) if len(found) == 1 else ""
        if kind and splits[name] == used and name not in own and not name.endswith(_MEANT_FOR_FILES):
            columns[name] = kind
    return columns


def _kind(value: Any) -> str:  # noqa: ANN401 - whatever an .INFO file holds
    """Return the type of column that holds ``value``; nothing where none does."""
    if isinstance(value, bool | str | float):
        return type(value).__name__
    if isinstance(value, int):
        return "int" if abs(value) < _WIDEST else ""
    if isinstance(value, dict):
        numbers = value and all(isinstance(one, int | float) and not isinstance(one, bool) for one in value.values())
        return "labels" if numbers else ""
    return "texts" if value and all(isinstance(one, str) for one in value) else ""


def _row(one: Ready, kinds: Kinds) -> dict[str, Any]:
    values = one.values
    row = {FILE: one.file_name, **one.told()}
    row |= {name: _cell(values.get(name), kind) for name, kind in kinds.items()}
    return row | {OTHER: json.dumps({name: value for name, value in values.items() if name not in kinds})}


def _cell(value: Any, kind: str) -> Any:  # noqa: ANN401 - whatever an .INFO file holds
    if value is None:
        return None
    if kind == "labels":
        return [{LABEL: label, PROBABILITY: float(one)} for label, one in value.items()]
    return float(value) if kind == "float" else value


def _is_labels_column(value: Any) -> bool:  # noqa: ANN401 - whatever a row holds
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _newest_first(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows with those first that hold a value in a column that none before them has one in."""
    seen: set[str] = set()
    first: list[dict[str, Any]] = []
    rest: list[dict[str, Any]] = []
    for row in rows:
        filled = {name for name, value in row.items() if value is not None}
        (rest if filled <= seen else first).append(row)
        seen |= filled
    return first + rest
