"""How many bytes of audio a container of chunks or boxes declares, beside how many the file holds.

Decoders take what is there and say nothing; a WAV file whose copy was interrupted would pass for a shorter recording.

Sources: Microsoft/IBM Multimedia Programming Interface 1.0 (RIFF); EBU Tech 3306 (RF64, BW64); Sony Pictures Wave64;
Apple Audio Interchange File Format AIFF-C; Apple Core Audio Format 1.0; Sun au(5); ISO/IEC 14496-12 (MP4); RFC 8794
(EBML); Microsoft Advanced Systems Format 1.2.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final, Literal

_UNKNOWN_32: Final = 0xFFFFFFFF
_STREAMED: Final = ((0x7FFFF000, 0x80000000), (0xFFFFFF00, _UNKNOWN_32))
"""Sizes that programs write when they send a WAV down a pipe and cannot know its length (SoX, arecord; FFmpeg)."""
_SSND_FIELDS: Final = 8  # offset and block size, before the samples
_W64_DATA: Final = b"data\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a"
_W64_HEADER: Final = 40
_ASF_HEADER: Final = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_ASF_FILE: Final = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_EBML_SEGMENT: Final = 0x18538067
_MOST_CHUNKS: Final = 100_000

ByteOrder = Literal["little", "big"]


@dataclass(frozen=True)
class Extent:
    """Bytes of audio declared (None: not known in advance) and present."""

    declared: int | None
    present: int

    @property
    def is_cut(self) -> bool:
        """Whether fewer bytes are present than declared."""
        return self.declared is not None and self.present < self.declared


def riff_extent(file: BinaryIO, size: int) -> Extent | None:
    """Return the extent of the ``data`` chunk of a RIFF, RIFX, RF64 or BW64 file of ``size`` bytes, None without one."""
    magic = _read(file, 0, 12)
    order: ByteOrder = "big" if magic.startswith(b"RIFX") else "little"
    long_length: int | None = None
    for name, start, length in _chunks(file, 12, size, order):
        if name == b"ds64":
            long_length = int.from_bytes(_read(file, start + 8, 8), "little")
        elif name == b"data":
            if length == _UNKNOWN_32 and long_length is not None:
                return Extent(long_length, size - start)
            streamed = any(low <= length <= high for low, high in _STREAMED)
            return Extent(None if streamed else length, size - start)
    return None


def aiff_extent(file: BinaryIO, size: int) -> Extent | None:
    """Return the extent of the ``SSND`` chunk of an AIFF or AIFF-C file, None without one."""
    for name, start, length in _chunks(file, 12, size, "big"):
        if name == b"SSND":
            return Extent(max(0, length - _SSND_FIELDS), max(0, size - start - _SSND_FIELDS))
    return None


def w64_extent(file: BinaryIO, size: int) -> Extent | None:
    """Return the extent of the ``data`` chunk of a Wave64 file, None without one."""
    at = _W64_HEADER
    for _ in range(_MOST_CHUNKS):
        header = _read(file, at, 24)
        length = int.from_bytes(header[16:], "little")
        if len(header) < 24 or length < 24:  # noqa: PLR2004 - a chunk's own header
            return None
        if header.startswith(_W64_DATA):
            return Extent(length - 24, size - at - 24)
        at += (length + 7) // 8 * 8
    return None


def caf_extent(file: BinaryIO, size: int) -> Extent | None:
    """Return the extent of the ``data`` chunk of a Core Audio file, None without one."""
    at = 8
    for _ in range(_MOST_CHUNKS):
        header = _read(file, at, 12)
        length = int.from_bytes(header[4:], "big", signed=True)
        if len(header) < 12 or length < -1:  # noqa: PLR2004 - a chunk's own header
            return None
        if header.startswith(b"data"):
            return Extent(None if length == -1 else length, size - at - 12)
        at += 12 + max(length, 0)
    return None


def au_extent(file: BinaryIO, size: int) -> Extent | None:
    """Return the extent of the audio of a Sun/NeXT file."""
    header = _read(file, 0, 12)
    order: ByteOrder = "big" if header.startswith(b".snd") else "little"
    start, length = int.from_bytes(header[4:8], order), int.from_bytes(header[8:12], order)
    return Extent(None if length == _UNKNOWN_32 else length, max(0, size - start))


def mp4_extent(file: BinaryIO, size: int) -> Extent | None:
    """Return where the last top-level box of an MP4 file says it ends, beside the file's size.

    A file without its index (``moov``) was never finished: its extent is one byte short, whatever its boxes say.
    """
    end, index = 0, False
    for name, _, end in _boxes(file, 0, size):
        index = index or name == b"moov"
        if end > size:
            return Extent(end, size)
    return Extent(end, end) if index else Extent(size + 1, size)


def mp4_timescale(file: BinaryIO, size: int) -> int | None:
    """Return into how many parts an MP4 file divides a second where it gives durations, its edit lists among them."""
    for name, start, end in _boxes(file, 0, size):
        if name == b"moov":
            for inner, content, _ in _boxes(file, start, min(end, size)):
                if inner == b"mvhd":
                    header = _read(file, content, 24)
                    return int.from_bytes(header[20:24] if header[:1] == b"\1" else header[12:16], "big") or None
    return None


def _boxes(file: BinaryIO, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, start of the content and end of the boxes from ``at`` to ``end``, up to the first that reaches past it."""
    for _ in range(_MOST_CHUNKS):
        header = _read(file, at, 16)
        if at >= end or len(header) < 8:  # noqa: PLR2004 - a box's own header
            return
        name, length = header[4:8], int.from_bytes(header[:4], "big")
        start = at + 8
        if length == 1:
            length, start = int.from_bytes(header[8:], "big"), at + 16
        elif length == 0:
            length = end - at
        if length < 8 or not name.replace(b"\xa9", b"c").isalnum():  # noqa: PLR2004 - not a box: junk at the end
            return
        yield name, start, at + length
        if at + length > end:
            return
        at += length


def ebml_extent(file: BinaryIO, size: int) -> Extent | None:
    """Return where the segment of a Matroska or WebM file says it ends, None where it does not say."""
    at = 0
    for _ in range(_MOST_CHUNKS):
        identifier, after = _ebml_number(file, at, keep_marker=True)
        length, start = _ebml_number(file, after, keep_marker=False)
        if identifier is None or length is None:
            return None
        if identifier == _EBML_SEGMENT:
            return Extent(start + length, size)
        at = start + length
    return None


def asf_extent(file: BinaryIO, size: int) -> Extent | None:
    """Return the size that the header of a WMA (ASF) file declares, beside the file's own; None where it does not say."""
    if _read(file, 0, 16) != _ASF_HEADER:
        return None
    at = 30
    for _ in range(int.from_bytes(_read(file, 24, 4), "little") % _MOST_CHUNKS):
        header = _read(file, at, 24)
        if header.startswith(_ASF_FILE):
            body = _read(file, at + 24, 68)
            streamed = int.from_bytes(body[64:68], "little") & 1
            return None if streamed else Extent(int.from_bytes(body[16:24], "little"), size)
        at += max(24, int.from_bytes(header[16:], "little"))
    return None


EXTENTS: Final[dict[str, Callable[[BinaryIO, int], Extent | None]]] = {
    "WAV": riff_extent,
    "AIFF": aiff_extent,
    "W64": w64_extent,
    "CAF": caf_extent,
    "AU": au_extent,
    "MP4": mp4_extent,
    "Matroska": ebml_extent,
    "WMA": asf_extent,
}
"""By the name of the format: how to find what it declares."""


def _chunks(file: BinaryIO, at: int, size: int, order: ByteOrder) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, start and length of the chunks from ``at`` on, up to the first that reaches past the end."""
    for _ in range(_MOST_CHUNKS):
        if at + 8 > size:
            return
        header = _read(file, at, 8)
        length = int.from_bytes(header[4:], order)
        yield header[:4], at + 8, length
        at += 8 + length + (length & 1)


def _ebml_number(file: BinaryIO, at: int, *, keep_marker: bool) -> tuple[int | None, int]:
    """Return the variable-length number at ``at`` (None where it is reserved or invalid) and where it ends."""
    data = _read(file, at, 8)
    width = 9 - data[0].bit_length() if data and data[0] else 0
    if not 0 < width <= len(data):
        return None, at
    value = int.from_bytes(data[:width], "big")
    payload = value & ((1 << 7 * width) - 1)
    if keep_marker:
        return value, at + width
    return (None if payload == (1 << 7 * width) - 1 else payload), at + width


def _read(file: BinaryIO, at: int, length: int) -> bytes:
    """Return up to ``length`` bytes from ``at`` on; fewer, or none, past the end."""
    file.seek(min(at, 1 << 62))
    return file.read(length)
