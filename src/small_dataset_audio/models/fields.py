"""The values of a TOML table, each checked when it is asked for; what is wrong is noted with its key and line."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from small_dataset_audio.config.toml.read import Document, shortened

_LONGEST_LABEL: Final = 63
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class Problems:
    """The mistakes of a document, in sentences."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self.sentences: list[str] = []

    def note(self, path: tuple[str, ...], what: str, allowed: str) -> None:
        """Note that what stands at ``path`` is wrong, and what would be right."""
        line = self._document.line_of(*path[:2]) or self._document.line_of(*path[:1])
        place = "" if line is None else f"Line {line}: "
        self.sentences.append(f"{place}{shortened('.'.join(path))} {what}. Allowed: {allowed}.")


class Fields:
    """One table.

    Args:
        problems: where mistakes are noted; a value that is wrong or missing is then returned as None or empty.
        path: the keys that lead to the table.
        table: what it holds.
        known: the keys that it may hold.
    """

    def __init__(
        self, problems: Problems, path: tuple[str, ...], table: Mapping[str, object], known: tuple[str, ...]
    ) -> None:
        self._problems = problems
        self._path = path
        self._table = table
        for key in table:
            if key not in known:
                problems.note((*path, key), "is not a key", ", ".join(known))

    def _wrong(self, key: str, allowed: str) -> None:
        self._problems.note((*self._path, key), f"is {shortened(repr(self._table[key]))}", allowed)

    def _value(self, key: str, fits: Callable[[Any], bool], allowed: str) -> Any:  # noqa: ANN401 - whatever fits
        """Return the value if it fits; None where it is missing or does not, which is noted."""
        if key not in self._table:
            return None
        value = self._table[key]
        if fits(value):
            return value
        self._wrong(key, allowed)
        return None

    def text(self, key: str, *, like: re.Pattern[str] | None = None, allowed: str = "a text") -> str | None:
        """Return a text that is not blank, None where there is none."""
        value: str | None = self._value(
            key,
            lambda value: (
                isinstance(value, str) and bool(value.strip()) and (like is None or like.fullmatch(value) is not None)
            ),
            allowed,
        )
        return value

    def required(self, key: str, *, like: re.Pattern[str] | None = None, allowed: str = "a text") -> str:
        """Return a text that must be there."""
        if key not in self._table:
            self._problems.note((*self._path, key), "is missing", allowed)
        return self.text(key, like=like, allowed=allowed) or ""

    def choice(self, key: str, words: tuple[str, ...]) -> Any:  # noqa: ANN401 - the caller knows the words
        """Return one of ``words``, which must be there."""
        allowed = " or ".join(words)
        if key not in self._table:
            self._problems.note((*self._path, key), "is missing", allowed)
        return self._value(key, lambda value: isinstance(value, str) and value in words, allowed)

    def number(self, key: str) -> float | None:
        """Return a positive finite number, None where there is none."""
        value = self._value(key, lambda value: _is_number(value) and 0 < value < float("inf"), "a number above 0")
        return None if value is None else float(value)

    def count(self, key: str) -> int | None:
        """Return a positive whole number, None where there is none."""
        value: int | None = self._value(
            key, lambda value: _is_number(value) and isinstance(value, int) and value > 0, "a whole number above 0"
        )
        return value

    def address(self, key: str) -> str | None:
        """Return a web address, None where there is none."""
        value: str | None = self._value(key, is_address, "an address that begins with https:// or http://")
        return value

    def addresses(self, key: str, *, pinned: bool) -> tuple[str, ...]:
        """Return web addresses; without a known hash nobody on the way may be able to change what comes."""
        value: list[str] | None = self._value(
            key, lambda value: isinstance(value, list) and all(map(is_address, value)), "a list of web addresses"
        )
        if value and not pinned and not all(map(is_private, value)):
            self._wrong(key, "only https:// where there is no sha256")
        return tuple(value or ())


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_address(value: object) -> bool:
    """Whether a value is an address in the web."""
    if not isinstance(value, str) or not value.isascii() or not value.isprintable() or " " in value:
        return False
    try:
        parts = urlsplit(value)
        return parts.scheme in {"http", "https"} and _is_host(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:  # brackets that enclose no address, or a port that is none
        return False


def _is_host(name: str | None) -> bool:
    """Whether DNS allows a name, as far as the lengths of its labels go (RFC 1035, section 2.3.4); addresses pass."""
    return bool(name) and all(0 < len(label) <= _LONGEST_LABEL for label in str(name).removesuffix(".").split("."))


def is_private(address: str) -> bool:
    """Whether what comes from an address cannot be changed on the way."""
    parts = urlsplit(address)
    return parts.scheme == "https" or parts.hostname in _LOOPBACK
