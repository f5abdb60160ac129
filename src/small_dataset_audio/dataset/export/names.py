"""File names that every program a training set passes through can hold: ASCII letters, digits, ``-`` and ``_``.

Tokenizers (T5 knows neither emoji nor most scripts), tar archives, shells, file systems and a trainer that looks for its
folder as a part of a file's path: none of them trips over such a name. What a file is really called stands in its metadata.
"""

import os
import re
import unicodedata
from collections.abc import Collection, Iterable
from difflib import get_close_matches
from typing import Final

LONGEST: Final = 90
"""Characters; names in a classic tar header have 100 with their suffix."""
UNNAMED: Final = "track"
_OTHER: Final = re.compile(r"[^A-Za-z0-9_]+")
_SPELLED: Final = str.maketrans({"ß": "ss", "æ": "ae", "Æ": "Ae", "ø": "o", "Ø": "O", "œ": "oe", "Œ": "Oe", "ł": "l", "Ł": "L", "đ": "d", "&": " and "})  # fmt: skip
"""Letters that are no letter with an accent, and so are not taken apart by Unicode."""


def readable(name: str) -> str:
    """Return the name of a file or folder as text, whatever the locale; bytes that are no UTF-8 become replacement marks."""
    return os.fsencode(name).decode("utf-8", "replace")


def did_you_mean(name: str, known: Collection[str]) -> str:
    """Return a question that names what ``name`` may be a misspelling of, with a space behind it; empty where that is nothing."""
    near = get_close_matches(name, known, n=3)
    return f"Did you mean {' or '.join(near)}? " if near else ""


def safe_names(names: Iterable[str]) -> list[str]:
    """Return a safe name for each of ``names``, all different, even where upper and lower case are the same."""
    given: list[str] = []
    taken: set[str] = set()
    for name in names:
        base = safe = safe_name(readable(name))
        number = 1
        while safe.lower() in taken:
            number += 1
            ending = f"-{number}"
            safe = base[: LONGEST - len(ending)] + ending
        taken.add(safe.lower())
        given.append(safe)
    return given


def safe_name(name: str) -> str:
    """Return ``name`` without its accents, what is neither letter nor digit replaced by ``-``; ``track`` where nothing is left."""
    plain = unicodedata.normalize("NFKD", name.translate(_SPELLED)).encode("ascii", "ignore").decode("ascii")
    return _OTHER.sub("-", plain)[:LONGEST].strip("-_") or UNNAMED
