"""The text that a generator is told about a recording: a template, filled in with what is known of it.

``{name}`` is replaced by what `words` finds under that name, ``{name:.0f}`` by a number with so many digits behind the point.
What stands in ``[brackets]`` is left out, with everything in it, where one of its places cannot be filled; outside brackets an
unknown place stays empty. ``{{``, ``}}``, ``[[`` and ``]]`` are the characters themselves.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from small_dataset_audio.dataset.export.names import did_you_mean
from small_dataset_audio.errors import UsageError

Word = str | float | int
_MARK: Final = re.compile(r"\{\{|\}\}|\[\[|\]\]|[{}\[\]]|[^{}\[\]]+")
_PLACE: Final = re.compile(r"(\w+)(?::\.(\d)f)?")
_ESCAPED: Final = {"{{": "{", "}}": "}", "[[": "[", "]]": "]"}
_LOOSE: Final = " ,;:|/-"
"""What may be left at either end when a part was left out."""
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True)
class _Place:
    """A place to be filled: the name of what goes there, and the digits behind the point."""

    name: str
    digits: int | None

    def filled(self, words: Mapping[str, Word]) -> str:
        """Return the word that goes here, as it is to be read; empty where there is none."""
        word = words.get(self.name)
        if word is None:
            return ""
        if isinstance(word, str):
            return word
        return f"{word:.{self.digits}f}" if self.digits is not None else f"{word:.4g}" if isinstance(word, float) else str(word)  # fmt: skip


@dataclass(frozen=True)
class _Part:
    """Text and places that belong together; an optional one is left out where a place cannot be filled."""

    pieces: tuple[str | _Place, ...]
    optional: bool

    def filled(self, words: Mapping[str, Word]) -> str:
        """Return the text with its places filled; empty where it is optional and one of them stays empty."""
        texts = [piece if isinstance(piece, str) else piece.filled(words) for piece in self.pieces]
        known = all(text for piece, text in zip(self.pieces, texts, strict=True) if isinstance(piece, _Place))
        return "".join(texts) if known or not self.optional else ""


class Template:
    """A template, understood.

    Args:
        text: as the user wrote it.

    Raises:
        UsageError: its braces or brackets do not match.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._parts = tuple(_parts(text))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its places, in order, each once."""
        places = (piece.name for part in self._parts for piece in part.pieces if isinstance(piece, _Place))
        return tuple(dict.fromkeys(places))

    def filled(self, words: Mapping[str, Word]) -> str:
        """Return the text of a recording of which ``words`` are known; empty where it has none of the places."""
        text = _UNPRINTABLE.sub(" ", "".join(part.filled(words) for part in self._parts))
        return " ".join(text.split()).strip(_LOOSE)

    def check(self, known: Collection[str]) -> None:
        """Return if every place is among the ``known`` names.

        Raises:
            UsageError: one is not: it would be empty in every text.
        """
        for name in self.names:
            if name not in known:
                raise UsageError(
                    f"The template asks for {{{name}}}, which is not known of any track.",
                    "It is neither a number that sda measures, nor one of the template's own names, nor in any .INFO file.",
                    did_you_mean(name, known) + "docs/export.md lists what a template may ask for.",
                )


def _parts(text: str) -> Iterator[_Part]:
    pieces: list[str | _Place] = []
    optional = False
    marks = iter(_MARK.findall(text))
    for mark in marks:
        if mark == "{":
            pieces.append(_place(text, next(marks, ""), next(marks, "")))
        elif mark in {"[", "]"}:
            if optional == (mark == "["):
                raise _mistake(text, f"a {mark} stands where none can")
            yield _Part(tuple(pieces), optional)
            pieces, optional = [], not optional
        elif mark == "}":
            raise _mistake(text, "a } has no {")
        else:
            pieces.append(_ESCAPED.get(mark, mark))
    if optional:
        raise _mistake(text, "a [ has no ]")
    yield _Part(tuple(pieces), optional)


def _place(text: str, inside: str, end: str) -> _Place:
    match = _PLACE.fullmatch(inside.strip())
    if match is None or end != "}":
        raise _mistake(text, f"{{{inside}{end} is no place such as {{caption}} or {{bpm:.0f}}")
    return _Place(match[1], None if match[2] is None else int(match[2]))


def _mistake(text: str, why: str) -> UsageError:
    return UsageError(
        f"The template {text!r} cannot be used.",
        f"In it, {why}.",
        "Write places as {caption} or {bpm:.0f}, parts that may be missing as [{bpm:.0f} BPM, ], and braces and brackets of "
        "the text itself twice.",
    )
