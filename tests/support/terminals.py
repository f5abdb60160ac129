"""A person at a terminal: sda in a pseudo-terminal, with answers typed when it asks."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.processes import command, environment

CTRL_C = "\x03"
CTRL_D = "\x04"
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass(frozen=True)
class Watched:
    """What was to be seen, and how the process ended."""

    status: int
    raw: str

    @property
    def text(self) -> str:
        """What was to be seen, without colours and movements."""
        return _ESCAPES.sub("", self.raw).replace("\r\n", "\n")

    @property
    def lines(self) -> list[str]:
        """The same, line by line."""
        return self.text.splitlines()


@contextmanager
def terminal(columns: int) -> Iterator[tuple[int, int]]:
    """Yield both ends of a pseudo-terminal: the one to watch and type at, and the one for the process."""
    watching, shown = pty.openpty()
    fcntl.ioctl(shown, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    try:
        yield watching, shown
    finally:
        os.close(watching)


def at_terminal(
    *arguments: str | Path,
    cwd: Path,
    answers: Sequence[str] = (),
    columns: int = 80,
    env: Mapping[str, str] | None = None,
) -> Watched:
    """Run sda in a terminal, typing one of ``answers`` at each question, and return what was to be seen."""
    surroundings = {**environment(env), "TERM": "xterm-256color"}
    if env is None or "COLUMNS" not in env:
        del surroundings["COLUMNS"]
    if env is None or "NO_COLOR" not in env:
        del surroundings["NO_COLOR"]
    with terminal(columns) as (watching, shown):
        process = subprocess.Popen(
            command(*arguments),
            cwd=cwd,
            env=surroundings,
            stdin=shown,
            stdout=shown,
            stderr=shown,
            preexec_fn=lambda: _own(shown),  # noqa: PLW1509 - the tests start no threads
        )
        os.close(shown)
        seen = _converse(watching, list(answers))
        status = process.wait(240)
    raw = seen.decode("utf-8", "replace")
    assert "Traceback" not in raw, raw
    return Watched(status, raw)


def _own(shown: int) -> None:
    """Make the terminal the controlling one, so that Ctrl-C becomes a signal."""
    os.setsid()
    fcntl.ioctl(shown, termios.TIOCSCTTY, 0)


def _converse(watching: int, answers: list[str]) -> bytes:
    seen = b""
    asked = 0
    while True:
        try:
            piece = os.read(watching, 65536)
        except OSError:  # Linux's way of saying that nobody has the other end open any more
            return seen
        if not piece:
            return seen
        seen += piece
        if answers and seen.count(b"]: ") > asked:
            asked += 1
            os.write(watching, answers.pop(0).encode())
