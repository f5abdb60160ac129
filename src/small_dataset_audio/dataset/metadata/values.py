"""What the keys of the metadata look like: text from tags and services is checked and brought into one shape, or refused.

A value that is not what its key means is no value: a date that is none, an ISRC with a wrong letter, a field with damaged
characters. Nothing is guessed in its place.
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import Final

KEYS: Final[tuple[str, ...]] = (
    "title",
    "artists",
    "album",
    "release_date",
    "release_year",
    "label",
    "genres",
    "licence",
    "popularity",
    "isrc",
    "musicbrainz_id",
    "spotify_id",
    "tidal_id",
)
"""The names in ``.INFO``, in the order in which they are written."""
FIRST_YEAR: Final = 1860
"""The oldest recording of sound that can be played (Scott de Martinville)."""
LONGEST_TEXT: Final = 1000
"""Characters. What is longer is no title and no name, but a file in the wrong field."""
MOST_GENRES: Final = 10
_NO_GENRE: Final = frozenset({"other", "none", "genre", "unclassifiable"})
_DAMAGED: Final = "\ufffd"
_JOINERS: Final = "\u200c\u200d"
"""Invisible, but emoji and some scripts need them."""
_DATE: Final = re.compile(r"(\d{4})(?:[-./](\d{1,2})(?:[-./](\d{1,2}))?)?(?:[T ].*)?")
_COMPACT_DATE: Final = re.compile(r"(\d{4})(\d{2})(\d{2})")
_ISRC: Final = re.compile(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}")
"""ISO 3901: country or agency, registrant, year, number."""
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SPOTIFY: Final = re.compile(r"[0-9A-Za-z]{22}")
_TIDAL: Final = re.compile(r"[0-9]{1,20}")
_CREATIVE_COMMONS: Final = re.compile(r"https?://(?:www\.)?creativecommons\.org/[^\s\"'<>)\]]+", re.IGNORECASE)
_HIGHEST_POPULARITY: Final = 100
_NOTHING: Final = frozenset(
    {"", "-", "?", "unknown", "unknown artist", "unknown album", "unknown title", "n/a", "[unknown]"}
)
"""What programs write into fields for which they know nothing."""


def text(value: object) -> str | None:
    """Return ``value`` as one clean line: NFC, no control characters, plain spaces; None where it says nothing.

    Also None: what is no text, is longer than any name, or has characters that could not be decoded.
    """
    if not isinstance(value, str) or len(value) > 8 * LONGEST_TEXT:
        return None
    line = " ".join(unicodedata.normalize("NFC", "".join(map(_visible, value))).split())
    if not line.strip(_JOINERS) or line.casefold() in _NOTHING or _DAMAGED in line or len(line) > LONGEST_TEXT:
        return None
    return line


def _visible(one: str) -> str:
    kind = unicodedata.category(one)
    if kind in {"Cc", "Cs", "Zl", "Zp"}:
        return " "
    return "" if kind == "Cf" and one not in _JOINERS else one


def is_damaged(value: object) -> bool:
    """Return whether a text has characters that could not be decoded."""
    return isinstance(value, str) and _DAMAGED in value


def texts(values: Iterable[object], separators: str = "\0") -> list[str]:
    """Return clean texts, each once (upper and lower case are the same), cut at any of ``separators``.

    Args:
        values: as found.
        separators: characters that part two values in one field.
    """
    cut = re.compile(f"[{re.escape(separators)}]")
    parts = [part for value in values if isinstance(value, str) for part in cut.split(value)]
    found: dict[str, str] = {}
    for part in filter(None, map(text, parts)):
        found.setdefault(part.casefold(), part)
    return list(found.values())


def genres(values: Iterable[object], separators: str = "\0") -> list[str]:
    """Return clean genres as `texts`, at most `MOST_GENRES`, without those that name none."""
    return [one for one in texts(values, separators) if one.casefold() not in _NO_GENRE][:MOST_GENRES]


def date(value: object) -> str | None:
    """Return a date as ``2003``, ``2003-05`` or ``2003-05-17``, as exactly as it is known; None where it is none."""
    line = text(str(value) if isinstance(value, int) else value)
    found = line and (_COMPACT_DATE.fullmatch(line) or _DATE.fullmatch(line))
    if not found:
        return None
    year, month, day = (int(part) if part else 0 for part in found.groups())
    if not FIRST_YEAR <= year <= dt.datetime.now(tz=dt.UTC).year + 1:
        return None
    try:
        known = dt.date(year, month or 1, day or 1 if month else 1)
    except ValueError:
        return str(year)
    return known.isoformat()[: 10 if month and day else 7 if month else 4]


def isrc(value: object) -> str | None:
    """Return an ISRC in twelve characters without hyphens; None where it is none."""
    line = text(value)
    bare = re.sub(r"[\s-]", "", line or "").upper().removeprefix("ISRC").removeprefix(":")
    return bare if _ISRC.fullmatch(bare) else None


def musicbrainz_id(value: object) -> str | None:
    """Return a MusicBrainz identifier (a UUID in lower case); None where it is none."""
    return _fitting(value, _UUID, str.lower)


def spotify_id(value: object) -> str | None:
    """Return the identifier of a track at Spotify; None where it is none."""
    return _fitting(value, _SPOTIFY, lambda found: found.removeprefix("spotify:track:"))


def tidal_id(value: object) -> str | None:
    """Return the identifier of a track at Tidal; None where it is none."""
    return _fitting(str(value) if isinstance(value, int) else value, _TIDAL, str)


def popularity(value: object) -> int | None:
    """Return how popular a track is, 0 to 100; None where ``value`` is no such number."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _HIGHEST_POPULARITY:
        return value
    return None


def licence_in(value: object) -> str | None:
    """Return the address of a Creative Commons licence that a text names; None where it names none."""
    found = _CREATIVE_COMMONS.search(value) if isinstance(value, str) else None
    return found[0].rstrip(".,;") if found else None


def year_of(release_date: object) -> int | None:
    """Return the year of a date that `date` returned."""
    return int(release_date[:4]) if isinstance(release_date, str) else None


def _fitting(value: object, pattern: re.Pattern[str], shaped: Callable[[str], str]) -> str | None:
    line = text(value)
    bare = shaped(line) if line else ""
    return bare if pattern.fullmatch(bare) else None
