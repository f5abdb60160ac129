"""Reading a settings file: its text, what `tomllib` makes of it, and where everything stands."""

import codecs
import os
import re
import stat
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from small_dataset_audio.config.toml.locate import Places, locate
from small_dataset_audio.errors import ConfigError

LARGEST_FILE = 1 << 20
"""Bytes. A settings file is a few kilobytes; what is larger than this is something else (a device, a recording)."""

_PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")

_HINTS = (
    ("Invalid value", 'A text must stand in quotes, as in device = "cpu"; yes and no are written true and false.'),
    ("Expected '=' after a key", "Every line is a comment (#), a [section], or of the form: key = value."),
    ("Expected newline or end of document", "Only one value can stand on a line; a text must stand in quotes."),
    ("Unescaped '\\'", "Put texts with backslashes in single quotes, as in 'C:\\Music'."),
    ("Cannot overwrite a value", "The same key stands twice; keep one of the two lines."),
    ("Cannot declare", "The same section stands twice; put its keys under one heading."),
    ("Unclosed array", "A list begins with [ and needs a ] at its end."),
    ("Unterminated string", "A text needs a quote at both ends."),
    ("Illegal character '\\n'", "A text needs a quote at both ends."),
    ("Expected ']'", "A section's name stands in square brackets, as in [paths]."),
    ("Invalid initial character", "Every line is a comment (#), a [section], or of the form: key = value."),
    ("Invalid statement", "Every line is a comment (#), a [section], or of the form: key = value."),
)
_GENERAL_HINT = "Compare the line with its neighbours: quotes, brackets and equals signs must be in place."


@dataclass(frozen=True)
class Syntax:
    """Why a text is not TOML: the line where that shows (where it is known), what is wrong, and what probably helps."""

    line: int | None
    reason: str
    hint: str


class NotToml(ValueError):  # noqa: N818 - the name says what the text is
    """The text is not TOML."""

    def __init__(self, syntax: Syntax) -> None:
        super().__init__(syntax.reason)
        self.syntax = syntax


@dataclass(frozen=True)
class Document:
    """A settings file that is valid TOML.

    Attributes:
        text: its text, without the byte order mark that some editors put first.
        data: what it says.
    """

    text: str
    data: dict[str, Any]

    @cached_property
    def places(self) -> Places:
        """Where everything stands."""
        return locate(self.text)

    def line_of(self, *path: str) -> int | None:
        """Return the line on which ``path`` is written."""
        return self.places.line_of(*path)


def parse(text: str) -> Document:
    """Return what the text says.

    Raises:
        NotToml: it is not TOML.
    """
    try:
        data = tomllib.loads(text)
        document = Document(text, data)
        _ = document.places
    except RecursionError as error:
        raise NotToml(Syntax(None, "Lists are nested too deeply.", _GENERAL_HINT)) from error
    except ValueError as error:  # TOMLDecodeError, and int() refusing thousands of digits
        raise NotToml(_syntax(text, str(error))) from error
    return document


def _syntax(text: str, message: str) -> Syntax:
    """Return what a message of `tomllib` says: its line, that line's text, and a hint."""
    place = _PLACE.search(message)
    reason = _PLACE.sub("", message)
    hint = next((hint for start, hint in _HINTS if reason.startswith(start)), _GENERAL_HINT)
    if place is None:
        return Syntax(None, f"{reason}.", hint)
    line = int(place.group(1)) if place.group(1) else text.rstrip().count("\n") + 1
    written = text.split("\n")[line - 1].strip()
    return Syntax(line, f"The line is: {shortened(written)} ({reason}).", hint)


def shortened(text: str, length: int = 80) -> str:
    """Return ``text`` cut to a length that fits a message, without characters that a terminal would act on."""
    visible = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
    return visible if len(visible) <= length else f"{visible[: length - 1]}\N{HORIZONTAL ELLIPSIS}"


def read_bytes(path: Path) -> bytes:
    """Return the content of a settings file.

    Raises:
        ConfigError: it is a folder or no regular file, is far too large, or cannot be read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # opening a pipe without a writer must not wait
        try:
            _require_file(path, os.fstat(descriptor))
            with open(descriptor, "rb", closefd=False) as file:
                return file.read()
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigError(
            f"The settings file {path} cannot be read.",
            f"The operating system answered: {reason}.",
            "Check the file's name and its permissions (`ls -l` shows them), or name another with --config.",
        ) from error


def _require_file(path: Path, facts: os.stat_result) -> None:
    """Raise unless ``path`` is a regular file of a sensible size."""
    if stat.S_ISDIR(facts.st_mode):
        raise ConfigError(
            f"{path} is a folder, not a settings file.",
            "Settings are read from one TOML file.",
            f"Name the file inside it, such as {path / 'config.toml'}.",
        )
    if not stat.S_ISREG(facts.st_mode):
        raise ConfigError(
            f"{path} is not a regular file.", "Settings are read from one TOML file.", "Name such a file with --config."
        )
    if facts.st_size >= LARGEST_FILE:
        raise ConfigError(
            f"{path} is too large for a settings file.",
            f"It holds {facts.st_size} bytes; the limit is {LARGEST_FILE}.",
            "Check that --config or SDA_CONFIG names the right file.",
        )


def decode(path: Path, content: bytes) -> str:
    """Return the content as text, without a byte order mark.

    Raises:
        ConfigError: it is not UTF-8.
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        why = "It is UTF-16." if utf16 else f"Line {line} holds a byte that is not part of any UTF-8 character."
        raise ConfigError(
            f"{path} is not UTF-8 text.", why, "Save the file as UTF-8 in your editor, and run the command again."
        ) from error
