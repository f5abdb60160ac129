"""A folder that appears under its name whole, or not at all; what is not sda's own export is never replaced."""

import contextlib
import errno
import logging
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from small_dataset_audio.atomic import store_error, sync_folder
from small_dataset_audio.dataset.export import manifest
from small_dataset_audio.errors import StoreError
from small_dataset_audio.locks import LockTaken, folder_lock

_LOGGER = logging.getLogger(__name__)
SUFFIX: Final = ".sda-export"
_NAMED: Final = 40
"""Characters of a name that are repeated in that of a folder beside it, which has at most 255 bytes."""
_SHOWN: Final = 3
_ELSEWHERE: Final = "Choose another folder for --output, or move that one away."


def require_free(output: Path, library: Path) -> None:
    """Return if an export may be put at ``output``: there is nothing, an empty folder, or an export of sda's own.

    Args:
        output: an absolute path.
        library: the library that is exported.

    Raises:
        StoreError: something else is there, or it is inside the library, or the library inside it.
    """
    one, other = Path(os.path.realpath(output)), Path(os.path.realpath(library))
    if one.is_relative_to(other) or other.is_relative_to(one):
        raise StoreError(
            f"{output} cannot hold an export of {library}.",
            "One lies inside the other, and sda would take each for a part of the other.",
            "Choose a folder beside the library for --output.",
        )
    if not os.path.lexists(output):
        return
    why = _taken(output)
    if why is not None:
        raise StoreError(f"{output} was not replaced.", why, _ELSEWHERE)


def _taken(output: Path) -> str | None:
    """Return why what lies at ``output`` is not to be replaced."""
    if output.is_symlink() or not output.is_dir():
        return "What is there is no folder."
    foreign = manifest.foreign(output)
    if foreign is None:
        found = next(manifest.files_in(output), None)
        return None if found is None else f"That folder holds something that is no export of sda, such as {found}."
    if not foreign:
        return None
    more = "" if len(foreign) <= _SHOWN else f" and {len(foreign) - _SHOWN} more"
    return f"In that export there are files that are not as sda wrote them: {', '.join(foreign[:_SHOWN])}{more}."


@contextlib.contextmanager
def staged(output: Path, library: Path) -> Iterator[Path]:
    """Yield a new folder that takes the place of ``output`` when the block ends without an error, and goes otherwise.

    Raises:
        StoreError: it cannot be made or put in place.
    """
    folder = _beside(output)
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        _sweep(output, finished=False)
        folder.mkdir()
    except FileExistsError as error:
        raise store_error("create", output, NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))) from error
    except OSError as error:
        raise store_error("create", output, error) from error
    try:
        with folder_lock(folder):
            yield folder
        _put_in_place(folder, output, library)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _put_in_place(folder: Path, output: Path, library: Path) -> None:
    with folder_lock(output.parent):
        require_free(output, library)
        before = _beside(output)
        try:
            if output.is_dir():
                output.rename(before)
            try:
                folder.rename(output)
            except OSError:
                if before.is_dir():
                    before.rename(output)
                raise
            sync_folder(output.parent)
        except OSError as error:
            raise store_error("write", output, error) from error
        with contextlib.suppress(OSError):  # the export is in place; what is left goes with the next one
            _sweep(output, finished=True)


def _beside(output: Path) -> Path:
    return output.with_name(f".{output.name[:_NAMED]}.{secrets.token_hex(6)}{SUFFIX}")


def _sweep(output: Path, *, finished: bool) -> None:
    """Remove what dead exports to ``output`` have left beside it: unfinished ones; ``finished`` ones, too, where one is in place."""
    start = f".{output.name[:_NAMED]}."
    for leftover in output.parent.iterdir():
        if not (leftover.name.startswith(start) and leftover.name.endswith(SUFFIX)) or leftover.is_symlink():
            continue
        if not finished and manifest.read_manifest(leftover) is not None:
            continue
        with contextlib.suppress(LockTaken), folder_lock(leftover, seconds=0):
            shutil.rmtree(leftover, ignore_errors=True)
            _LOGGER.debug("removed %s, which an earlier export left", leftover)
