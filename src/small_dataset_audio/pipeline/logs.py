"""What sda logs goes to stderr, in the main process and in its workers."""

import logging
import re
import sys
from typing import Final

_ROOT: Final = "small_dataset_audio"


_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""What a file's name could command a terminal with, the direction of the writing included; line breaks and tabs are harmless."""


_BREAK: Final = re.compile(r"[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
"""What ends a line, by `str.splitlines`."""


def one_line(text: str) -> str:
    """Return ``text`` with every line break written out instead, as a file's name may have them."""
    return _BREAK.sub(lambda match: ascii(match[0])[1:-1], text)


def harmless(text: str) -> str:
    """Return ``text`` with everything that commands a terminal written out instead."""
    return _CONTROL.sub(lambda match: ascii(match[0])[1:-1], text)


class _Stderr(logging.Handler):
    """Writes to what stderr is at that moment: a progress bar puts itself in between."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        text = self.format(record)
        sys.stderr.write(f"{harmless(text) if sys.stderr.isatty() else text}\n")


def log_to_stderr(*, verbose: bool) -> None:
    """Let the loggers of sda, and of no other package, write to stderr: everything, or warnings and errors."""
    logger = logging.getLogger(_ROOT)
    logger.setLevel(logging.DEBUG if verbose else logging.WARNING)
    if not any(isinstance(handler, _Stderr) for handler in logger.handlers):
        logger.addHandler(_Stderr())
