"""The bytes of a file, of which one piece at a time is in memory.

Whoever looks for frames, pages and tags goes through a file once, from start to end, and looks a little ahead and back on the
way. To that reader this is a file's content, whatever its size, in the memory of one piece.
"""

from pathlib import Path
from typing import BinaryIO, Final, Protocol

from small_dataset_audio.audio import faults

PIECE: Final = 1 << 18
"""Bytes that are read at a time."""
BEHIND: Final = 1 << 14
"""Bytes before the place asked for that are read with it: twice the longest frame, so that who looks ahead and comes back
finds the same piece."""


class Content(Protocol):
    """What is asked of the bytes of a file: `bytes` answer it, and so does a `Window`."""

    def __len__(self) -> int:
        """Return the number of bytes."""

    def __getitem__(self, part: slice, /) -> bytes:
        """Return the bytes of ``part``, fewer where it reaches past the end."""

    def find(self, what: bytes, start: int, end: int, /) -> int:
        """Return where ``what`` stands first between ``start`` and ``end``, -1 where it does not."""

    def startswith(self, what: bytes, start: int, /) -> bool:
        """Return whether ``what`` stands at ``start``."""


class Window:
    """The bytes of an open file.

    Raises, in whatever it is asked: OSError where the disk fails, AudioError where the file becomes shorter meanwhile.
    """

    def __init__(self, file: BinaryIO, path: Path) -> None:
        """Look at ``file``, which lies at ``path``."""
        self._file, self._path = file, path
        self._size = file.seek(0, 2)
        self._first, self._piece = 0, b""

    def __len__(self) -> int:
        """Return the number of bytes in the file."""
        return self._size

    def __getitem__(self, part: slice, /) -> bytes:
        """Return the bytes of ``part``, fewer where it reaches past the end."""
        start, stop, _ = part.indices(self._size)
        if start >= stop:
            return b""
        at = self._place(start, stop)
        return self._piece[at : at + stop - start]

    def find(self, what: bytes, start: int = 0, end: int | None = None, /) -> int:
        """Return where ``what`` stands first between ``start`` and ``end``, -1 where it does not."""
        end = self._size if end is None else min(end, self._size)
        while start + len(what) <= end:
            at = self._place(start, start + len(what))
            found = self._piece.find(what, at, end - self._first)
            if found >= 0:
                return self._first + found
            start = self._first + len(self._piece) - len(what) + 1
        return -1

    def startswith(self, what: bytes, start: int = 0, /) -> bool:
        """Return whether ``what`` stands at ``start``."""
        return self[start : start + len(what)] == what

    def _place(self, start: int, stop: int) -> int:
        """Return where ``start`` is in a piece that holds all up to ``stop``."""
        if start < self._first or stop > self._first + len(self._piece):
            self._first = max(0, start - BEHIND)
            wanted = min(max(stop, self._first + PIECE), self._size) - self._first
            self._file.seek(self._first)
            self._piece = self._file.read(wanted)
            if len(self._piece) < wanted:
                raise faults.changed(self._path)
        return start - self._first
