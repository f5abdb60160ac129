"""How fast the folder of the recordings can be read from its disk, rather than from memory."""

import contextlib
import fcntl
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from small_dataset_audio.hardware.benchmark.spread import repeat

FULL_BYTES: Final = 96 * 2**20
QUICK_BYTES: Final = 32 * 2**20
_BLOCK: Final = 2**20
_ROOM: Final = 8
"""So many times the file's size must be free on the disk."""
_NO_CACHE: Final = 48
"""F_NOCACHE of macOS, fcntl(2): neither keep nor use what is read in memory."""


class NoDisk(Exception):  # noqa: N818 - a reason, not an error that a user meets
    """The rate cannot be measured; the text says why."""


def nearest_folder(folder: Path) -> Path:
    """Return ``folder``, or the nearest folder above it that exists: it lies on the same disk."""
    return next(place for place in (folder, *folder.parents) if place.is_dir())


def read_rate(folder: Path, size: int, *, least: int = 3, seconds: float = 0.3) -> list[float]:
    """Return repeated measurements of the read rate in bytes per second.

    A file of random bytes is written that never has a name (elsewhere than on Linux: none as soon as it is open), so that
    nothing is left behind whatever happens. Before each reading the system is told to forget what it keeps of it.

    Args:
        folder: where; nothing that is there is touched.
        size: of the file in bytes.
        least: how many readings at least.
        seconds: how long to read altogether at least.

    Raises:
        NoDisk: it cannot be written there, or too little space is free.
    """
    try:
        status = os.statvfs(folder)
        if status.f_bavail * status.f_frsize < _ROOM * size:
            raise NoDisk(f"less than {_ROOM * size // 2**20} MiB are free on the disk of {folder}")
        file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115 - closed below
    except OSError as error:
        raise NoDisk(f"{folder} cannot be written: {error.strerror or error}") from error
    descriptor = file.fileno()
    try:
        block = os.urandom(_BLOCK)
        for _ in range(size // _BLOCK):
            os.write(descriptor, block)
        os.fsync(descriptor)
        forget = _forgetting(descriptor)
        work = _reading(descriptor)
        return [size / took for took in repeat(work, least=least, seconds=seconds, before=forget)]
    except OSError as error:
        raise NoDisk(f"the disk of {folder} failed: {error.strerror or error}") from error
    finally:
        with contextlib.suppress(OSError):  # it is of no interest any more
            file.close()


def _reading(descriptor: int) -> Callable[[], None]:
    buffer = bytearray(_BLOCK)

    def read() -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        while os.readv(descriptor, [buffer]):
            pass

    return read


def _forgetting(descriptor: int, platform: str = sys.platform) -> Callable[[], None]:
    """Return what makes the system forget the file's content: the next reading comes from the disk."""
    if platform == "darwin":
        fcntl.fcntl(descriptor, _NO_CACHE, 1)
        return lambda: None
    return lambda: os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
