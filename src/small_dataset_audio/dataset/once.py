"""Asking the disk once: while a track is planned, nothing is written, and every stage asks the same of its folder.

`asked_once` opens a block for this thread; in it the functions under `once` answer the same question from memory. Outside of
such a block they always look.
"""

import contextlib
import threading
from collections.abc import Callable, Hashable, Iterator
from functools import wraps
from typing import Any, ParamSpec, TypeVar

_Asked = ParamSpec("_Asked")
_Answer = TypeVar("_Answer")


class _Block(threading.local):
    """What this thread's open block knows; None where none is open."""

    answers: dict[Hashable, Any] | None = None


_block = _Block()


@contextlib.contextmanager
def asked_once() -> Iterator[None]:
    """Let every question be put to the disk once in this block; what is answered must not be changed."""
    before, _block.answers = _block.answers, {}
    try:
        yield
    finally:
        _block.answers = before


def once(function: Callable[_Asked, _Answer]) -> Callable[_Asked, _Answer]:
    """Return ``function``, which answers from memory in a block of `asked_once`; its arguments must be hashable."""

    @wraps(function)
    def answer(*args: _Asked.args, **kwargs: _Asked.kwargs) -> _Answer:
        """Return the answer of ``function``, in a block of `asked_once` the one that it gave before."""
        answers = _block.answers
        if answers is None:
            return function(*args, **kwargs)
        question = (function, args, *kwargs.items())
        if question not in answers:
            answers[question] = function(*args, **kwargs)
        found: _Answer = answers[question]
        return found

    return answer
