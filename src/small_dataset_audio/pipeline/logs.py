"""What sda logs goes to stderr, in the main process and in its workers."""

import logging
import sys
from typing import Final

_ROOT: Final = "small_dataset_audio"


class _Stderr(logging.Handler):
    """Writes to what stderr is at that moment: a progress bar puts itself in between."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        sys.stderr.write(self.format(record) + "\n")


def log_to_stderr(*, verbose: bool) -> None:
    """Let the loggers of sda, and of no other package, write to stderr: everything, or warnings and errors."""
    logger = logging.getLogger(_ROOT)
    logger.setLevel(logging.DEBUG if verbose else logging.WARNING)
    if not any(isinstance(handler, _Stderr) for handler in logger.handlers):
        logger.addHandler(_Stderr())
