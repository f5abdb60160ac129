"""What a user is told of a command line that does not make sense, in place of the parser's own words."""

import errno
import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from small_dataset_audio.atomic import store_error
from small_dataset_audio.cli.words import options_in
from small_dataset_audio.errors import SdaError, UsageError

if TYPE_CHECKING:
    from typer import TyperException

_BOUNDS: Final = {"greater_than_equal": ("at least", "ge"), "less_than_equal": ("at most", "le")}
_KINDS: Final = {"int": "a whole number", "float": "a number", "finite": "a finite number"}


def misunderstood(error: "TyperException", program: str, words: Sequence[str]) -> SdaError:
    """Return the error for what the parser could not make sense of, or could not read.

    Args:
        error: the parser's.
        program: how sda is called.
        words: the command line, without the program's name.
    """
    where = getattr(error, "ctx", None)
    command = program if where is None else str(where.command_path)
    message = error.format_message()
    if (unreadable := _unreadable(words)) is not None and message.endswith("is not readable."):
        return store_error("read", unreadable, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))
    return UsageError("sda did not understand the command.", _why(error, message), _fix(command, program, words))


def _unreadable(words: Sequence[str]) -> Path | None:
    """Return the first file or folder among the words that may not be read."""
    named = (word.partition("=")[2] if word.startswith("--") else word for word in words)
    return next((Path(one) for one in named if one and Path(one).exists() and not os.access(one, os.R_OK)), None)


def _why(error: "TyperException", message: str) -> str:
    """Return what is wrong, with what was probably meant."""
    near: Sequence[str] | None = getattr(error, "possibilities", None)
    if near:
        return f"{message.partition(' (')[0]}. Did you mean {' or '.join(sorted(near))}?"
    found: list[dict[str, Any]] = getattr(error.__cause__, "errors", list)()
    hint = message.partition(": ")[0]
    if not found or (wanted := _wanted(found[0])) is None:
        return message
    return f"{hint}: {found[0]['input']!r} is not {wanted}."


def _wanted(problem: dict[str, Any]) -> str | None:
    """Return what a value should have been, by what pydantic found (its ``type``), or None where that says nothing."""
    kind = str(problem["type"])
    if kind in _BOUNDS:
        words, bound = _BOUNDS[kind]
        return f"{words} {problem['ctx'][bound]:g}"
    return _KINDS.get(kind.partition("_")[0])


def _fix(command: str, program: str, words: Sequence[str]) -> str:
    """Return what to do: how to name a file that looks like an option, or where help is."""
    dashed = [word for word in options_in(words) if word.startswith("-") and Path(word).exists()]
    if dashed and command != program:
        return f"A name that begins with a dash stands behind two of them: `{command} -- {shlex.quote(dashed[0])}`."
    if command != program:
        return f"`{command} --help` says what it takes."
    return "`sda --help` lists the commands, and `sda COMMAND --help` says what one takes."
