"""Runs a program and ends it when whoever started this keeper is gone, however that ended.

Called as ``python keeper.py PROGRAM [ARGUMENT…]``. The one who calls holds the other end of stdin: when that closes, by
intent or because the process died, the program is asked to end, and is ended if it does not. The exit status is the program's,
or 128 and the number of the signal that ended it, as in a shell.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import Final

GRACE_SECONDS: Final = 5.0
SIGNALLED: Final = 128
"""Exit statuses above it: a signal ended the program."""


def keep(command: Sequence[str]) -> int:
    """Return the exit status of ``command``, which lives no longer than our stdin is open."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the business of the one who started us
    program = subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603 - what the settings name
    threading.Thread(target=_end_with_stdin, args=(program,), daemon=True).start()
    return program.wait()


def _end_with_stdin(program: "subprocess.Popen[bytes]") -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    program.terminate()
    try:
        program.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        program.kill()


if __name__ == "__main__":
    status = keep(sys.argv[1:])
    sys.exit(status if status >= 0 else SIGNALLED - status)
