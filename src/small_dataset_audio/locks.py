"""One writer at a time in a folder, over threads, processes and machines.

On local disks the lock is `flock(2)` on the folder itself: nothing is created, and the system releases it when the process
ends, however it ends. Network and user-space file systems either refuse that (NFS answers EBADF) or keep such a lock to one
machine without saying so (Linux's NFS, SMB and FUSE clients have no lock operation for folders). There an empty hidden file
in the folder is locked instead. It is never removed: a client that still caches the removed file could lock a ghost.

All machines that share a folder must reach it over the network, so that they use the same kind of lock.
"""

import contextlib
import errno
import fcntl
import os
import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from small_dataset_audio.atomic import TEMPORARY_SUFFIX, store_error, sweep_temporaries, write_bytes
from small_dataset_audio.errors import StoreError

LOCK_NAME: Final = ".sda-lock"
LOCK_SECONDS: Final = 60.0
"""How long to wait for another writer: updates take milliseconds, writing separated stems takes seconds."""

_REFUSALS: Final = frozenset({
    errno.EBADF, errno.EINVAL, errno.EISDIR, errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOTTY,
})  # fmt: skip
_NETWORK_KINDS: Final = frozenset({
    "9p", "acfs", "afpfs", "afs", "beegfs", "ceph", "cifs", "davfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "panfs", "prl_fs",
    "smb2", "smb3", "smbfs", "vboxsf", "virtiofs", "vmhgfs", "webdav",
})  # fmt: skip
_FIRST_PAUSE: Final = 0.0005
_LONGEST_PAUSE: Final = 0.01


class FolderVanished(StoreError):  # noqa: N818 - the name says what happened
    """The folder does not exist, or was removed while its lock was waited for."""


class LockTaken(StoreError):  # noqa: N818 - the name says what happened to the lock
    """Another writer held the lock for longer than was waited."""


class _Held(threading.local):
    """Which folders this thread has locked, as (device, inode)."""

    def __init__(self) -> None:
        self.folders: set[tuple[int, int]] = set()


_held = _Held()
_descriptors: set[int] = set()
_kinds: dict[int, bool] = {}


def _forget_in_child() -> None:
    """Drop the parent's locks in a forked child: an open copy would keep them locked after the parent has died."""
    for descriptor in _descriptors:
        with contextlib.suppress(OSError):
            os.close(descriptor)
    _descriptors.clear()
    _held.folders.clear()


os.register_at_fork(after_in_child=_forget_in_child)


@contextlib.contextmanager
def folder_lock(folder: Path, *, seconds: float = LOCK_SECONDS) -> Iterator[None]:
    """Hold the only right to write in ``folder``; a thread that holds it may take it again.

    Whatever writes in a shared folder holds this lock, because the holder may remove temporary files of dead writers.

    Args:
        folder: an existing folder.
        seconds: how long to wait for another writer.

    Raises:
        LockTaken: another writer did not finish in time.
        StoreError: the file system has no locks.
        FolderVanished: there is no such folder (any more).
    """
    identity = _identity(folder)
    if identity in _held.folders:
        yield
        return
    descriptor = _acquire(folder, seconds)
    try:
        identity = _identity(folder)
        _held.folders.add(identity)
        yield
    finally:
        _held.folders.discard(identity)
        _release(descriptor)


def write_in_turn(path: Path, data: bytes) -> None:
    """Put ``data`` at ``path``, whole or not at all, and remove what dead writers left in that folder.

    All who write in the folder must do it this way, or hold its lock.

    Raises:
        StoreError: as `folder_lock` and `atomic.replacing`.
    """
    with folder_lock(path.parent):
        _sweep(path.parent)
        write_bytes(path, data)


def sweep_if_free(folder: Path) -> None:
    """Remove what dead writers left in a folder in which `write_in_turn` writes; nothing while somebody writes there."""
    with contextlib.suppress(OSError, StoreError):
        if next(folder.glob(f".*{TEMPORARY_SUFFIX}"), None) is not None:
            with folder_lock(folder, seconds=0):
                sweep_temporaries(folder)


def _sweep(folder: Path) -> None:
    try:
        sweep_temporaries(folder)
    except OSError as error:
        raise store_error("clean up", folder, error) from error


def _identity(folder: Path) -> tuple[int, int]:
    try:
        status = folder.stat()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise _vanished(folder) from error
    except OSError as error:
        raise store_error("lock", folder, error) from error
    return status.st_dev, status.st_ino


def _acquire(folder: Path, seconds: float) -> int:
    """Return the descriptor that holds the lock."""
    give_up = time.monotonic() + seconds
    pause = _FIRST_PAUSE
    while True:
        try:
            descriptor = _attempt(folder)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise _vanished(folder) from error
        except OSError as error:
            raise _no_lock(folder, error) from error
        if descriptor is not None:
            return descriptor
        if time.monotonic() >= give_up:
            raise LockTaken(
                f"Could not write in {folder}.",
                f"Another sda process has been working in that folder for {seconds:g} seconds.",
                "Wait until the other run has ended (or end it), then run the command again.",
            )
        time.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - spreads the attempts, protects nothing
        pause = min(2 * pause, _LONGEST_PAUSE)


def _attempt(folder: Path) -> int | None:
    """Return the descriptor that holds the lock, or None while another writer has it."""
    if not _needs_lock_file(folder):
        try:
            return _lock_open(folder, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            if error.errno not in _REFUSALS:
                raise
    return _lock_open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW)


def _lock_open(path: Path, flags: int) -> int | None:
    descriptor = os.open(path, flags | os.O_CLOEXEC, 0o666)
    _descriptors.add(descriptor)
    locked = False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        locked = os.path.samestat(os.fstat(descriptor), path.stat())
    except (BlockingIOError, FileNotFoundError):  # another's, or removed while it was waited for
        return None
    finally:
        if not locked:
            _release(descriptor)
    return descriptor if locked else None


def _release(descriptor: int) -> None:
    """Unlock and close; unlocked first, since a child that was just forked may hold a copy."""
    if descriptor not in _descriptors:
        return  # forked while the lock was held: the child has none
    with contextlib.suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_UN)
    _descriptors.discard(descriptor)
    with contextlib.suppress(OSError):
        os.close(descriptor)


def _needs_lock_file(folder: Path) -> bool:
    """Whether ``folder`` is on a file system whose folder locks, if any, other machines do not see."""
    device = folder.stat().st_dev
    if device not in _kinds:
        kind = _file_system(folder)
        _kinds[device] = kind in _NETWORK_KINDS or kind.startswith("fuse")
    return _kinds[device]


def _file_system(folder: Path) -> str:
    """Return the kind of file system under ``folder`` ("ext4", "nfs4"), "" where the system does not tell."""
    import psutil  # noqa: PLC0415 - a tenth of a second that reading .INFO files does not need

    try:
        mounts = {mount.mountpoint: mount.fstype.lower() for mount in psutil.disk_partitions(all=True)}
    except (OSError, psutil.Error):
        return ""
    real = Path(os.path.realpath(folder))
    return next((mounts[str(place)] for place in (real, *real.parents) if str(place) in mounts), "")


def _vanished(folder: Path) -> FolderVanished:
    return FolderVanished(
        f"The folder {folder} does not exist.",
        "It was moved or removed, perhaps while sda was working.",
        "Check its path, then run the command again.",
    )


def _no_lock(folder: Path, error: OSError) -> StoreError:
    if error.errno not in _REFUSALS:
        return store_error("lock", folder, error)
    return StoreError(
        f"Could not lock {folder}.",
        f"The file system there cannot lock files ({error.strerror or error}), so two runs could destroy each other's work.",
        "Mount it with locking (for NFS: start the lock service), or choose a folder on a local disk.",
    )
