"""An export in tar shards, as WebDataset reads them.

```
train-000000.tar, train-000001.tar ...   <name>.flac and <name>.json for each recording
validation-000000.tar ...
```

The same library gives the same bytes. Shards are read from start to end, so recordings lie in them in an order that is
shuffled by the seed.
"""

import hashlib
import json
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from small_dataset_audio.atomic import replacing
from small_dataset_audio.dataset.export.ready import Layout, Ready, mismatch, parsed, require_equal
from small_dataset_audio.dataset.export.split import SPLITS, Split
from small_dataset_audio.errors import EnvironmentFault

SHARD_BYTES: Final = 1 << 30
"""Size from which a new shard is begun: large enough for streams, small enough for several readers."""
_CLASH: Final = "info_"
"""Goes before the name of a value that the export itself gives another meaning."""


def require_library() -> None:
    """Return if WebDataset is installed.

    Raises:
        EnvironmentFault: it is not.
    """
    try:
        import webdataset  # noqa: F401, PLC0415 - an extra
    except ImportError as error:
        raise EnvironmentFault(
            "sda export webdataset needs the package webdataset.",
            "It is not installed: it comes with the extra `webdataset`.",
            'Run `uv sync --extra webdataset`, or: pip install "small-dataset-audio[webdataset]"',
        ) from error


def write(folder: Path, ready: Sequence[Ready], layout: Layout) -> None:
    """Write the shards; each recording's own file is removed when it is in one.

    Raises:
        StoreError: something cannot be read or written.
    """
    for split in SPLITS:
        mixed = sorted((one for one in ready if one.split == split), key=lambda one: _rank(one, layout.seed))
        for number, shard in enumerate(_shards(mixed)):
            _write_shard(folder / f"{split}-{number:06}.tar", shard)


def verify(folder: Path, ready: Sequence[Ready], _layout: Layout) -> int:
    """Return how many values were read back and found equal.

    Raises:
        StoreError: something is not as it was written.
    """
    expected = {(one.split, one.file_name): one for one in ready}
    found: set[tuple[Split, str]] = set()
    values = 0
    for split in SPLITS:
        for path in sorted(folder.glob(f"{split}-*.tar")):
            records, sounds = _read_shard(path)
            for name, sha256 in sounds.items():
                one = expected.get((split, name))
                require_equal(path, one is not None, expected=True)
                if one is not None:
                    require_equal(path, sha256, one.placed.sha256)
                    require_equal(path, records.get(Path(name).stem), record_of(one))
                    values += len(one.values)
            found |= {(split, name) for name in sounds}
    require_equal(folder, found, set(expected))
    return values


def record_of(one: Ready) -> dict[str, Any]:
    """Return the JSON of a recording: what the export knows, and every value of its ``.INFO`` under its own name."""
    told: dict[str, Any] = {**one.told(), "split": one.split}
    values = {f"{_CLASH}{name}" if name in told else name: value for name, value in one.values.items()}
    return told | values


def _rank(one: Ready, seed: int) -> str:
    return hashlib.sha256(f"{seed}\0{one.item.stem}".encode()).hexdigest()


def _shards(ready: Sequence[Ready]) -> Iterator[list[Ready]]:
    shard: list[Ready] = []
    size = 0
    for one in ready:
        shard.append(one)
        size += one.placed.path.stat().st_size
        if size >= SHARD_BYTES:
            yield shard
            shard, size = [], 0
    if shard:
        yield shard


def _write_shard(path: Path, ready: Sequence[Ready]) -> None:
    from webdataset import TarWriter  # noqa: PLC0415 - an extra

    with replacing(path) as file, TarWriter(file, mtime=0, encoder=False) as writer:
        for one in ready:
            sound = one.placed.path
            record = json.dumps(record_of(one)).encode("ascii")
            suffix = sound.suffix.removeprefix(".")
            writer.write({"__key__": sound.stem, suffix: sound.read_bytes(), "json": record})
    for one in ready:
        one.placed.path.unlink()


def _read_shard(path: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """Return name -> JSON, and file name -> content hash, of what a shard holds."""
    records: dict[str, Any] = {}
    sounds: dict[str, str] = {}
    try:
        with path.open("rb") as file, tarfile.open(fileobj=file) as tar:
            for member in tar:
                content = tar.extractfile(member)
                if content is None:
                    continue
                if member.name.endswith(".json"):
                    records[Path(member.name).stem] = parsed(path, content.read())
                else:
                    sounds[member.name] = hashlib.file_digest(content, "sha256").hexdigest()  # type: ignore[arg-type]
    except tarfile.TarError as error:
        raise mismatch(path) from error
    return records, sounds
