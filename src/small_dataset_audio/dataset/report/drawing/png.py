"""A picture of levels as a PNG file with a palette. Source: W3C, Portable Network Graphics (third edition)."""

import struct
import zlib
from typing import Final

import numpy as np
from numpy.typing import NDArray

LEVELS: Final = 64
"""Shades; more cannot be told apart in a spectrogram and make files larger."""

_STOPS: Final = (
    (11, 15, 20),
    (15, 42, 56),
    (13, 87, 98),
    (44, 144, 134),
    (147, 193, 140),
    (240, 219, 152),
    (255, 247, 228),
)
"""From silence to full level. Lightness rises all the way, so that it reads the same to those who do not see colours."""

_EFFORT: Final = 6
"""Of zlib; 9 takes four times as long for 2 % less."""
_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_BITS, _INDEXED = 8, 3
_UP: Final = 2
"""The filter that stores a byte as its difference to the one above."""


def palette() -> NDArray[np.uint8]:
    """Return the colours of the levels ``[shape=(LEVELS, 3)]``, from low to high."""
    stops = np.array(_STOPS, dtype=np.float64)
    places = np.linspace(0, len(_STOPS) - 1, LEVELS)
    return (
        np.stack([np.interp(places, np.arange(len(_STOPS)), stops[:, i]) for i in range(3)], axis=1)
        .round()
        .astype(np.uint8)
    )


def png(levels: NDArray[np.uint8]) -> bytes:
    """Return the file of a picture.

    Args:
        levels: 0 to `LEVELS` - 1 ``[shape=(height, width)]``, the highest row first.
    """
    height, width = levels.shape
    above = np.vstack([np.zeros((1, width), dtype=np.uint8), levels[:-1]])
    rows = np.empty((height, width + 1), dtype=np.uint8)
    rows[:, 0] = _UP
    rows[:, 1:] = levels - above
    header = struct.pack(">IIBBBBB", width, height, _BITS, _INDEXED, 0, 0, 0)
    return b"".join(
        (
            _SIGNATURE,
            _chunk(b"IHDR", header),
            _chunk(b"PLTE", palette().tobytes()),
            _chunk(b"IDAT", zlib.compress(rows.tobytes(), _EFFORT)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)
