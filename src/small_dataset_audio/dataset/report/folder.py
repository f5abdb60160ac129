"""The folder of a report: known by a mark as sda's own, so that nothing else is ever overwritten or removed.

Files are put in place whole, under a temporary name first. They are not flushed to the disk one by one, as the library's are:
a report can be made again, and 6,000 flushes would take longer than everything else. What a power cut may leave is found at
the next time by the last line of each drawing.
"""

import contextlib
import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from small_dataset_audio.atomic import (
    TEMPORARY_SUFFIX,
    ensure_folder,
    read_whole,
    store_error,
    sweep_temporaries,
    temporary_beside,
    write_text,
)
from small_dataset_audio.errors import UsageError
from small_dataset_audio.locks import LOCK_NAME, LockTaken, folder_lock

MARK: Final = "sda-report.json"
FORMAT: Final = 1
_PARTS: Final = ("assets", "tracks")
_OURS: Final = re.compile(rf"(({'|'.join(_PARTS)})/)?[A-Za-z0-9_][A-Za-z0-9_.-]*")
"""What files of a report are called."""
_HIDDEN: Final = (".DS_Store", ".directory", "Thumbs.db", "desktop.ini")
"""What file managers leave in folders that are empty otherwise."""
_DAY: Final = 86_400.0
"""Seconds to wait for another report, which may have thousands of tracks to draw."""


def put(path: Path, data: bytes) -> bool:
    """Put ``data`` at ``path``, whole or not at all, and return whether that changed anything.

    Raises:
        StoreError: the file cannot be written.
    """
    temporary = temporary_beside(path)
    try:
        if path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data:
            return False
        temporary.write_bytes(data)
        temporary.replace(path)
    except OSError as error:
        raise store_error("write", path, error) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()
    return True


@dataclass
class Folder:
    """The folder of a report.

    Attributes:
        root: where it is.
        library: what it shows.
        made: the files of the report that is being made, relative to ``root``.
        changed: how many of them are new or different.
    """

    root: Path
    library: Path
    made: set[str] = field(default_factory=set)
    changed: int = 0
    _before: frozenset[str] = frozenset()

    @classmethod
    def claimed(cls, root: Path, library: Path) -> "Folder":
        """Return the folder at ``root``, ready to be written to and marked as sda's.

        Whoever writes to it until `conclude` holds `alone`, so that no other report takes its files away.

        Raises:
            UsageError: there is something at ``root`` that sda did not make, or the report of another library.
            StoreError: it cannot be written to, or another report is being written there.
        """
        root, library = _ready(root, library)
        with folder_lock(root):
            before = _files_before(root, library)  # again: another report may have ended
            folder = cls(root, library, _before=before)
            folder._mark(before)  # first, so that what is cut short is known again
            for place in (root, *(root / part for part in _PARTS)):
                _make(place)
        return folder

    def write(self, name: str, content: str | bytes) -> None:
        """Put ``content`` at ``name``, relative to the folder.

        Raises:
            StoreError: it cannot be written.
        """
        data = content.encode("utf-8") if isinstance(content, str) else content
        self.changed += put(self.root / name, data)
        self.made.add(name)

    def conclude(self) -> None:
        """Remove the files of the report before this one that this one has not, and remember which files are sda's.

        Raises:
            StoreError: the folder cannot be written to.
        """
        for name in sorted(self._before - self.made):
            try:
                (self.root / name).unlink(missing_ok=True)
            except OSError as error:
                raise store_error("remove", self.root / name, error) from error
        self._mark(frozenset(self.made))

    def _mark(self, files: frozenset[str]) -> None:
        document = {"made_by": "sda report", "format": FORMAT, "library": str(self.library), "files": sorted(files)}
        write_text(self.root / MARK, json.dumps(document, indent=1) + "\n")


@contextlib.contextmanager
def alone(root: Path, library: Path, say: Callable[[str], None] = lambda _: None) -> Iterator[None]:
    """Hold the only right to write the report at ``root``; another one that is being written there is told of and waited for.

    Raises:
        UsageError: as `Folder.claimed`.
        StoreError: the folder cannot be made or locked.
    """
    root, _ = _ready(root, library)
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(folder_lock(root, seconds=0))
        except LockTaken:
            say(f"Another report is being written to {root}: waiting for it.")
            stack.enter_context(folder_lock(root, seconds=_DAY))
        yield


def _ready(root: Path, library: Path) -> tuple[Path, Path]:
    """Return both as absolute paths, after making ``root``, where a report may be.

    Raises:
        UsageError: there is something at ``root`` that sda did not make, or the report of another library.
        StoreError: it cannot be read or made.
    """
    root, library = root.absolute(), library.absolute()
    if root == library or root in library.parents:
        raise UsageError(
            f"The report cannot be written to {root}.",
            "That folder is the library, or holds it.",
            "Name another folder with --output.",
        )
    _files_before(root, library)
    for part in _PARTS:
        _require_no_link(root / part)
    ensure_folder(root)
    return root, library


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        sweep_temporaries(folder)
    except OSError as error:
        raise store_error("write", folder, error) from error


def _files_before(root: Path, library: Path) -> frozenset[str]:
    """Return the names of the files in the report that is at ``root``; none where there is nothing yet."""
    try:
        if not root.exists() or not [one for one in root.iterdir() if not _is_of_no_account(one.name)]:
            return frozenset()
        mark = root / MARK
        document = json.loads(read_whole(mark)) if mark.exists() else None
    except OSError as error:
        raise store_error("read", root, error) from error
    except ValueError:
        document = None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise UsageError(
            f"Nothing was written to {root}.",
            f"There is something in it that `sda report` did not make (it has no {MARK}).",
            "Name an empty or new folder with --output, or move away what is there.",
        )
    other = Path(str(document.get("library")))
    if other != library and other.is_dir():
        raise UsageError(
            f"Nothing was written to {root}.",
            f"It holds the report of another library, {other}.",
            "Name another folder with --output.",
        )
    files = document.get("files")
    return frozenset(name for name in files if _is_inside(name)) if isinstance(files, list) else frozenset()


def _is_of_no_account(name: str) -> bool:
    """Return whether a file of this name makes no folder somebody's: file managers left it, or a report that has just begun."""
    return name in {*_HIDDEN, LOCK_NAME} or (name.startswith(".") and name.endswith(TEMPORARY_SUFFIX))


def _is_inside(name: object) -> bool:
    """Return whether a name in the mark is one that sda writes: whoever edits the mark has nothing else removed."""
    return isinstance(name, str) and _OURS.fullmatch(name) is not None and name != MARK


def _require_no_link(folder: Path) -> None:
    """Raise an error if something else would be written to and removed from than the report."""
    if os.path.islink(folder):  # noqa: PTH114 - unlike `Path.is_symlink` it never raises
        raise UsageError(
            f"Nothing was written to {folder.parent}.",
            f"{folder.name} in it is a link to another folder, and a report has no links.",
            "Remove the link, or name another folder with --output.",
        )
