"""Names that stand for many artists, and the artist of the track itself in their place."""

import re
import unicodedata
from typing import Final

VARIOUS_ARTISTS_ID: Final = "89ad4ac3-39f7-470e-963a-56509c546377"
"""The artist "Various Artists" at MusicBrainz."""
_VARIOUS: Final = frozenset(
    {
        *("various artists", "various artist", "various", "va", "v a", "v.a.", "v/a", "compilation", "compilations"),
        *("verschiedene interpreten", "verschiedene kunstler", "verschiedene", "diverse interpreten"),
        *(
            "artistes divers",
            "artistes varies",
            "divers",
            "multi-interpretes",
            "varios artistas",
            "varios",
            "artistas varios",
        ),
        *(
            "artisti vari",
            "vari artisti",
            "aa.vv.",
            "aavv",
            "diverse artiesten",
            "diverse artister",
            "blandade artister",
        ),
        *("rozni wykonawcy", "ruzni interpreti", "eri esittajia", "cesitli sanatcilar", "varios interpretes"),
        *("сборник", "разные исполнители", "オムニバス", "ウァリアス・アーティスト", "群星"),
    }
)
"""In small letters without marks (as `_bare`)."""
_SIGN: Final = re.compile("\\s+[-\u2013\u2014]\\s+")


def is_various(name: str) -> bool:
    """Return whether an artist's name says only that there are several."""
    return _bare(name) in _VARIOUS


def own_artist(title: str) -> str | None:
    """Return the artist that a title of a compilation begins with (``Artist - Title``); None where it does not."""
    parts = _SIGN.split(title, maxsplit=1)
    return parts[0].strip() or None if len(parts) > 1 and parts[1].strip() and not is_various(parts[0]) else None


def _bare(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    return " ".join("".join(one for one in decomposed if not unicodedata.combining(one)).split())
