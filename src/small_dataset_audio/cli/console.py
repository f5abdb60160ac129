"""Where everything that sda says goes: results to stdout, status, warnings and progress to stderr."""

import sys
from functools import cached_property
from typing import TYPE_CHECKING, Final, TextIO

if TYPE_CHECKING:
    from rich.console import Console, RenderableType


_PIPE_WIDTH: Final = 1000
"""Columns where nobody looks: a table's row is then one line, for grep and logs."""


def _console(stream: TextIO) -> "Console":
    from rich.console import Console

    watched = stream.isatty()
    return Console(
        file=stream,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=not watched,
        width=None if watched else _PIPE_WIDTH,
    )


class Terminal:
    """Both outputs. Rich is imported when something is shown, not before.

    Names of files and titles come from users: they are always written as they are, never read as markup.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet

    @cached_property
    def out(self) -> "Console":
        """Results."""
        return _console(sys.stdout)

    @cached_property
    def err(self) -> "Console":
        """Status, warnings and progress."""
        return _console(sys.stderr)

    def result(self, content: "RenderableType" = "") -> None:
        """Write a result."""
        self.out.print(content)

    def status(self, text: str) -> None:
        """Say what is going on, unless ``--quiet``."""
        if not self.quiet:
            self.err.print(text)

    def warn(self, text: str) -> None:
        """Say what the user should know."""
        self.err.print(f"Warning: {text}", style="yellow")

    def ask(self, question: str, default: str) -> str:
        """Return the answer to ``question`` from the terminal; Enter takes ``default``."""
        self.err.print(f"{question} [{default}]: ", end="")
        sys.stderr.flush()
        answer = sys.stdin.readline()
        if not answer:
            raise KeyboardInterrupt
        return answer.strip() or default

    @property
    def interactive(self) -> bool:
        """Whether a person sits at it: questions may be asked."""
        return sys.stdin.isatty() and sys.stderr.isatty()
