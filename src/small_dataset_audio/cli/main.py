"""The entry point: command line in, exit status out. Every error of sda ends here."""

import json
import logging
import os
import sys
from collections.abc import Sequence
from typing import Final

import typer

from small_dataset_audio.cli.run import ALL_STAGES
from small_dataset_audio.config.order import STAGES
from small_dataset_audio.errors import EXIT_INTERRUPTED, EXIT_OK, SdaError, UsageError

_FLAGS: Final = frozenset({"-v", "--verbose", "-q", "--quiet"})
_WITH_VALUE: Final = ("--config", "--device")


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit status of ``sda`` with ``arguments`` (the process's own when None)."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _dispatch(words)
    except SdaError as error:
        return _report(error, words)
    except (KeyboardInterrupt, typer.Abort):
        sys.stderr.write("\nInterrupted. Nothing was left half-written.\n")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader (`| head`) has seen enough. Python would complain again while it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_OK


def _dispatch(words: list[str]) -> int:
    from small_dataset_audio.cli.app import app

    try:
        status = app(args=force_with_value(global_options_first(words)), standalone_mode=False, prog_name="sda")
    except typer.TyperException as error:
        raise UsageError(
            "sda did not understand the command.",
            error.format_message(),
            "`sda --help` lists the commands, and `sda COMMAND --help` says what one takes.",
        ) from error
    sys.stdout.flush()
    return status if isinstance(status, int) else EXIT_OK


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
    """Return ``words`` with a bare ``--force`` written out as all stages: its value may be left out."""
    full: list[str] = []
    for index, word in enumerate(words):
        full.append(word)
        if word == "--force":
            value = words[index + 1] if index + 1 < len(words) else ""
            if not set(value.split(",")) <= {*STAGES, ALL_STAGES}:
                full.append(ALL_STAGES)
    return full


def _report(error: SdaError, words: Sequence[str]) -> int:
    """Show an error: three lines on stderr, or one JSON document on stdout."""
    options = words[: words.index("--")] if "--" in words else words
    if "--json" in options:
        sys.stdout.write(json.dumps({"error": error.as_dict()}, ensure_ascii=False, indent=2) + "\n")
    else:
        sys.stderr.write(f"Error: {error.what}\n  Why: {error.why}\n  Fix: {error.fix}\n")
    if "-v" in options or "--verbose" in options:
        logging.getLogger(__name__).debug("where it came from", exc_info=error)
    return error.exit_status
