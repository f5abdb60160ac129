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
from pathlib import Path
from typing import BinaryIO

from small_dataset_audio.errors import StoreError

TEMPORARY_SUFFIX = ".sda-tmp"

_FIXES = {
    errno.ENOSPC: "Free some space on that disk, or choose another folder, and run the command again.",
    errno.EDQUOT: "Your disk quota is used up: free some space, or choose another folder, and run the command again.",
    errno.EFBIG: "The system limits how large a file may be (see `ulimit -f`): raise the limit and run again.",
    errno.EACCES: "Give yourself permission to write there (`ls -ld` shows who owns it), or choose another folder.",
    errno.EPERM: "Give yourself permission to write there (`ls -ld` shows who owns it), or choose another folder.",
    errno.EROFS: "That disk is mounted read-only: mount it writable, or choose another folder.",
    errno.ENAMETOOLONG: "Choose a folder with a shorter path.",
    errno.ENOTDIR: "A file stands where a folder is needed: move it away, or choose another folder.",
}
_GENERAL_FIX = "Check that the disk is connected and healthy, then run the command again."


def store_error(action: str, path: Path, error: OSError) -> StoreError:
    """Return the error for a failed file operation, with the fix that its ``errno`` calls for.

    Args:
        action: what was attempted, as a verb ("write", "read", "create").
        path: the file or folder it was attempted on.
        error: what the operating system answered.
    """
    reason = error.strerror or str(error)
    return StoreError(
        f"Could not {action} {path}.",
        f"The operating system answered: {reason}.",
        _FIXES.get(error.errno or 0, _GENERAL_FIX),
    )


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


def read_whole(path: Path, most: int) -> bytes:
    """Return all that is in a file, which a stranger may have put there: a pipe is not waited for, nor a memory filled.

    Args:
        path: the file.
        most: bytes that such a file can have.

    Raises:
        IsADirectoryError: it is no file but a folder, a device or a pipe.
        OSError: it cannot be read; with the code ``EFBIG``, it is larger than ``most``.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a named pipe must not make us wait
    try:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            raise IsADirectoryError(errno.EISDIR, "it is a folder, a device or a pipe, not a file")
        if facts.st_size > most:
            raise OSError(errno.EFBIG, f"it has {facts.st_size} bytes, and no such file has more than {most}")
        with open(descriptor, "rb", closefd=False) as file:
            return file.read()
    finally:
        os.close(descriptor)


def write_text(path: Path, text: str) -> None:
    """Put ``text`` at ``path`` as UTF-8, whole or not at all.

    Raises:
        StoreError: as `replacing`.
    """
    write_bytes(path, text.encode("utf-8"))
