"""Where every error of sda ends: as three sentences on stderr or one JSON document, and an exit status."""

import os
import signal
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import current_thread, main_thread
from types import FrameType
from typing import Final

import typer
from typer.main import get_command

from small_dataset_audio.atomic import store_error
from small_dataset_audio.cli.console import Output, as_called, help_width, json_text
from small_dataset_audio.cli.misunderstood import misunderstood
from small_dataset_audio.cli.words import force_with_value, global_options_first, options_in
from small_dataset_audio.errors import EXIT_INTERRUPTED, EXIT_OK, EnvironmentFault, SdaError

_PROGRAM: Final = "sda"
_COMPLETION: Final = "_SDA_COMPLETE"
"""The variable with which a shell asks for completions."""

_INTERRUPTED: Final = SdaError(
    "The command was interrupted.",
    "Ctrl-C was pressed, or the input ended where an answer was asked for.",
    "Nothing was left half-written: run the same command again.",
)


def guarded(words: Sequence[str], held_back: Sequence[signal.Signals] = ()) -> int:
    """Return the exit status of a command line; whatever went wrong has been reported.

    Args:
        words: the command line, without the program's name.
        held_back: signals that were blocked while this was imported, and count from now on.
    """
    with _hearing_ctrl_c() as pressed:
        return _guarded(words, held_back, pressed)


def _guarded(words: Sequence[str], held_back: Sequence[signal.Signals], pressed: Sequence[int]) -> int:
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, held_back)
        return _dispatch(words)
    except (KeyboardInterrupt, typer.Abort):
        return _interrupted(words)
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001 - the one boundary that turns a fault into three sentences
        if pressed:
            return _interrupted(words)
        return _report(error if isinstance(error, SdaError) else _unexpected(error), words, error)


def _interrupted(words: Sequence[str]) -> int:
    sys.stderr.write("\n")  # the cursor stands after a question, or after the terminal's own ^C
    _report(_INTERRUPTED, words)
    return EXIT_INTERRUPTED


@contextmanager
def _hearing_ctrl_c() -> Iterator[list[int]]:
    """Yield a list that tells whether Ctrl-C was pressed, whatever became of its KeyboardInterrupt on the way up.

    Where a package loads a part in C it comes out as an ImportError, where Python 3.11 makes a class (`__set_name__`) as a
    RuntimeError, and nothing of these errors need lead back to it.
    """
    pressed: list[int] = []

    def hear(number: int, frame: FrameType | None) -> None:
        pressed.append(number)
        signal.default_int_handler(number, frame)

    before = signal.getsignal(signal.SIGINT)
    if before is not signal.default_int_handler or current_thread() is not main_thread():
        yield pressed  # somebody else answers it
        return
    signal.signal(signal.SIGINT, hear)
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)


def _dispatch(words: Sequence[str]) -> int:
    from small_dataset_audio.cli.app import app

    if _COMPLETION in os.environ:
        app(prog_name=_PROGRAM)  # answers the shell, and ends
    full = force_with_value(global_options_first(words))
    try:
        # Not app() itself: it would swallow Ctrl-C and a reader that has gone.
        with get_command(app).make_context(_PROGRAM, full, terminal_width=help_width()) as context:
            context.command.invoke(context)
    except typer.Exit as ended:
        return ended.exit_code
    except typer.TyperException as error:
        raise misunderstood(error, _PROGRAM, words) from error
    sys.stdout.flush()
    return EXIT_OK


def _unexpected(error: Exception) -> SdaError:
    """Return what a user is told of a fault that no room foresaw."""
    if isinstance(error, ImportError):
        return EnvironmentFault(
            "A part of sda, or of a package that it needs, cannot be loaded.",
            f"{type(error).__name__}: {error}",
            "Make the environment again (`make setup`, or install sda anew), then see what `sda doctor` says.",
        )
    if isinstance(error, OSError):
        named = isinstance(error.filename, str)
        return store_error("use" if named else "write", Path(error.filename if named else "the output"), error)
    return SdaError(
        "sda failed in a way that it does not know.",
        f"{type(error).__name__}: {error}",
        "Run the same command with --verbose, and report what it prints.",
    )


def _report(error: SdaError, words: Sequence[str], cause: BaseException | None = None) -> int:
    """Show an error, as three lines on stderr or one JSON document on stdout, with a traceback when verbose."""
    options = options_in(words)
    if "-v" in options or "--verbose" in options:
        sys.stderr.write("".join(traceback.format_exception(cause or error)))
    if "--json" in options:
        sys.stdout.write(json_text({"error": error.as_dict()}, sys.stdout.encoding or "utf-8"))
    else:
        messages = Output(lambda: sys.stderr)
        for title, sentences in (("Error", error.what), ("  Why", error.why), ("  Fix", as_called(error.fix))):
            messages.write(f"{title}: {sentences}")
    return error.exit_status
