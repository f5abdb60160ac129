"""ID3v2 tags without what plain readers of tags stumble over: unsynchronisation and data length indicators.

Unsynchronisation puts a zero byte behind every byte 255, so that old players do not take tags for sound; UTF-16 text begins
with such a byte. (ID3v2.3.0, section 5; ID3v2.4.0 structure, sections 4.1.2 and 6.1.)
"""

import io
import zlib
from typing import BinaryIO, Final

_HEADER: Final = 10
_LARGEST: Final = 64 * 2**20
"""Bytes. Pictures make tags large; what is larger than this is no tag."""
_UNSYNCHRONISED: Final = 0x80
_EXTENDED: Final = 0x40
_FRAME_UNSYNCHRONISED: Final = 0x02
_LENGTH_TOLD: Final = 0x01
_COMPRESSED: Final = 0x08
_ENCRYPTED: Final = 0x04
_BY_FRAME: Final = 4
"""The version in which single frames are marked."""


def straightened(file: BinaryIO) -> BinaryIO:
    """Return a file whose ID3v2 tag, if it has one, can be read plainly; ``file`` itself where that is so already."""
    header = file.read(_HEADER)
    file.seek(0)
    if len(header) < _HEADER or not header.startswith(b"ID3"):
        return file
    version, flags, size = header[3], header[5], _synchsafe(header[6:])
    if size > _LARGEST or flags & _EXTENDED or not (version >= _BY_FRAME or flags & _UNSYNCHRONISED):
        return file
    whole = file.read(_HEADER + size)
    file.seek(0)
    body = whole[_HEADER:]
    plain = _frames(body, flags) if version >= _BY_FRAME else _resynchronised(body)
    if plain == body:
        return file
    told = bytes((len(plain) >> shift) & 0x7F for shift in (21, 14, 7, 0))
    rest = file.seek(_HEADER + size) and file.read(4)  # tells FLAC behind a tag from MPEG audio
    file.seek(0)
    if rest == b"fLaC":
        return file
    return io.BytesIO(header[:5] + bytes([flags & ~_UNSYNCHRONISED]) + told + plain)


def _frames(body: bytes, flags: int) -> bytes:
    """Return the frames of an ID3v2.4 tag, each as if it had no flags."""
    made, at = [], 0
    while at + _HEADER <= len(body) and body[at] != 0:
        size = _synchsafe(body[at + 4 : at + 8])
        marks, content = body[at + 9], body[at + _HEADER : at + _HEADER + size]
        if marks & _LENGTH_TOLD:
            content = content[4:]
        if marks & _FRAME_UNSYNCHRONISED or flags & _UNSYNCHRONISED:
            content = _resynchronised(content)
        if not marks & _ENCRYPTED:
            content = _inflated(content) if marks & _COMPRESSED else content
            told = bytes((len(content) >> shift) & 0x7F for shift in (21, 14, 7, 0))
            made.append(body[at : at + 4] + told + b"\0\0" + content)
        at += _HEADER + size
    return b"".join(made) if made else body


def _inflated(content: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(content, _LARGEST)
    except zlib.error:
        return b""


def _resynchronised(content: bytes) -> bytes:
    return content.replace(b"\xff\x00", b"\xff")


def _synchsafe(four: bytes) -> int:
    return sum((byte & 0x7F) << shift for byte, shift in zip(four, (21, 14, 7, 0), strict=True))
