"""How pulling and verifying show themselves: a bar a file on a terminal, one plain line a file elsewhere."""

from contextlib import contextmanager
from typing import TYPE_CHECKING

from small_dataset_audio.cli.console import Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    from small_dataset_audio.models.download import Progress

_UNITS = (("GB", 1e9), ("MB", 1e6), ("kB", 1e3))


def size_text(size: int | None, *, exact: bool = True) -> str:
    """Return a size for people: ``84.0 MB``, ``~16.5 GB`` where it is not exact, ``?`` where it is unknown."""
    if size is None:
        return "?"
    about = "" if exact else "~"
    unit, factor = next(((unit, factor) for unit, factor in _UNITS if size >= factor), ("B", 1.0))
    return f"{about}{size / factor:.{0 if unit == 'B' else 1}f} {unit}"


class PlainPulling:
    """One line a file: for logs, pipes and containers."""

    def __init__(self, terminal: Terminal, verb: str) -> None:
        self._terminal = terminal
        self._verb = verb
        self._shown = ""

    def start(self, name: str, total: int | None, done: int) -> None:
        """Write the file's line, once."""
        if name != self._shown:
            there = f", {size_text(done)} of it are there" if done else ""
            self._terminal.status(f"{self._verb} {name} ({size_text(total)}{there}).")
        self._shown = name

    def advance(self, count: int) -> None:
        """Show nothing: a line is no place for it."""

    def say(self, sentence: str) -> None:
        """Write it."""
        self._terminal.status(sentence)


class BarPulling:
    """A bar with bytes, speed and the time that is left."""

    def __init__(self, terminal: Terminal, bars: "Bars") -> None:
        self._terminal = terminal
        self._bars = bars
        self._bar: TaskID | None = None

    def start(self, name: str, total: int | None, done: int) -> None:
        """Show the bar of this file in place of the one before."""
        if self._bar is not None:
            self._bars.remove_task(self._bar)
        self._bar = self._bars.add_task(name, total=total, completed=done)

    def advance(self, count: int) -> None:
        """Move the bar."""
        if self._bar is not None:
            self._bars.advance(self._bar, count)

    def say(self, sentence: str) -> None:
        """Write it above the bar."""
        self._terminal.err.print(sentence)


@contextmanager
def pulling_display(terminal: Terminal, verb: str = "Getting") -> "Iterator[Progress]":
    """Yield the display that fits; ``verb`` says what is done with each file."""
    if terminal.quiet or not terminal.err.is_terminal:
        yield PlainPulling(terminal, verb)
        return
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=terminal.err, transient=True) as bars:
        yield BarPulling(terminal, bars)
