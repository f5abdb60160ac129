"""Arrays that are too long for memory: written once from start to end, on disk, then read like any other array.

A spooled array lies in a file without a name in the scratch folder: nothing is left of it when the last array that shows
it is gone, or when the process is, however it ends. It is mapped into memory, read-only, so that whatever takes an array
takes it. What was read of it counts as memory of the process until it is given back: who reads a long array reads it by
`blocks`, or calls `give_back` on what has been read. To arrays in memory neither does anything, so that the same lines
serve both. What is derived from an array lies where that array lies (`folder_of`).
"""

import errno
import mmap
import os
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
from numpy.typing import DTypeLike, NDArray

from small_dataset_audio.errors import StoreError

MOST_HELD: Final = 64 << 20
"""Bytes of one decoded recording that stay in memory: three minutes of stereo at 44.1 kHz."""
LONGEST_HELD: Final = 300.0
"""Seconds of it: what is derived from a recording at a low rate is larger than the recording."""
BLOCK: Final = 1 << 18
"""Samples read at a time where nothing else is said: 1 MiB, so that they stay in the processor's cache."""
_TOGETHER: Final = 2 << 20
"""Bytes of a file that the system may keep in one piece, which it maps as a whole when one byte of it is read."""
_AROUND: Final = 1 << 16
"""Bytes before and behind that which it maps besides."""
MOST_LINGERING: Final = 6 << 20
"""Bytes that are kept in memory when they were given back, of all files together: each time that some are let go of costs as
much as reading a megabyte."""

Array = NDArray[Any]


@dataclass(frozen=True)
class Scratch:
    """Where recordings that are too long for memory are decoded to.

    Attributes:
        folder: where the files without a name are made.
        most_held: bytes up to which a recording stays in memory.
    """

    folder: Path
    most_held: int = MOST_HELD

    def takes(self, size: int, seconds: float) -> bool:
        """Return whether a recording of ``size`` decoded bytes and ``seconds`` is to lie here, and not in memory."""
        return size > self.most_held or seconds > LONGEST_HELD


class _Pages(mmap.mmap):
    """A mapped file.

    Attributes:
        folder: the folder that the file is in.
        address: where it lies in memory.
    """

    folder: Path
    address: int


class _Lingering(threading.local):
    """What this thread is done with and holds all the same: neighbours are often read next, and letting go costs time."""

    def __init__(self) -> None:
        self._stretches: list[tuple[weakref.ref[_Pages], int, int]] = []
        self._held = 0

    def add(self, pages: _Pages, first: int, stop: int) -> None:
        """Let go of the bytes from ``first`` to ``stop`` of a file, now or together with others later."""
        apart = []
        for stretch in self._stretches:
            of, begin, end = stretch
            if of() is not pages or end < first or stop < begin:
                apart.append(stretch)
            elif begin <= first and stop <= end:
                return
            else:
                first, stop = min(first, begin), max(stop, end)
                self._held -= end - begin
        self._stretches = [*apart, (weakref.ref(pages), first, stop)]
        self._held += stop - first
        if self._held >= MOST_LINGERING:
            self._let_go()

    def _let_go(self) -> None:
        stretches, self._stretches, self._held = self._stretches, [], 0
        for of, begin, end in stretches:
            if (pages := of()) is not None:
                pages.madvise(mmap.MADV_DONTNEED, begin, end - begin)


_lingering = _Lingering()


class Spool:
    """An array being written: in memory, or on disk where a folder is given.

    Attributes:
        length: what has been written of each row.
        folder: where the file is; None for memory.
    """

    def __init__(self, rows: int, room: int, folder: Path | None = None, dtype: DTypeLike = np.float32) -> None:
        """Make place for an array ``[shape=(rows, room)]``.

        Raises:
            StoreError: there can be no file in ``folder``.
        """
        self.length = 0
        self.folder = folder
        self._rows, self._room = rows, room
        self._dtype = np.dtype(dtype)
        if folder is None:
            self._held: Array = np.empty((rows, room), dtype=self._dtype)
            return
        size = room * self._dtype.itemsize
        self._stride = size + -size % mmap.ALLOCATIONGRANULARITY
        try:
            file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115 - open as long as it is written
        except OSError as error:
            raise _refused(folder, error) from error
        self._file: IO[bytes] = file
        weakref.finalize(self, file.close)

    def append(self, block: Array) -> None:
        """Write ``block`` ``[shape=(rows, n)]`` behind what is there; there must be room for it.

        Raises:
            StoreError: the disk is full, or fails.
        """
        stop = self.length + block.shape[1]
        if self.folder is None:
            self._held[:, self.length : stop] = block
        else:
            for row, part in enumerate(block):
                data = np.ascontiguousarray(part, dtype=self._dtype).view(np.uint8).data
                self._write(data, row * self._stride + self.length * self._dtype.itemsize, self.folder)
        self.length = stop

    def finish(self) -> Array:
        """Return what was written ``[shape=(rows, length)]``, each row in one piece; it cannot be written to if it is on disk.

        Raises:
            StoreError: the file cannot be mapped into memory.
        """
        if self.folder is None:
            return self._held[:, : self.length]
        shape = (self._rows, self.length)
        if not self.length:
            return np.empty(shape, dtype=self._dtype)
        size = (self._rows - 1) * self._stride + self.length * self._dtype.itemsize
        with self._file:
            try:
                self._file.truncate(size)
                pages = _Pages(self._file.fileno(), size, access=mmap.ACCESS_READ)
            except OSError as error:
                raise _refused(self.folder, error) from error
        pages.folder = self.folder
        array: Array = np.ndarray(shape, self._dtype, pages, strides=(self._stride, self._dtype.itemsize))
        pages.address = int(array.__array_interface__["data"][0])
        return array

    def _write(self, data: memoryview, place: int, folder: Path) -> None:
        done = 0
        try:
            while done < len(data):
                done += os.pwrite(self._file.fileno(), data[done:], place + done)
        except OSError as error:
            raise _refused(folder, error) from error


class Table:
    """Rows being written one after another: in memory, or on disk where a folder is given."""

    def __init__(self, columns: int, room: int, folder: Path | None = None, dtype: DTypeLike = np.float32) -> None:
        """Make place for a table ``[shape=(room, columns)]``.

        Raises:
            StoreError: as `Spool`.
        """
        self._columns = columns
        self._spool = Spool(1, room * columns, folder, dtype)

    def append(self, rows: Array) -> None:
        """Write ``rows`` ``[shape=(n, columns)]`` behind what is there.

        Raises:
            StoreError: as `Spool.append`.
        """
        self._spool.append(rows.reshape(1, -1))

    def finish(self) -> Array:
        """Return what was written ``[shape=(n, columns)]``.

        Raises:
            StoreError: as `Spool.finish`.
        """
        return np.asarray(self._spool.finish()[0].reshape(-1, self._columns))


def folder_of(array: Array) -> Path | None:
    """Return the scratch folder that ``array`` lies in; None for memory."""
    pages = _pages_under(array)
    return None if pages is None else pages.folder


def give_back(array: Array) -> None:
    """Let go of the memory that was taken by reading ``array``, if it lies on disk; it can be read again all the same."""
    pages = _pages_under(array)
    if pages is None or not array.size or not hasattr(mmap, "MADV_DONTNEED"):
        return
    for part in array if array.ndim > 1 and not array.flags.c_contiguous else (array,):
        if part.flags.c_contiguous:  # in most cases, and many times faster
            low = int(part.__array_interface__["data"][0])
            high = low + part.nbytes
        else:
            low, high = np.lib.array_utils.byte_bounds(part)
        first = (low - pages.address) // _TOGETHER * _TOGETHER - _AROUND
        stop = -(-(high - pages.address) // _TOGETHER) * _TOGETHER + _AROUND
        _lingering.add(pages, max(first, 0), min(stop, len(pages)))


def blocks(array: Array, size: int = BLOCK, *, axis: int = -1) -> Iterator[tuple[int, Array]]:
    """Yield ``array`` in blocks along ``axis``, as (index of the first, at most ``size`` of them), and give each back."""
    for start in range(0, array.shape[axis], size):
        block = array[start : start + size] if axis == 0 else array[..., start : start + size]
        yield start, block
        give_back(block)


def applied(function: Callable[[Array], Array], array: Array) -> Array:
    """Return ``function(array)`` ``[shape=array.shape]``, made and stored a block at a time where ``array`` is on disk.

    Args:
        function: works on each element by itself.
        array: ``[shape=(rows, n)]``.
    """
    if folder_of(array) is None:
        return function(array)
    spool = Spool(array.shape[0], array.shape[1], folder_of(array))
    for _, block in blocks(array):
        spool.append(function(block))
    return spool.finish()


def first_highest(line: Array) -> int:
    """Return where the highest value of ``line`` ``[shape=(n,)]`` is, the first place of several; n is at least 1."""
    best, place = line[0], 0
    for start, block in blocks(line):
        here = int(block.argmax())
        if block[here] > best:
            best, place = block[here], start + here
    return place


def last_lowest(line: Array) -> int:
    """Return where the lowest value of ``line`` ``[shape=(n,)]`` is, the last place of several; n is at least 1."""
    best, place = line[0], 0
    for start, block in blocks(line):
        here = block.shape[0] - 1 - int(block[::-1].argmin())
        if block[here] <= best:
            best, place = block[here], start + here
    return place


def first_reaching(line: Array, levels: Array) -> Array:
    """Return where ``line`` ``[shape=(n,)]`` first reaches each of the ascending ``levels``; n where it does not."""
    places = np.full(levels.shape[0], line.shape[0], dtype=np.intp)
    found = 0
    for start, block in blocks(line):
        rise = np.maximum.accumulate(block)
        here = np.searchsorted(rise, levels[found:])
        reached = int(np.count_nonzero(here < block.shape[0]))
        places[found : found + reached] = start + here[:reached]
        found += reached
        if found == levels.shape[0]:
            break
    return places


def _pages_under(array: Array) -> _Pages | None:
    """Return the mapped file that ``array`` is a view of, if it is one."""
    under: object = array
    while under is not None and not isinstance(under, _Pages):
        under = under.obj if isinstance(under, memoryview) else getattr(under, "base", None)
    return under


def _refused(folder: Path, error: OSError) -> StoreError:
    """Return the error for a scratch file that cannot be made, written or mapped."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        fix = "Free space there, or name a folder on a disk with more room as paths.cache in the settings."
    else:
        fix = "Name a folder that you can write to as paths.cache in the settings."
    return StoreError(
        f"A long recording could not be laid out in {folder}.",
        f"What does not fit into memory is kept there while it is measured, and the system answered: {error.strerror or error}.",
        fix,
    )
