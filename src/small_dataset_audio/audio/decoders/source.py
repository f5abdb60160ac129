"""A file, or a part of it, as decoders read it to whom no error can be told."""

import io
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_FARTHEST: Final = 1 << 62
"""Beyond this the system knows no positions."""


class Source(io.RawIOBase):
    """The bytes of a file from ``start`` to ``stop``: to who reads it, a file of its own.

    Libraries in C call these methods, and what they raise is printed to the terminal. So they raise nothing: where the disk
    fails there are no more bytes, and `failure` tells why.
    """

    failure: OSError | None = None

    def __init__(self, path: Path, start: int = 0, stop: int | None = None) -> None:
        """Open the file at ``path``; ``stop`` is where the part ends, None for the end of the file.

        Raises:
            OSError: it cannot be opened.
        """
        self._file = io.FileIO(path)
        self._start = start
        self._size = (self._file.seek(0, io.SEEK_END) if stop is None else stop) - start
        self._at = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the position."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Return the new position, -1 where there is no such position (a damaged header may ask for any)."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}.get(whence)
        if base is None or not 0 <= base + offset <= _FARTHEST:
            return -1
        self._at = base + offset
        return self._at

    def readinto(self, room: "WriteableBuffer", /) -> int:
        """Read the next bytes into ``room`` and return how many they are, none where the disk fails."""
        view = memoryview(room).cast("B")[: max(0, self._size - self._at)]
        try:
            self._file.seek(self._start + self._at)
            count = self._file.readinto(view) or 0
        except OSError as error:
            self.failure = error
            return 0
        self._at += count
        return count

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()
