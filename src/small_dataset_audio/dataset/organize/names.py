"""Track names that every file system can hold, made from whatever files are called.

A track's name is its folder's name, so it must be legal on Linux, macOS, Windows, exFAT sticks and network shares, and must
stay distinct from the others where upper and lower case, or composed and decomposed accents, are the same.
"""

import itertools
import re
import unicodedata
from collections.abc import Iterator
from typing import Final

LONGEST_NAME: Final = 128
"""Bytes of UTF-8. The tightest file system in use, eCryptfs, allows 143; the longest ending, .BEATS_GRID, takes eleven, and
what later stages add to a name needs some room as well."""

UNNAMED: Final = "untitled"

_FORBIDDEN = re.compile(r"[/\\<>:|?*\x00-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff]")
_INVISIBLE = re.compile(r"[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")
"""Marks of text direction, of line breaking and of byte order. (Joiners stay: emoji and some scripts need them.)"""
_WINDOWS_DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³]) *(\.|$)", re.IGNORECASE)
_SURROGATE = re.compile("[\ud800-\udfff]")
_UNDECODED: Final = range(0xDC80, 0xDD00)
"""Lone surrogates that stand for the bytes 0x80 to 0xff of a file name that is not UTF-8 (PEP 383)."""
_JOINERS: Final = frozenset("\u200c\u200d")
_SKIN_TONES: Final = range(0x1F3FB, 0x1F400)
_TAGS: Final = range(0xE0020, 0xE0080)


def sanitise(name: str) -> str:
    """Return the track name for a recording called ``name`` (without its suffix).

    Characters that some file system forbids become `_`, double quotes become single ones, white space of any kind becomes one
    space, invisible marks go, leading dots become an ellipsis (the folder would be hidden), dots and spaces at the end go.
    Bytes that are not UTF-8 are taken for Latin-1. Names of Windows devices get a `_`. The result is in Unicode's form NFC,
    has at most `LONGEST_NAME` bytes of UTF-8, is never empty, and stays the same when it is sanitised again.
    """
    text = _INVISIBLE.sub("", _SURROGATE.sub(_decoded, name))
    text = " ".join(text.replace('"', "'").split())
    text = unicodedata.normalize("NFC", _FORBIDDEN.sub("_", text))
    text = re.sub(r"^[. ]*\.", "…", text)
    return shortened(_undeviced(_trimmed(text)), LONGEST_NAME)


def shortened(name: str, size: int) -> str:
    """Return as much of a sanitised name as fits ``size`` bytes of UTF-8, without a torn character, accent or emoji."""
    text = name.encode("utf-8")
    if len(text) <= size:
        return name
    fitting = end = len(text[:size].decode("utf-8", "ignore"))
    while 0 < end < len(name) and (_continues(name[end]) or name[end - 1] in _JOINERS):
        end -= 1
    return _undeviced(_trimmed(name[: end or fitting]))


def numbered(name: str, start: int = 1) -> Iterator[tuple[int, str]]:
    """Yield 1 and a sanitised name, then 2 and ``name (2)``, and so on from ``start``, each within `LONGEST_NAME`."""
    for number in itertools.count(start):
        ending = f" ({number})"
        yield number, name if number == 1 else shortened(name, LONGEST_NAME - len(ending)) + ending


def collision_key(name: str) -> str:
    """Return what names have in common that some file system takes for the same (Unicode caseless matching, D145)."""
    if name.isascii():
        return name.lower()
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).casefold())


def _decoded(surrogate: re.Match[str]) -> str:
    """Return the Latin-1 reading of an undecodable byte, `_` for any other lone surrogate."""
    code = ord(surrogate[0])
    return chr(code - 0xDC00) if code in _UNDECODED else "_"


def _continues(character: str) -> bool:
    """Whether a character belongs to the one before it: accents, variation selectors, parts of emoji."""
    code = ord(character)
    return unicodedata.category(character)[0] == "M" or character in _JOINERS or code in _SKIN_TONES or code in _TAGS


def _trimmed(text: str) -> str:
    return text.rstrip(". ") or UNNAMED


def _undeviced(text: str) -> str:
    """Return a name that Windows does not take for a device."""
    match = _WINDOWS_DEVICE.match(text)
    if match is None:
        return text
    at = match.start(2)
    return f"{text[:at].rstrip()}_{text[at:]}"
