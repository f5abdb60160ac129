"""What a recording's name tells, and names that T5 can read.

T5, the text encoder of Stable Audio, learned its vocabulary from English, German, French and Romanian pages. Letters and
signs of other kinds all become the same unknown token, so that a prompt made of such a name says nothing.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from small_dataset_audio.dataset.metadata.values import text
from small_dataset_audio.dataset.organize import sanitise

_FOREIGN_KNOWN: Final = frozenset("àâäæçèéêëîïôöùûüÿœßășțşţÀÂÄÆÇÈÉÊËÎÏÔÖÙÛÜŸŒĂȘȚŞŢ")
"""The letters beyond ASCII of German, French and Romanian (T5: Raffel et al. 2020, section 2.2)."""
_PLAIN: Final = str.maketrans(
    {
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212~", "-"),
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u00b4`", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", "'"),
        "\u2026": "...",
        "\u2044": "-",
        "\u266f": "#",
        "\u266d": "b",
        "_": " ",
        "{": "(",
        "}": ")",
        "<": "",
        "^": "",
        "ø": "o",
        "Ø": "O",
        "đ": "d",
        "Đ": "D",
        "ð": "d",
        "Ð": "D",
        "ł": "l",
        "Ł": "L",
        "þ": "th",
        "Þ": "Th",
        "ħ": "h",
        "Ħ": "H",
        "\u0131": "i",
        "ŋ": "ng",
        "Ŋ": "Ng",
        "ẞ": "SS",
    }
)
_NUMBER: Final = re.compile(r"\A\s*(?:\d{1,2}[-.])?\d{1,3}(?:\s*[-._)]\s*|\s+)(?=\D)")
"""A track's number in front of its name: ``03 - ``, ``1-03. ``, ``07_``."""
_SIGN: Final = re.compile("\\s+[-\u2013\u2014]\\s+")


def t5_name(name: str) -> str | None:
    """Return the track name ``name`` in characters that T5 knows; None where it has letters without a plain form.

    Letters lose the marks that T5 does not know, signs that say nothing to it are left out, underscores become spaces. A name in
    another script stays whole rather than being torn: None says so. The result is a name as `sanitise` makes them, and
    stays the same when it is written this way again.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).translate(_PLAIN)).translate(_PLAIN)
    plain = [_known(one) for one in folded]
    if None in plain:
        return None
    joined = " ".join("".join(filter(None, plain)).split())
    if not any(one.isalnum() for one in joined):
        return None
    made = sanitise(joined)
    return made if all(_is_known(one) for one in made) else None


def _known(one: str) -> str | None:
    """Return a character as T5 knows it: itself, its letter without marks, nothing for a sign; None for another letter."""
    if _is_known(one):
        return one
    if one.isspace():
        return " "
    bare = "".join(part for part in unicodedata.normalize("NFKD", one) if not unicodedata.combining(part))
    if bare and all(part.isascii() and part.isprintable() for part in bare):
        return bare
    return None if one.isalnum() or unicodedata.category(one)[0] == "L" else ""


def _is_known(one: str) -> bool:
    return one in _FOREIGN_KNOWN or (one.isascii() and one.isprintable() and one not in "<{}~^`_")


@dataclass(frozen=True)
class Guess:
    """What the name of a recording tells of it; only questions are made of this, never values.

    Attributes:
        title: its title.
        artist: who made it, where the name says so.
    """

    title: str
    artist: str | None = None


def guess_from(name: str) -> Guess | None:
    """Return what a name like ``03 - Artist - Title`` tells; None where it tells nothing."""
    line = text(name.replace("_", " ")) or ""
    parts = [part.strip() for part in _SIGN.split(_NUMBER.sub("", line) or line) if part.strip()]
    if not parts:
        return None
    if len(parts) == 1:
        return Guess(parts[0])
    return Guess(" - ".join(parts[1:]), parts[0])
