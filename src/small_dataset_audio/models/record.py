"""What is known of a model's files: the hidden record beside them that pulling and verifying write.

A record that cannot be read counts as none: the files are then verified again.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from small_dataset_audio.atomic import open_file, read_whole, store_error, write_text

RECORD_NAME: Final = ".sda-verified.json"
_FORMAT: Final = 1
_BLOCK: Final = 1 << 20


@dataclass(frozen=True)
class Verified:
    """What was true of a file when it was verified.

    Attributes:
        sha256: of its content.
        bytes: its size.
        mtime_ns: when it was last changed, as the file system tells.
    """

    sha256: str
    bytes: int
    mtime_ns: int

    def holds_for(self, path: Path) -> bool:
        """Whether size and time of the file are still the same."""
        facts = path.stat()
        return (facts.st_size, facts.st_mtime_ns) == (self.bytes, self.mtime_ns)


@dataclass(frozen=True)
class Record:
    """What is known of a model's files.

    Attributes:
        files: file name -> what was true of it.
        complete: whether these are all files of the model; a repository of the hub may be half fetched.
        commit: the state of that repository.
        licence: the licence that was accepted before the first pull.
    """

    files: Mapping[str, Verified] = field(default_factory=dict)
    complete: bool = False
    commit: str | None = None
    licence: str | None = None


def read(folder: Path) -> Record:
    """Return the record in a model's folder, an empty one where there is none."""
    try:
        document = json.loads(read_whole(folder / RECORD_NAME))
        if document["format"] != _FORMAT:
            return Record()
        files = {
            str(name): Verified(str(entry["sha256"]), int(entry["bytes"]), int(entry["mtime_ns"]))
            for name, entry in document["files"].items()
        }
        return Record(files, bool(document["complete"]), document["commit"], document["licence"])
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return Record()


def write(folder: Path, record: Record) -> None:
    """Put the record into a model's folder.

    Raises:
        StoreError: the folder cannot be written.
    """
    files = {name: asdict(one) for name, one in sorted(record.files.items())}
    document = {
        "format": _FORMAT,
        "files": files,
        "complete": record.complete,
        "commit": record.commit,
        "licence": record.licence,
    }
    write_text(folder / RECORD_NAME, json.dumps(document, indent=2) + "\n")


def examine(path: Path, progress: Callable[[int], object] | None = None) -> Verified:
    """Return hash, size and time of a file, reading all of it.

    Args:
        path: the file.
        progress: called with the number of bytes after each block.

    Raises:
        StoreError: it cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with open_file(path) as file:
            facts = path.stat()
            while block := file.read(_BLOCK):
                digest.update(block)
                if progress is not None:
                    progress(len(block))
    except OSError as error:
        raise store_error("read", path, error) from error
    return Verified(digest.hexdigest(), facts.st_size, facts.st_mtime_ns)


def combined(hashes: Mapping[str, str]) -> str:
    """Return one hash for several files: that of the only one, else of all names and hashes."""
    if len(hashes) == 1:
        return next(iter(hashes.values()))
    return hashlib.sha256("".join(f"{hashes[name]}  {name}\n" for name in sorted(hashes)).encode()).hexdigest()
