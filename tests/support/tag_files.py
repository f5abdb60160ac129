"""Audio files with tags, made byte by byte."""

import struct
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import soundfile

from support.signals import tone

LATIN, UTF16, UTF16_BE, UTF8 = 0, 1, 2, 3
"""Encodings of ID3v2 (section 4 of its structure)."""
_CODECS = {LATIN: "latin-1", UTF16: "utf-16", UTF16_BE: "utf-16-be", UTF8: "utf-8"}
_SOUND = (b"\xff\xfb\x90\x00" + bytes(413)) * 4
"""Four MP3 frames of silence."""


def synchsafe(number: int) -> bytes:
    """Return a number in four bytes of seven bits."""
    return bytes((number >> shift) & 0x7F for shift in (21, 14, 7, 0))


def frame(name: str, content: bytes, version: int = 4, flags: int = 0) -> bytes:
    """Return one frame of an ID3v2 tag."""
    if version == 2:
        return name.encode() + len(content).to_bytes(3) + content
    size = synchsafe(len(content)) if version == 4 else len(content).to_bytes(4)
    return name.encode() + size + bytes([0, flags]) + content


def text_frame(name: str, text: str | bytes, encoding: int = UTF8, version: int = 4) -> bytes:
    """Return a frame of text; bytes are stored as they are."""
    data = text if isinstance(text, bytes) else text.encode(_CODECS[encoding])
    return frame(name, bytes([encoding]) + data, version)


def id3(frames: bytes, version: int = 4, flags: int = 0, size: int | None = None) -> bytes:
    """Return an ID3v2 tag."""
    return b"ID3" + bytes([version, 0, flags]) + synchsafe(len(frames) if size is None else size) + frames


def unsynchronised(data: bytes) -> bytes:
    """Return ``data`` with a zero byte behind every byte 255 that needs one."""
    made = bytearray()
    for index, byte in enumerate(data):
        made.append(byte)
        after = data[index + 1 : index + 2]
        if byte == 0xFF and (not after or after[0] >= 0xE0 or after[0] == 0):
            made.append(0)
    return bytes(made)


def id3v1(title: bytes = b"", artist: bytes = b"", album: bytes = b"", year: bytes = b"", genre: int = 255) -> bytes:
    """Return an ID3v1 tag."""
    return (
        b"TAG"
        + title.ljust(30, b"\0")
        + artist.ljust(30, b"\0")
        + album.ljust(30, b"\0")
        + year.ljust(4, b"\0")
        + bytes(30)
        + bytes([genre])
    )


def mp3(path: Path, tag: bytes = b"", end: bytes = b"") -> Path:
    """Write an MP3 file of silence."""
    path.write_bytes(tag + _SOUND + end)
    return path


def vorbis_comment(comments: Sequence[tuple[str, str | bytes]]) -> bytes:
    """Return a block of Vorbis comments."""
    made = struct.pack("<I", 4) + b"none" + struct.pack("<I", len(comments))
    for name, text in comments:
        pair = name.encode() + b"=" + (text if isinstance(text, bytes) else text.encode())
        made += struct.pack("<I", len(pair)) + pair
    return made


def flac(path: Path, comments: Sequence[tuple[str, str | bytes]], seconds: float = 0.5) -> Path:
    """Write a FLAC file with Vorbis comments."""
    soundfile.write(path, tone(seconds, 8000).T, 8000)
    whole = path.read_bytes()
    block = vorbis_comment(comments)
    info = whole[4 : 4 + 4 + 34]
    rest = whole[4 + 4 + 34 :]
    if info[0] & 0x80:
        info, last = bytes([info[0] & 0x7F]) + info[1:], 0x80
    else:
        last = 0
    path.write_bytes(whole[:4] + info + bytes([4 | last]) + len(block).to_bytes(3) + block + rest)
    return path


def wav(path: Path, info: Mapping[str, bytes] | None = None, tag: bytes = b"") -> Path:
    """Write a WAV file with a list of INFO fields, or an ID3 chunk, behind the sound."""
    sound = bytes(1600)
    made = (
        b"WAVE" + _chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16), "<") + _chunk(b"data", sound, "<")
    )
    if info:
        made += _chunk(
            b"LIST", b"INFO" + b"".join(_chunk(name.encode(), text, "<") for name, text in info.items()), "<"
        )
    if tag:
        made += _chunk(b"id3 ", tag, "<")
    path.write_bytes(b"RIFF" + struct.pack("<I", len(made)) + made)
    return path


def aiff(path: Path, chunks: Mapping[str, bytes]) -> Path:
    """Write an AIFF file with text chunks or an ID3 chunk."""
    rate = struct.pack(">HQ", 16383 + 12, 8000 << 51)
    made = b"AIFF" + _chunk(b"COMM", struct.pack(">hLh", 1, 800, 16) + rate, ">")
    made += b"".join(_chunk(name.encode(), data, ">") for name, data in chunks.items())
    made += _chunk(b"SSND", bytes(8 + 1600), ">")
    path.write_bytes(b"FORM" + struct.pack(">I", len(made)) + made)
    return path


def m4a(path: Path, atoms: Mapping[str, Sequence[str]], free: Mapping[str, Sequence[str]] | None = None) -> Path:
    """Write the head of an MP4 file with tags: four-letter atoms, and free ones of iTunes."""
    listed = b"".join(_atom(name.encode("latin-1"), b"".join(map(_data, texts))) for name, texts in atoms.items())
    for name, texts in (free or {}).items():
        head = _atom(b"mean", bytes(4) + b"com.apple.iTunes") + _atom(b"name", bytes(4) + name.encode())
        listed += _atom(b"----", head + b"".join(map(_data, texts)))
    tags = _atom(b"udta", _atom(b"meta", bytes(4) + _atom(b"ilst", listed)))
    path.write_bytes(_atom(b"ftyp", b"M4A " + bytes(4)) + _atom(b"moov", tags))
    return path


def compressed(content: bytes) -> bytes:
    """Return the content of a compressed ID3v2.4 frame, with the length that it has unpacked."""
    return synchsafe(len(content)) + zlib.compress(content)


def _data(text: str) -> bytes:
    return _atom(b"data", struct.pack(">II", 1, 0) + text.encode())


def _atom(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + name + content


def _chunk(name: bytes, content: bytes, order: str) -> bytes:
    return name + struct.pack(f"{order}I", len(content)) + content + bytes(len(content) % 2)
