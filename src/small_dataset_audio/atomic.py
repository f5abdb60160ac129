"""Whole files or none: the one way in which sda puts a file in place, and reads one whole that it may not trust.

A file is written under a temporary name in the same folder, flushed to the disk, and renamed. A reader therefore sees
the old content or the new one, never a part; a crash leaves at most a temporary file, which the next writer in that
folder removes.
"""

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from io import FileIO
from pathlib import Path
from typing import BinaryIO, Final

from small_dataset_audio.errors import StoreError

TEMPORARY_SUFFIX = ".sda-tmp"

_FIXES = {
    errno.ENOSPC: "Free some space on that disk, or choose another folder, and run the command again.",
    errno.EDQUOT: "Your disk quota is used up: free some space, or choose another folder, and run the command again.",
    errno.EFBIG: "The system limits how large a file may be (see `ulimit -f`): raise the limit and run again.",
    errno.EACCES: "Give yourself permission there (`ls -ld` shows who owns it), or choose another folder.",
    errno.EPERM: "Give yourself permission there (`ls -ld` shows who owns it), or choose another folder.",
    errno.EROFS: "That disk is mounted read-only: mount it writable, or choose another folder.",
    errno.ENAMETOOLONG: "Choose a folder with a shorter path.",
    errno.EISDIR: "That is a folder, and a file is needed: name a file in it, such as `FOLDER/NAME`.",
    errno.ENOTDIR: "A file stands where a folder is needed: move it away, or choose another folder.",
}
LARGEST_NOTE: Final = 256 * 2**20
"""Bytes: the manifest of an export of a million recordings has fewer."""
_OTHER_FIX = "Something else is in its place: move that away, or name the right file, and run the command again."
_GENERAL_FIX = "Check that the disk is connected and healthy, then run the command again."


class NotAFile(IsADirectoryError):  # noqa: N818 - the name says what it is
    """What should be read is a folder, a device or a pipe."""


class FarTooLarge(OSError):  # noqa: N818 - the name says what it is
    """What should be read whole is larger than any such file."""


def store_error(action: str, path: Path, error: OSError) -> StoreError:
    """Return the error for a failed file operation, with the fix that its ``errno`` calls for.

    Args:
        action: what was attempted, as a verb ("write", "read", "create").
        path: the file or folder it was attempted on.
        error: what the operating system answered.
    """
    reason = error.strerror or str(error)
    if isinstance(error, NotAFile | FarTooLarge):
        return StoreError(f"Could not {action} {path}.", f"{reason[:1].upper()}{reason[1:]}.", _OTHER_FIX)
    return StoreError(
        f"Could not {action} {path}.",
        f"The operating system answered: {reason}.",
        _FIXES.get(error.errno or 0, _GENERAL_FIX),
    )


def ensure_folder(folder: Path) -> None:
    """Make a folder, and those above it, where they are missing.

    Raises:
        StoreError: that cannot be done.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise store_error("create", folder, error) from error


def temporary_beside(path: Path) -> Path:
    """Return an unused temporary name in the folder of ``path``; `sweep_temporaries` knows it again."""
    return path.with_name(f".{secrets.token_hex(6)}{TEMPORARY_SUFFIX}")


def sync_folder(folder: Path) -> None:
    """Make the names in ``folder`` durable (fsync of the folder), where the file system can do that."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # some network file systems refuse fsync on folders
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sweep_temporaries(folder: Path) -> int:
    """Remove what crashed writers left in ``folder`` and return how many files that was.

    Call it only where no other writer can be at work in that folder, that is, while holding its lock.
    """
    removed = 0
    for leftover in folder.glob(f".*{TEMPORARY_SUFFIX}"):
        with contextlib.suppress(FileNotFoundError):
            leftover.unlink()
            removed += 1
    return removed


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Yield a binary file that takes the place of ``path`` when the block ends without an error.

    Raises:
        StoreError: the folder cannot be written, the disk is full, and the like; ``path`` is then unchanged.
    """
    temporary = temporary_beside(path)
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise store_error("write", path, error) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def write_bytes(path: Path, data: bytes) -> None:
    """Put ``data`` at ``path``, whole or not at all.

    Raises:
        StoreError: as `replacing`.
    """
    with replacing(path) as file:
        file.write(data)


def read_whole(path: str | Path, most: int = LARGEST_NOTE) -> bytes:
    """Return all that is in a file, which a stranger may have put there: a pipe is not waited for, nor a memory filled.

    Args:
        path: the file.
        most: bytes that such a file can have; by default more than any that sda keeps notes in.

    Raises:
        NotAFile: it is a folder, a device or a pipe.
        FarTooLarge: it is larger than ``most``.
        OSError: it cannot be read.
    """
    descriptor, facts = _open(path)
    try:
        if facts.st_size > most:
            raise FarTooLarge(errno.EFBIG, f"it has {facts.st_size} bytes, and no such file has more than {most}")
        parts = []
        while part := os.read(descriptor, facts.st_size + 1):
            parts.append(part)
        return b"".join(parts)
    finally:
        os.close(descriptor)


def open_file(path: str | Path) -> FileIO:
    """Return a file, opened for reading block by block; it may be of any size, and a pipe in its place is not waited for.

    Raises:
        NotAFile: it is a folder, a device or a pipe.
        OSError: it cannot be opened.
    """
    return FileIO(_open(path)[0])


def _open(path: str | Path) -> tuple[int, os.stat_result]:
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a named pipe must not make us wait
    try:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            raise NotAFile(errno.EISDIR, "it is a folder, a device or a pipe, not a file")
    except OSError:
        os.close(descriptor)
        raise
    return descriptor, facts


def write_text(path: Path, text: str) -> None:
    """Put ``text`` at ``path`` as UTF-8, whole or not at all.

    Raises:
        StoreError: as `replacing`.
    """
    write_bytes(path, text.encode("utf-8"))
