"""Where each key of a TOML document stands: its line, and the extent of its value in the text.

`tomllib` tells what a document says but not where. This scanner finds the places and leaves the meaning to
`tomllib`: it expects text that `tomllib` has accepted (TOML 1.0) and only steps over values.
"""

import bisect
import re
import tomllib
from dataclasses import dataclass, field
from functools import cached_property

_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_COMMENT = re.compile(r"#[^\r\n]*")
_SPACE = re.compile(r"[ \t]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_PLAIN_VALUE = re.compile(r"[^,\]}#\r\n]*[^,\]}#\r\n \t]")
_BASIC_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')
_LITERAL_TEXT = re.compile(r"'[^']*'")
_LONG_BASIC_TEXT = re.compile(r'"""(?:[^"\\]|\\.|"{1,2}(?!"))*"{3,5}', re.DOTALL)
_LONG_LITERAL_TEXT = re.compile(r"'''(?:[^']|'{1,2}(?!'))*'{3,5}", re.DOTALL)
# the long kinds come first: """ also looks like an empty short text and a quote
_TEXTS = (_LONG_BASIC_TEXT, _LONG_LITERAL_TEXT, _BASIC_TEXT, _LITERAL_TEXT)

Keys = tuple[str, ...]


@dataclass(frozen=True)
class Entry:
    """One ``key = value``.

    Attributes:
        path: the keys that lead to it from the top, those of its section included.
        start: offset of the key's first character.
        value: offsets of the value's first character and of the one behind its last.
        inline: whether it stands inside ``{ }``.
    """

    path: Keys
    start: int
    value: tuple[int, int]
    inline: bool = False


@dataclass(frozen=True)
class Header:
    """One ``[section]``, or ``[[section]]`` where ``repeated``; from its bracket to behind its closing bracket."""

    path: Keys
    start: int
    end: int
    repeated: bool = False


@dataclass
class Places:
    """The headers, entries and comments (their extent) of a document, in the order in which they stand."""

    text: str
    headers: list[Header] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    comments: list[tuple[int, int]] = field(default_factory=list)

    @cached_property
    def _line_starts(self) -> list[int]:
        """The offset of every line's first character."""
        return [0, *(match.end() for match in re.finditer("\n", self.text))]

    @cached_property
    def _lines(self) -> dict[Keys, int]:
        """The line of every path, and of the sections and keys that longer paths begin with."""
        lines: dict[Keys, int] = {}
        places: list[Entry | Header] = [*self.entries, *self.headers]
        places.sort(key=lambda place: place.start)
        for place in places:
            lines.setdefault(place.path, self.line(place.start))
        for place in places:
            for depth in (1, 2):
                lines.setdefault(place.path[:depth], self.line(place.start))
        return lines

    def line(self, offset: int) -> int:
        """Return the line, counted from 1, on which the character at ``offset`` stands."""
        return bisect.bisect_right(self._line_starts, offset)

    def line_of(self, *path: str) -> int | None:
        """Return the line on which a section or ``section, key`` is first written; None if it is nowhere.

        A path that has no line of its own (``paths`` in ``paths.library = "x"``) is where something inside it is.
        """
        return self._lines.get(path)

    def entry(self, path: Keys) -> Entry | None:
        """Return the entry that gives ``path`` its value, or None."""
        return next((entry for entry in self.entries if entry.path == path), None)


def locate(text: str) -> Places:
    """Return the places of a document that `tomllib` accepts; line ends may be those of Unix or of Windows."""
    return _Scanner(text).scan()


class _Scanner:
    """Walks once over the text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.places = Places(text)

    def scan(self) -> Places:
        """Return all headers and entries."""
        section: Keys = ()
        self._blank()
        while self.position < len(self.text):
            if self.text[self.position] == "[":
                section = self._header()
            else:
                self._entry(section, inline=False)
            self._blank()
        return self.places

    def _step(self, pattern: re.Pattern[str]) -> str:
        """Return what ``pattern`` matches here, and go behind it."""
        match = pattern.match(self.text, self.position)
        if match is None:  # pragma: no cover - tomllib would have refused the text
            message = f"not TOML at offset {self.position}"
            raise ValueError(message)
        self.position = match.end()
        return match.group()

    def _blank(self) -> None:
        """Step over spaces, line ends and comments; the comments are noted."""
        start = self.position
        between = self._step(_BLANK)
        self.places.comments += [(start + found.start(), start + found.end()) for found in _COMMENT.finditer(between)]

    def _header(self) -> Keys:
        """Note a ``[section]`` or ``[[section]]`` and return its path."""
        start = self.position
        brackets = 2 if self.text.startswith("[[", start) else 1
        self.position += brackets
        path = self._keys()
        self.position += brackets
        self.places.headers.append(Header(path, start, self.position, repeated=brackets > 1))
        return path

    def _keys(self) -> Keys:
        """Return a dotted key, with the space around it stepped over."""
        keys = []
        while True:
            self._step(_SPACE)
            keys.append(self._key())
            self._step(_SPACE)
            if not self.text.startswith(".", self.position):
                return tuple(keys)
            self.position += 1

    def _key(self) -> str:
        """Return one part of a dotted key."""
        if self.text[self.position] not in "\"'":
            return self._step(_BARE_KEY)
        quoted = self._step(_BASIC_TEXT if self.text[self.position] == '"' else _LITERAL_TEXT)
        return str(tomllib.loads(f"key = {quoted}")["key"])

    def _entry(self, section: Keys, *, inline: bool) -> None:
        """Note a ``key = value``, and what is inside the value if it is an inline table."""
        start = self.position
        path = section + self._keys()
        self.position += 1  # the equals sign
        self._step(_SPACE)
        value_start = self.position
        index = len(self.places.entries)
        self._value(path)
        self.places.entries.insert(index, Entry(path, start, (value_start, self.position), inline))

    def _value(self, path: Keys | None) -> None:
        """Step over a value; entries of an inline table are noted under ``path`` unless it is None."""
        here = self.text[self.position]
        if here == "{":
            self._table(path)
        elif here == "[":
            self._array()
        elif here in "\"'":
            self._text()
        else:
            self._step(_PLAIN_VALUE)

    def _text(self) -> None:
        """Step over a text in any of the four kinds of quotes."""
        matches = (pattern.match(self.text, self.position) for pattern in _TEXTS)
        self.position = next(match.end() for match in matches if match is not None)

    def _array(self) -> None:
        """Step over ``[…]``; what stands inside has no path of its own."""
        self.position += 1
        self._blank()
        while self.text[self.position] != "]":
            self._value(None)
            self._separator()
        self.position += 1

    def _table(self, path: Keys | None) -> None:
        """Step over ``{…}``."""
        self.position += 1
        self._blank()
        while self.text[self.position] != "}":
            if path is None:
                self._keys()
                self.position += 1
                self._blank()
                self._value(None)
            else:
                self._entry(path, inline=True)
            self._separator()
        self.position += 1

    def _separator(self) -> None:
        """Step over the comma between two members, where there is one, and the blanks around it."""
        self._blank()
        if self.text.startswith(",", self.position):
            self.position += 1
            self._blank()
