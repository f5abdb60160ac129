"""The entry point: command line in, exit status out. Every error of sda ends here."""

import os
import signal
import sys
import traceback
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Final, NoReturn

import typer
from typer.main import get_command

from small_dataset_audio.atomic import store_error
from small_dataset_audio.cli.console import Output, as_called, json_text, prepare_streams
from small_dataset_audio.cli.run import ALL_STAGES
from small_dataset_audio.cli.stats import SELECT_USUALLY
from small_dataset_audio.config.order import STAGES
from small_dataset_audio.errors import (
    EXIT_FAILED,
    EXIT_INTERRUPTED,
    EXIT_OK,
    EnvironmentFault,
    SdaError,
    UsageError,
)

_PROGRAM: Final = "sda"
_COMPLETION: Final = "_SDA_COMPLETE"
"""The variable with which a shell asks for completions."""
_FLAGS: Final = frozenset({"-v", "--verbose", "-q", "--quiet"})
_WITH_VALUE: Final = ("--config", "--device")
_ALIKE: Final = 0.75
"""How much a word must resemble a stage's name (difflib's ratio) to be taken for a misspelling of it."""

_INTERRUPTED: Final = SdaError(
    "The command was interrupted.",
    "Ctrl-C was pressed, or the input ended where an answer was asked for.",
    "Nothing was left half-written: run the same command again.",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit status of ``sda`` with ``arguments`` (the process's own when None)."""
    if arguments is None and sys.getfilesystemencoding() != "utf-8" and not sys.flags.utf8_mode:
        _start_again_in_utf8()
    words = list(sys.argv[1:] if arguments is None else arguments)
    prepare_streams()
    try:
        status = _guarded(words)
        if arguments is None:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is done: another Ctrl-C must not change how it ended
        sys.stdout.flush()
    except BrokenPipeError:  # the reader (`| head`) has seen enough
        _let_go_of_stdout()
        return EXIT_OK
    except OSError:  # has been reported: what was to be said could not be written
        _let_go_of_stdout()
        return EXIT_FAILED
    return status


def _start_again_in_utf8() -> NoReturn:
    """Replace this process by one in Python's UTF-8 mode: names of tracks must not depend on the locale.

    The streams keep the encoding of the locale, which is what the terminal shows.
    """
    environment = {"PYTHONIOENCODING": sys.stdout.encoding, **os.environ, "PYTHONUTF8": "1"}
    os.execve(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]], environment)  # noqa: S606 - no shell


def _guarded(words: list[str]) -> int:
    """Return the exit status; whatever went wrong has been reported."""
    try:
        return _dispatch(words)
    except SdaError as error:
        return _report(error, words)
    except (KeyboardInterrupt, typer.Abort):
        sys.stderr.write("\n")  # the cursor stands after a question, or after the terminal's own ^C
        _report(_INTERRUPTED, words)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001 - the one boundary that turns a fault into three sentences
        return _report(_unexpected(error), words, error)


def _dispatch(words: list[str]) -> int:
    from small_dataset_audio.cli.app import app

    if _COMPLETION in os.environ:
        app(prog_name=_PROGRAM)  # answers the shell, and ends
    try:
        # Not app() itself: it would swallow Ctrl-C and a reader that has gone.
        with get_command(app).make_context(_PROGRAM, force_with_value(global_options_first(words))) as context:
            context.command.invoke(context)
    except typer.Exit as ended:
        return ended.exit_code
    except typer.TyperException as error:
        where = getattr(error, "ctx", None)
        command = where.command_path if where is not None else _PROGRAM
        raise UsageError(
            "sda did not understand the command.",
            error.format_message(),
            f"`{command} --help` says what it takes."
            if command != _PROGRAM
            else "`sda --help` lists the commands, and `sda COMMAND --help` says what one takes.",
        ) from error
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


def _let_go_of_stdout() -> None:
    """Lead stdout nowhere: Python would complain again while it flushes at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def global_options_first(words: Sequence[str]) -> list[str]:
    """Return ``words`` with the global options moved to the front, so that they may stand anywhere.

    What follows ``--`` is left alone.
    """
    front: list[str] = []
    rest: list[str] = []
    remaining = iter(words)
    for word in remaining:
        if word == "--":
            rest += [word, *remaining]
        elif word in _FLAGS or word.startswith(tuple(f"{option}=" for option in _WITH_VALUE)):
            front.append(word)
        elif word in _WITH_VALUE:
            front += [word, *([value] if (value := next(remaining, None)) is not None else [])]
        else:
            rest.append(word)
    return front + rest


def force_with_value(words: Sequence[str]) -> list[str]:
    """Return ``words`` with a bare ``--force`` written out as all stages, and ``--select`` as usual: their values may be left out."""
    full: list[str] = []
    for index, word in enumerate(words):
        full.append(word)
        if word == "--force" and not _means_stages(words[index + 1] if index + 1 < len(words) else ""):
            full.append(ALL_STAGES)
        elif word == "--select" and not (words[index + 1] if index + 1 < len(words) else "").isdecimal():
            full.append(SELECT_USUALLY)
    return full


def _means_stages(word: str) -> bool:
    """Whether the word after ``--force`` is its value: names of stages, even misspelt ones, rather than a folder."""
    known = {*STAGES, ALL_STAGES}
    names = [name.strip() for name in word.split(",") if name.strip()]
    if not names or word.startswith("-") or (Path(word).exists() and not set(names) <= known):
        return False
    return all(get_close_matches(name, known, n=1, cutoff=_ALIKE) for name in names)


def _report(error: SdaError, words: Sequence[str], cause: BaseException | None = None) -> int:
    """Show an error, as three lines on stderr or one JSON document on stdout, with a traceback when verbose."""
    options = words[: words.index("--")] if "--" in words else words
    if "-v" in options or "--verbose" in options:
        sys.stderr.write("".join(traceback.format_exception(cause or error)))
    if "--json" in options:
        sys.stdout.write(json_text({"error": error.as_dict()}, sys.stdout.encoding or "utf-8"))
    else:
        messages = Output(lambda: sys.stderr)
        for title, sentences in (("Error", error.what), ("  Why", error.why), ("  Fix", as_called(error.fix))):
            messages.write(f"{title}: {sentences}")
    return error.exit_status
