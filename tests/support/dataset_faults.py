"""Faults in the handling of files: one call to the operating system fails, or kills the process.

Every call that Python code makes to the operating system, in whatever module, is counted by a profile function; so no point
of a write path is missed, and none has to be known by name.
"""

import contextlib
import errno
import io
import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FrameType

import pytest

_MODULES = frozenset({"posix", "fcntl", "_io", "io"})
_NO_CALLS = frozenset(
    {"fspath", "getpid", "urandom", "fsencode", "fsdecode", "fileno", "readable", "writable", "kill", "close"}
)


def _is_system_call(function: object) -> bool:
    name: str = getattr(function, "__name__", "_")
    if name in _NO_CALLS or name.startswith("_"):
        return False
    return getattr(function, "__module__", None) in _MODULES or isinstance(
        getattr(function, "__self__", None), io.IOBase
    )


@dataclass
class Count:
    """How many calls were made."""

    calls: int = 0


@contextlib.contextmanager
def at_call(number: int, act: Callable[[], None], *, name: str | None = None) -> Iterator[Count]:
    """Do ``act`` right before one call to the operating system (of that name)."""
    count = Count()

    def profile(_frame: FrameType, what: str, function: object) -> None:
        if what == "c_call" and _is_system_call(function) and name in {None, getattr(function, "__name__", None)}:
            count.calls += 1
            if count.calls == number:
                sys.setprofile(None)
                act()

    sys.setprofile(profile)
    try:
        yield count
    finally:
        sys.setprofile(None)


@contextlib.contextmanager
def failing(number: int, code: int, *, name: str | None = None) -> Iterator[Count]:
    """Let one call to the operating system fail with an ``errno``, without being made."""

    def fail() -> None:
        raise OSError(code, os.strerror(code))

    with at_call(number, fail, name=name) as count:
        yield count


@contextlib.contextmanager
def killed(number: int) -> Iterator[Count]:
    """Kill this process right before one call to the operating system."""
    with at_call(number, lambda: os.kill(os.getpid(), signal.SIGKILL)) as count:
        yield count


def calls_of(action: Callable[[], object]) -> int:
    """Return how many calls to the operating system ``action`` makes."""
    with at_call(-1, lambda: None) as count:
        action()
    return count.calls


def lock_folder(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the system refuse, to root as well, to list folders whose path ends in ``name``."""
    real = os.scandir

    def scandir(path: str) -> object:
        if os.fspath(path).endswith(name):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
