"""The entry point: command line in, exit status out.

Little is imported at the top, so that Ctrl-C finds somebody who answers it from the first moment on.
"""

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn

_STREAMS = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit status of ``sda`` with ``arguments`` (the process's own when None)."""
    if arguments is None:
        _lead_closed_streams_nowhere()
        if sys.getfilesystemencoding() != "utf-8" and not sys.flags.utf8_mode:
            _start_again_in_utf8()
    words = list(sys.argv[1:] if arguments is None else arguments)
    with _ctrl_c_later() as ctrl_c_now:
        from small_dataset_audio.cli.boundary import guarded
        from small_dataset_audio.cli.console import prepare_streams
        from small_dataset_audio.errors import EXIT_FAILED, EXIT_OK

        prepare_streams()
        try:
            status = guarded(words, ctrl_c_now)
            if arguments is None:
                signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is done: another must not change how it ended
            sys.stdout.flush()
        except BrokenPipeError:  # the reader (`| head`) has seen enough
            _let_go_of_stdout()
            return EXIT_OK
        except OSError:  # has been reported: what was to be said could not be written
            _let_go_of_stdout()
            return EXIT_FAILED
        return status


def _lead_closed_streams_nowhere() -> None:
    """Put streams in place of those that are closed (``>&-``, some cron jobs and services).

    Nothing could be said otherwise, and a file that is opened later would take the number of a closed stream, so that
    whatever a library writes to stdout went into it.
    """
    for number, (name, mode) in enumerate(_STREAMS):
        if getattr(sys, name) is None:
            stream = open(os.devnull, mode, encoding="utf-8")  # noqa: SIM115, PTH123 - stays open
            if stream.fileno() == number:
                os.set_inheritable(number, True)  # worker processes need it as well
            setattr(sys, name, stream)


@contextmanager
def _ctrl_c_later() -> Iterator[Sequence[signal.Signals]]:
    """Hold Ctrl-C back, so that it cannot break an import; yield the signals to let through again."""
    held = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT,))
    try:
        yield () if signal.SIGINT in held else (signal.SIGINT,)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)


def _start_again_in_utf8() -> NoReturn:
    """Replace this process by one in Python's UTF-8 mode: names of tracks must not depend on the locale.

    The streams keep the encoding of the locale, which is what the terminal shows.
    """
    environment = {"PYTHONIOENCODING": sys.stdout.encoding, **os.environ, "PYTHONUTF8": "1"}
    os.execve(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]], environment)  # noqa: S606 - no shell


def _let_go_of_stdout() -> None:
    """Lead stdout nowhere: Python would complain again while it flushes at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
