import struct
import zlib

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.dataset.report.drawing.png import LEVELS, palette, png


def decoded(data: bytes) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the palette and the pixels of a PNG, read as the standard says."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, at = {}, 8
    while at < len(data):
        size = int.from_bytes(data[at : at + 4])
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        assert zlib.crc32(kind + body) == int.from_bytes(data[at + 8 + size : at + 12 + size])
        chunks[kind] = body
        at += 12 + size
    assert list(chunks) == [b"IHDR", b"PLTE", b"IDAT", b"IEND"]
    width, height, bits, kind_of_colour, *rest = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert (bits, kind_of_colour, rest) == (8, 3, [0, 0, 0])
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, width + 1)
    assert set(rows[:, 0].tolist()) == {2}
    pixels = np.cumsum(rows[:, 1:], axis=0, dtype=np.uint8)
    return np.frombuffer(chunks[b"PLTE"], np.uint8).reshape(-1, 3), pixels


def test_a_picture_comes_back() -> None:
    levels = np.random.default_rng(0).integers(0, LEVELS, (7, 11)).astype(np.uint8)
    colours, pixels = decoded(png(levels))
    assert np.array_equal(pixels, levels)
    assert np.array_equal(colours, palette())


def test_louder_is_lighter_all_the_way() -> None:
    linear = (palette() / 255.0) ** 2.2
    lightness = linear @ (0.2126, 0.7152, 0.0722)
    assert (np.diff(lightness) > 0).all()
