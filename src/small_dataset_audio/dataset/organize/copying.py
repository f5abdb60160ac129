"""A verified copy of a recording, sharing its blocks with the original where the file system can."""

import contextlib
import ctypes
import fcntl
import hashlib
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Final

from small_dataset_audio.atomic import NotAFile, open_file, store_error, sync_folder, temporary_beside
from small_dataset_audio.errors import StoreError

_SYSTEM: str = sys.platform
_CHUNK: Final = 2**20
_FICLONE: Final = 0x40049409
"""Linux, ioctl_ficlone(2): give a file the blocks of another one (Btrfs, XFS, bcachefs, OCFS2)."""


@dataclass(frozen=True)
class Copied:
    """What was copied.

    Attributes:
        sha256: of the content, read back from the copy.
        size: in bytes.
        mtime_ns: change time of the original, nanoseconds.
        copy_mtime_ns: change time of the copy: the same, where the file system can hold it.
        shared: the copy shares its blocks with the original and takes no space.
    """

    sha256: str
    size: int
    mtime_ns: int
    copy_mtime_ns: int
    shared: bool


def copy_verified(source: Path, target: Path) -> Copied:
    """Copy ``source`` to ``target``, which appears whole, verified and on the disk, or not at all.

    The original is opened for reading only. The copy keeps its change time, since that is when the recording was made.

    Raises:
        StoreError: the original vanished or changed meanwhile, the copy does not equal it, or the system refuses.
    """
    temporary = temporary_beside(target)
    try:
        with _reading(source) as original:
            before = _status(source, original)
            expected = _fill(source, original, temporary, target)
            _check_unchanged(source, before)
        copied = _finish(source, temporary, target, before, expected)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()
    return copied


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[FileIO]:
    """Yield the original, open; what closing it answers is of no interest, since nothing was written."""
    original = _opened(path)
    try:
        yield original
    finally:
        with contextlib.suppress(OSError):
            original.close()


def _opened(path: Path) -> FileIO:
    try:
        return open_file(path)
    except FileNotFoundError as error:
        raise _changed(path, "it is no longer there") from error
    except NotAFile as error:
        raise _changed(path, "it is not a file") from error
    except OSError as error:
        raise store_error("read", path, error) from error


def _status(path: Path, original: FileIO) -> os.stat_result:
    try:
        return os.fstat(original.fileno())
    except OSError as error:
        raise store_error("read", path, error) from error


def _fill(source: Path, original: FileIO, temporary: Path, target: Path) -> str | None:
    """Put the content into the temporary file; return the hash of what was read, None when blocks are shared."""
    if _clone_path(source, temporary):
        return None
    try:
        with temporary.open("xb", buffering=0) as copy:
            if _clone_descriptor(original, copy):
                return None
            return _pump(source, original, copy)
    except OSError as error:
        raise store_error("write", target, error) from error


def _pump(source: Path, original: FileIO, copy: FileIO) -> str:
    """Copy everything and return its hash."""
    digest = hashlib.sha256()
    buffer = memoryview(bytearray(_CHUNK))
    while count := _read_into(source, original, buffer):
        digest.update(buffer[:count])
        rest = buffer[:count]
        while rest:
            rest = rest[copy.write(rest) :]
    return digest.hexdigest()


def _read_into(source: Path, original: FileIO, buffer: memoryview) -> int:
    try:
        return original.readinto(buffer)
    except OSError as error:
        raise store_error("read", source, error) from error


def _finish(source: Path, temporary: Path, target: Path, before: os.stat_result, expected: str | None) -> Copied:
    """Verify the temporary file, make it durable, and give it its name."""
    try:
        with temporary.open("rb", buffering=0) as copy:
            with contextlib.suppress(OSError, OverflowError):  # a date that the file system cannot hold
                os.utime(copy.fileno(), ns=(before.st_atime_ns, before.st_mtime_ns))
            os.fsync(copy.fileno())
            found = hashlib.file_digest(copy, "sha256").hexdigest()
            after = os.fstat(copy.fileno())
        if after.st_size != before.st_size or (expected is not None and found != expected):
            raise StoreError(
                f"The copy of {source} in {target.parent} was not equal to it and was removed.",
                "What was read back is not what was written: a disk, its cable or the memory is failing.",
                "Check the disk's health before you run the command again; the original was not touched.",
            )
        temporary.replace(target)
        sync_folder(target.parent)
    except OSError as error:
        raise store_error("write", target, error) from error
    return Copied(found, after.st_size, before.st_mtime_ns, after.st_mtime_ns, shared=expected is None)


def _check_unchanged(source: Path, before: os.stat_result) -> None:
    try:
        after = source.stat()
    except FileNotFoundError as error:
        raise _changed(source, "it is no longer there") from error
    except OSError as error:
        raise store_error("read", source, error) from error
    if not os.path.samestat(before, after) or (before.st_size, before.st_mtime_ns) != (
        after.st_size,
        after.st_mtime_ns,
    ):
        raise _changed(source, "its size, date or place is another one now")


def _changed(source: Path, reason: str) -> StoreError:
    return StoreError(
        f"{source} changed while it was being copied, so the copy was removed.",
        f"When it was looked at again, {reason}.",
        "Let the program that writes it finish, then run the command again.",
    )


def _clone_descriptor(original: FileIO, copy: FileIO) -> bool:
    """Share the blocks on Linux; False where the file system cannot."""
    if _SYSTEM != "linux":
        return False
    try:
        fcntl.ioctl(copy.fileno(), _FICLONE, original.fileno())
    except OSError:  # EOPNOTSUPP, EXDEV, EINVAL, ENOTTY ...: whatever the reason, a plain copy decides
        return False
    return True


def _clone_path(source: Path, temporary: Path) -> bool:
    """Share the blocks on macOS (clonefile(2), APFS), which creates the file; False where the file system cannot."""
    if _SYSTEM != "darwin":
        return False
    system = ctypes.CDLL(None)
    if system.clonefile(os.fsencode(source), os.fsencode(temporary), 0) != 0:
        return False
    system.chflags(os.fsencode(temporary), 0)  # a locked original makes a locked copy, which could not get its name
    return True
