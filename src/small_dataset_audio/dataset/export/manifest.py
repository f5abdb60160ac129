"""What an export says of itself, in ``sda-export.json``: what made it, and every file in it.

By it sda knows its own export again, and sees whether somebody has put something of theirs into it.
"""

import json
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from small_dataset_audio.atomic import read_whole, store_error
from small_dataset_audio.audio.content import file_sha256
from small_dataset_audio.errors import AudioError, StoreError
from small_dataset_audio.locks import LOCK_NAME

NAME: Final = "sda-export.json"
VERSION: Final = 1
_LEFT_BY_OTHERS: Final = frozenset({".DS_Store", "Thumbs.db", "desktop.ini", LOCK_NAME})
_PYTHON_CACHE: Final = "__pycache__"
"""The trainer leaves the compiled metadata module in it."""
_LARGEST_TEXT: Final = 1 << 20
"""Bytes up to which a file is compared by content, and not by size alone: what people change by hand is small."""


def files_in(folder: Path) -> Iterator[str]:
    """Yield the paths, with slashes, of all files below ``folder``, sorted, but those that systems and Python leave there.

    Raises:
        StoreError: a folder cannot be read.
    """

    def refuse(error: OSError) -> None:
        """Raise what `os.walk` would pass over: a folder that cannot be listed."""
        raise store_error("read", folder, error) from error

    found: list[str] = []
    for place, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = [one for one in folders if one != _PYTHON_CACHE]
        links = [one for one in folders if os.path.islink(os.path.join(place, one))]  # noqa: PTH114, PTH118 - as os.walk
        found += [os.path.relpath(os.path.join(place, one), folder) for one in [*names, *links]]  # noqa: PTH118 - as above
    yield from sorted(one.replace(os.sep, "/") for one in found if os.path.basename(one) not in _LEFT_BY_OTHERS)  # noqa: PTH119


def listed(folder: Path, known: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Return path -> size and content hash of every file below ``folder``.

    Args:
        folder: an export that is not in place yet.
        known: path -> content hash, of those files whose hash is known.

    Raises:
        StoreError: something cannot be read.
    """
    return {
        one: {"bytes": _status(folder / one).st_size, "sha256": known.get(one) or _hash(folder / one)}
        for one in files_in(folder)
    }


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """Return what an export says of itself; None where the folder holds no manifest that sda wrote."""
    try:
        found = json.loads(read_whole(folder / NAME))
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or found.get("sda_export") != VERSION or not isinstance(found.get("files"), dict):
        return None
    return found


def foreign(folder: Path) -> list[str] | None:
    """Return what in ``folder`` is not, or no longer, as sda wrote it; None where it is no export of sda's at all.

    Raises:
        StoreError: it cannot be read.
    """
    manifest = read_manifest(folder)
    if manifest is None:
        return None
    files = manifest["files"]
    return [one for one in files_in(folder) if one != NAME and not _as_written(folder / one, files.get(one))]


def _as_written(path: Path, said: object) -> bool:
    status = _status(path)
    if not isinstance(said, dict) or not stat.S_ISREG(status.st_mode) or status.st_size != said.get("bytes"):
        return False
    return status.st_size > _LARGEST_TEXT or _hash(path) == said.get("sha256")


def _status(path: Path) -> os.stat_result:
    try:
        return path.lstat()
    except OSError as error:
        raise store_error("read", path, error) from error


def _hash(path: Path) -> str:
    try:
        return file_sha256(path)
    except AudioError as error:
        raise StoreError(error.what, error.why, error.fix) from error
