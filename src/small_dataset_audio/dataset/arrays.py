"""Several arrays of numbers in one archive: the same content gives the same bytes, and reading believes no header.

The format is that of ``numpy.savez_compressed``, and ``numpy.load(path, allow_pickle=False)`` reads it.
"""

import io
import math
import zipfile
import zlib
from collections.abc import Mapping
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray

_LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)
"""The time that every array is stored with: the hour of writing would make the bytes differ."""
_DAMAGE: Final = (EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, MemoryError, KeyError)
"""What reading an archive that is damaged, or none, ends with: its flags, methods, lengths and sums may be anything."""


class TooLarge(ValueError):  # noqa: N818 - the name says what it is
    """Unpacked, the archive would have more bytes than it may."""


def write_arrays(file: IO[bytes], arrays: Mapping[str, Any]) -> None:
    """Write ``arrays`` into a file that is open for writing."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy", _LONG_AGO)
            entry.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(entry, "w") as out:
                np.lib.format.write_array(out, np.asarray(array), allow_pickle=False)


def read_arrays(data: bytes, most: int) -> dict[str, NDArray[Any]]:
    """Return name -> array of what is in an archive.

    Args:
        data: the archive.
        most: bytes that it may have, unpacked.

    Raises:
        TooLarge: it would have more.
        ValueError: it is no archive of arrays of numbers, or it is damaged.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > most:
                raise TooLarge(most)
            return {name.removesuffix(".npy"): _read_array(archive.read(name)) for name in archive.namelist()}
    except _DAMAGE as error:
        raise ValueError(str(error)) from error


def _read_array(data: bytes) -> NDArray[Any]:
    """Return an array; unlike numpy, which believes the header, take no memory for what is not there.

    Raises:
        ValueError: it is no array of numbers, or not as long as its header says.
    """
    file = io.BytesIO(data)
    version = np.lib.format.read_magic(file)
    header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, in_columns, kind = header(file)
    if kind.kind not in "iuf" or math.prod(shape) * kind.itemsize != len(data) - file.tell():
        raise ValueError(shape)
    array = np.frombuffer(data, kind, offset=file.tell())
    return array.reshape(shape, order="F" if in_columns else "C")
