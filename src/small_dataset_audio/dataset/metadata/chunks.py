"""The text chunks of WAV and AIFF files, in UTF-8 whatever they were written in.

Without a word about it, text in a WAV file is in Windows' Latin-1 (Multimedia Programming Interface and Data Specifications
1.0, 1991, chunk CSET); programs of today write UTF-8. In an AIFF file it is ASCII (AIFF 1.3, 1989), so that
anything else is a matter of the program that wrote it.
"""

import io
import struct
from collections.abc import Iterator
from typing import BinaryIO, Final

_WINDOWS_LATIN: Final = "cp1252"
_TAGS: Final = frozenset({b"id3 ", b"ID3 "})
_AIFF_TEXTS: Final = frozenset({b"NAME", b"AUTH", b"ANNO", b"(c) "})
_LARGEST: Final = 16 * 2**20
"""Bytes. What is larger than this is no chunk of text."""
_HEAD: Final = 12
_CHUNK: Final = 8


def transcoded(file: BinaryIO, encoding: str) -> BinaryIO:
    """Return a small file with only the tags of a WAV or AIFF file, their text in UTF-8; ``file`` itself if it is neither.

    Args:
        file: a recording, at its beginning; it is there again afterwards.
        encoding: of text that is not UTF-8; empty for what the format says.
    """
    head = file.read(_HEAD)
    if head.startswith(b"RIFF") and head[8:] == b"WAVE":
        made = b"".join(_riff(file, encoding or _WINDOWS_LATIN))
        small = b"RIFF" + struct.pack("<I", 4 + len(made)) + b"WAVE" + made
    elif head.startswith(b"FORM") and head[8:] in {b"AIFF", b"AIFC"}:
        made = b"".join(_aiff(file, encoding))
        small = b"FORM" + struct.pack(">I", 4 + len(made)) + head[8:] + made
    else:
        file.seek(0)
        return file
    file.seek(0)
    return io.BytesIO(small)


def _riff(file: BinaryIO, encoding: str) -> Iterator[bytes]:
    for name, content in _chunks(file, "<", _TAGS | {b"LIST"}):
        if name in _TAGS:
            yield _chunk(name, content, "<")
        elif content.startswith(b"INFO"):
            fields = _chunks(io.BytesIO(content[4:]), "<", None)
            listed = (_chunk(field, _utf8(text, encoding), "<") for field, text in fields)
            yield _chunk(name, b"INFO" + b"".join(listed), "<")


def _aiff(file: BinaryIO, encoding: str) -> Iterator[bytes]:
    for name, content in _chunks(file, ">", _TAGS | _AIFF_TEXTS):
        yield _chunk(name, content if name in _TAGS else _utf8(content, encoding), ">")


def _chunks(file: BinaryIO, order: str, names: frozenset[bytes] | None) -> Iterator[tuple[bytes, bytes]]:
    """Yield name and content of the chunks called one of ``names``, or of all, from where ``file`` is."""
    while len(head := file.read(_CHUNK)) == _CHUNK:
        size = int(struct.unpack(f"{order}I", head[4:])[0])
        after = file.tell() + size + size % 2
        if (names is None or head[:4] in names) and size <= _LARGEST:
            yield head[:4], file.read(size)
        file.seek(after)


def _chunk(name: bytes, content: bytes, order: str) -> bytes:
    return name + struct.pack(f"{order}I", len(content)) + content + bytes(len(content) % 2)


def _utf8(text: bytes, encoding: str) -> bytes:
    """Return text in UTF-8; as it is, where that cannot be done."""
    try:
        text.decode()
    except UnicodeDecodeError:
        if not encoding:
            return text
        try:
            return text.rstrip(b"\0").decode(encoding).encode()
        except UnicodeError:
            return text
    return text
