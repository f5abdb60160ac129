"""Whether what a service offers is the recording that was asked for: a score from 0 to 1 with its parts.

Titles and artists are compared without case, marks and punctuation; the length in seconds. Words such as "live" or "remix", and
numbers of parts, in one title and not in the other make another recording of it, however alike the rest is.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

TITLE_WEIGHT: Final = 0.4
ARTIST_WEIGHT: Final = 0.35
LENGTH_WEIGHT: Final = 0.25
SAME_SECONDS: Final = 3.0
"""Lengths of the same recording on two records differ by so much: silence at the ends, rounding."""
OTHER_SECONDS: Final = 15.0
"""From here on it is another version or another cut."""
UNKNOWN: Final = 0.5
"""What counts for a length that one side does not tell: neither for nor against."""
OTHER_VERSION: Final = 0.4
"""What a title is worth whose words say that it is another version."""
_SAME_NAME: Final = 0.8
"""Below this likeness two names are different: there is more in common by chance than one would think."""
_VERSIONS: Final = frozenset(
    [
        "live",
        "remix",
        "mix",
        "rmx",
        "edit",
        "demo",
        "acoustic",
        "instrumental",
        "karaoke",
        "cover",
        "dub",
        "version",
        "reprise",
        "unplugged",
        "rehearsal",
        "session",
        "acappella",
        "orchestral",
        "extended",
        "alternate",
        "outtake",
        "bootleg",
        "medley",
    ]
)
_NUMBER: Final = re.compile(r"\d{1,3}|[ivx]+")
"""Of a part, in figures or Roman ones; four figures are a year."""
_SAME_VERSION: Final = re.compile(
    r"(\b(19|20)\d\d\s+)?(\bdigital(ly)?\s+)?\bremaster(ed)?\b(\s+(19|20)\d\d\b)?(\s+(version|edition|mix)\b)?"
    r"|\b(album|original|single|stereo|mono)\s+(version|mix)\b|\bbonus\s+track\b"
)
"""What records say of themselves, and not of another recording."""
_GUESTS: Final = re.compile(r"[\(\[]?\b(feat|ft|featuring)\b\.?.*?(?:[\)\]]|\Z)", re.IGNORECASE)
_JOINED: Final = re.compile(
    r"\s*(?:,|&|\+|/|;|\bfeat\b\.?|\bft\b\.?|\bfeaturing\b|\band\b|\bund\b|\bwith\b|\bvs\b\.?|\bx\b)\s*", re.IGNORECASE
)


@dataclass(frozen=True)
class Facts:
    """What is known of a recording, by its tags or by a service.

    Attributes:
        title: its title.
        artists: who made it.
        seconds: how long it lasts.
        isrc: its ISRCs.
    """

    title: str | None = None
    artists: Sequence[str] = ()
    seconds: float | None = None
    isrcs: Sequence[str] = ()


def score(asked: Facts, offered: Facts) -> float:
    """Return how well an offered recording fits, 0 to 1, rounded to three decimals.

    Without a title on both sides there is nothing to compare, and the score is 0. A shared ISRC stands for artists that one
    side does not name; it does not outweigh a title or a length that differ, since ISRCs are often attached to the wrong recording.
    """
    if not asked.title or not offered.title:
        return 0.0
    shared = bool(set(asked.isrcs) & set(offered.isrcs))
    artists = artist_likeness(asked.artists, offered.artists)
    if artists is None:
        artists = 1.0 if shared else 0.0
    length = length_likeness(asked.seconds, offered.seconds)
    total = TITLE_WEIGHT * title_likeness(asked.title, offered.title) + ARTIST_WEIGHT * artists
    return round(total + LENGTH_WEIGHT * (UNKNOWN if length is None else length), 3)


def title_likeness(one: str, other: str) -> float:
    """Return how alike two titles are, 0 to 1."""
    first, second = _GUESTS.sub(" ", one), _GUESTS.sub(" ", other)
    alike = _likeness(_SAME_VERSION.sub(" ", bare(first)), _SAME_VERSION.sub(" ", bare(second)))
    return alike * (1.0 if _versions(first) == _versions(second) else OTHER_VERSION)


def artist_likeness(ones: Sequence[str], others: Sequence[str]) -> float | None:
    """Return how alike two lists of artists are, 0 to 1; None where one of them is empty.

    Guests may be missing on one side: the shorter list must be found in the longer one.
    """
    if not ones or not others:
        return None
    whole = _likeness(bare(" ".join(ones)), bare(" ".join(others)))
    first, second = _single(ones), _single(others)
    few, many = sorted((first, second), key=len)
    parts = [max((_likeness(name, candidate) for candidate in many), default=0.0) for name in few]
    return max(whole, sum(parts) / len(parts) if parts else 0.0)


def length_likeness(one: float | None, other: float | None) -> float | None:
    """Return 1 for the same length, 0 for another one, in between for what lies between; None where one is not known."""
    if one is None or other is None:
        return None
    return min(1.0, max(0.0, (OTHER_SECONDS - abs(one - other)) / (OTHER_SECONDS - SAME_SECONDS)))


def bare(words: str) -> str:
    """Return words in small letters without marks and punctuation, parted by single spaces."""
    decomposed = unicodedata.normalize("NFKD", words.casefold()).replace("&", " and ")
    kept = "".join(
        one if one.isalnum() else "" if unicodedata.combining(one) or one in "'\u2019`" else " " for one in decomposed
    )
    return " ".join(kept.split())


def version_words(words: str) -> list[str]:
    """Return those of some words that make another recording of a piece, such as "live", each once."""
    return list(dict.fromkeys(one for one in bare(words).split() if one in _VERSIONS))


def _single(names: Iterable[str]) -> list[str]:
    parts = (bare(part) for name in names for part in _JOINED.split(name))
    return list(dict.fromkeys(filter(None, parts)))


def _likeness(one: str, other: str) -> float:
    first, second = sorted((" ".join(one.split()), " ".join(other.split())))  # the ratio depends on the order
    if first == second:
        return 1.0 if first else 0.0
    ratio = SequenceMatcher(None, first, second, autojunk=False).ratio()
    return ratio if ratio >= _SAME_NAME else 0.0


def _versions(title: str) -> frozenset[str]:
    """Return the words of a title that make another recording of it: versions, and the numbers of parts and movements."""
    words = _SAME_VERSION.sub(" ", bare(title)).split()
    return frozenset(one for one in words if one in _VERSIONS or _NUMBER.fullmatch(one))
