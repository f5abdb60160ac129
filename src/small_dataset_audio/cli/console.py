"""Where everything that sda says goes: results to stdout, status, warnings and progress to stderr.

Text for a person who watches is wrapped between words, so that paths can be copied; text for a file or a pipe is one line
a sentence or a row, for grep and logs. What the stream's encoding cannot hold is written as an escape, never as an error.
"""

import codecs
import io
import json
import os
import select
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TextIO

from small_dataset_audio.pipeline.logs import harmless, one_line

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

Style = Literal["", "bold", "dim", "red", "green", "yellow"]

_PIPE_WIDTH: Final = 1000
"""Columns where nobody looks: a table's row is then one line, for grep and logs."""

_USUAL_WIDTH: Final = 80
"""Columns of a terminal that does not tell."""

_CODES: Final[Mapping[str, int]] = {"bold": 1, "dim": 2, "red": 31, "green": 32, "yellow": 33}
"""SGR codes (ECMA-48, 8.3.117)."""

_UNDECODED: Final = range(0xDC80, 0xDD00)
"""Lone surrogates that stand for the bytes of a file name that is no text in the system's encoding (PEP 383)."""

_LEAST_HELP_WIDTH: Final = 52
"""Columns below which the parser's help would not fit by itself."""

_LOOK_UP: Final = 0.5
"""Seconds of waiting for an answer at a time: Ctrl-C in the instant before a wait is heard when it ends."""

_HANDLER: Final = "sda"
_GAP: Final = "  "
_LEAST_FREE_WIDTH: Final = 24
"""A table whose free column would get less than this is shown as a list."""


def _writable(error: UnicodeError) -> tuple[str | bytes, int]:
    """Return what is written in place of what an encoding cannot hold: a name's own bytes, or an escape."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    piece = error.object[error.start : error.end]
    shown = (bytes([ord(c) - 0xDC00]) if ord(c) in _UNDECODED else c.encode("ascii", "backslashreplace") for c in piece)
    return b"".join(shown), error.end


def prepare_streams() -> None:
    """Let stdout and stderr hold any text, and stdin any bytes, whatever the locale's encoding is."""
    codecs.register_error(_HANDLER, _writable)
    for stream, handler in ((sys.stdout, _HANDLER), (sys.stderr, _HANDLER), (sys.stdin, "surrogateescape")):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=handler)


def json_text(document: Mapping[str, Any], encoding: str = "utf-8") -> str:
    """Return ``document`` as JSON that ``encoding`` can hold: characters as they are, or escaped where it cannot."""
    text = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return json.dumps(document, indent=2) + "\n"
    return text


def program_name() -> str:
    """Return how this program is called here: ``sda`` where the shell finds it, else the words that started it."""
    started = Path(sys.argv[0])
    if (started.parent.name, started.name) == ("small_dataset_audio", "__main__.py"):
        return "python -m small_dataset_audio"
    found = shutil.which("sda")
    if started.name != "sda" or (found is not None and os.path.realpath(found) == os.path.realpath(started)):
        return "sda"
    here = Path.cwd()
    return str(started.relative_to(here) if started.is_relative_to(here) else started)


def as_called(text: str) -> str:
    """Return ``text`` with the commands that it quotes (`` `sda …` ``) written so that they work here."""
    return text.replace("`sda ", f"`{program_name()} ") if "`sda " in text else text


def plural(count: int, one: str, many: str | None = None) -> str:
    """Return ``1 track``, ``2 tracks``."""
    return f"{count} {one if count == 1 else many or f'{one}s'}"


def cells(text: str) -> int:
    """Return how many columns ``text`` takes on a terminal."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def wrapped(line: str, width: int, hang: int = 0) -> str:
    """Return ``line`` broken between words so that it fits ``width``; a longer word, such as a path, stays whole.

    All lines begin where the first one does, those after the first ``hang`` columns further right.
    """
    if cells(line) <= width:
        return line
    body = line.lstrip(" ")
    indent = " " * (len(line) - len(body))
    further = " " * hang
    lines: list[str] = []
    current = ""
    for word in body.split(" "):
        longer = f"{current} {word}" if current else word
        if current and len(indent) + cells(longer) > width:
            lines.append(indent + current)
            current = further + word
        else:
            current = longer
    return "\n".join([*lines, indent + current])


class Output:
    """One of the two streams.

    Args:
        stream: returns the stream as it is now: a progress bar puts itself in between.
    """

    def __init__(self, stream: Callable[[], TextIO]) -> None:
        self._stream = stream

    @property
    def watched(self) -> bool:
        """Whether it is a terminal."""
        return self._stream().isatty()

    @property
    def width(self) -> int:
        """Columns, by ``COLUMNS`` or the terminal itself."""
        if not self.watched:
            return _PIPE_WIDTH
        told = os.environ.get("COLUMNS", "")
        if told.isdecimal() and int(told) > 0:
            return int(told)
        try:
            return os.get_terminal_size(self._stream().fileno()).columns or _USUAL_WIDTH
        except (OSError, ValueError):
            return _USUAL_WIDTH

    @property
    def styled(self) -> bool:
        """Whether colours and bold letters are wanted (https://no-color.org)."""
        return self.watched and not os.environ.get("NO_COLOR") and os.environ.get("TERM", "") not in {"", "dumb"}

    def holds(self, text: str) -> bool:
        """Whether the stream's encoding has these characters."""
        try:
            text.encode(self._stream().encoding or "utf-8")
        except (UnicodeEncodeError, LookupError):
            return False
        return True

    def write(self, text: str, style: Style = "", lead: tuple[str, Style] = ("", "")) -> None:
        """Write ``text`` in ``style`` and a line break; ``lead`` goes before it in a style of its own."""
        front, front_style = lead
        if self.watched:
            text = harmless(text)
            filled = "\n".join(wrapped(line, self.width, len(front)) for line in f"{front}{text}".split("\n"))
            text = filled[len(front) :]
        self._stream().write(f"{self._in(front_style, front)}{self._in(style, text)}\n")

    def _in(self, style: Style, text: str) -> str:
        return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if style and text and self.styled else text


def help_width() -> int | None:
    """Return how wide help may be on a terminal that is narrower than help usually is, or None."""
    results = Output(lambda: sys.stdout)
    return results.width if results.watched and results.width < _LEAST_HELP_WIDTH else None


class Terminal:
    """Both outputs, and the person at the keyboard.

    Names of files and titles come from users: they are always written as they are, never read as markup.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet
        self.results = Output(lambda: sys.stdout)
        self.messages = Output(lambda: sys.stderr)

    @cached_property
    def out(self) -> "Console":
        """Results, as the console of rich that draws tables and curves."""
        return _console(sys.stdout, self.results)

    @cached_property
    def err(self) -> "Console":
        """Messages, as the console of rich that draws the progress bar."""
        return _console(sys.stderr, self.messages)

    def result(self, content: "RenderableType" = "", style: Style = "", lead: tuple[str, Style] = ("", "")) -> None:
        """Write a result: text, or anything that rich can draw."""
        if isinstance(content, str):
            self.results.write(content, style, lead)
        else:
            self.out.print(content)

    def status(self, text: str) -> None:
        """Say what is going on, in one line, unless ``--quiet``."""
        if not self.quiet:
            self.messages.write(one_line(text))

    def warn(self, text: str) -> None:
        """Say what the user should know, in one line."""
        self.messages.write(f"Warning: {one_line(as_called(text))}", "yellow")

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]], free: int | None = None) -> None:
        """Write a table as a result; as a list, two lines a row, where the terminal is too narrow for it.

        Args:
            columns: the headings; the first column names the row.
            rows: as many cells as there are columns.
            free: index of the column whose text may be wrapped; the others never are.
        """
        widths = [max(map(cells, column)) for column in zip(columns, *rows, strict=True)]
        left = self.results.width + len(_GAP) - sum(width + len(_GAP) for width in widths)
        if free is not None and left < 0:
            spare = max(0, widths[free] - _LEAST_FREE_WIDTH)
            widths[free] -= min(spare, -left)
            left += spare
        if left < 0:
            self._list(columns, rows, free)
            return
        self._row(columns, widths, free, "bold")
        for row in rows:
            self._row(row, widths, free)

    def _row(self, row: Sequence[str], widths: Sequence[int], free: int | None, style: Style = "") -> None:
        parts = [wrapped(cell, widths[i]).split("\n") if i == free else [cell] for i, cell in enumerate(row)]
        for texts in zip_longest(*parts, fillvalue=""):
            padded = (text + " " * (width - cells(text)) for text, width in zip(texts, widths, strict=True))
            self.results.write(_GAP.join(padded).rstrip(), style)

    def _list(self, columns: Sequence[str], rows: Sequence[Sequence[str]], free: int | None) -> None:
        for row in rows:
            told = [f"{columns[i]} {cell}" for i, cell in enumerate(row) if i not in {0, free} and cell]
            self.results.write(row[0], "bold")
            for line in (", ".join(told), row[free] if free is not None else ""):
                if line:
                    self.results.write(f"{_GAP}{line}")

    def print_json(self, document: Mapping[str, Any]) -> None:
        """Write one JSON document as the result."""
        sys.stdout.write(json_text(document, sys.stdout.encoding or "utf-8"))

    def ask(self, question: str, default: str) -> str:
        """Return the answer to ``question`` from the terminal; Enter takes ``default``."""
        sys.stderr.write(f"{question} [{default}]: ")
        sys.stderr.flush()
        while sys.stdin.isatty() and not select.select([sys.stdin], [], [], _LOOK_UP)[0]:
            pass
        answer = sys.stdin.readline()
        if not answer:
            raise KeyboardInterrupt
        return answer.strip() or default

    @property
    def interactive(self) -> bool:
        """Whether a person sits at it: questions may be asked."""
        return sys.stdin.isatty() and sys.stderr.isatty()


def _console(stream: TextIO, output: Output) -> "Console":
    from rich.console import Console

    watched = output.watched
    return Console(
        file=stream,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=not watched,
        width=None if watched else _PIPE_WIDTH,
    )
