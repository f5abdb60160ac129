"""The faults: which system calls each can strike, and what it does to them."""

import contextlib
import errno
import fcntl
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from support.faults.powercut import PowerCut
from support.faults.syscalls import Call
from support.faults.tracing import LET_PASS, Verdict

_TWENTY_YEARS: Final = 20 * 365 * 86_400
_PIECEWISE: Final = frozenset({"write", "pwrite64"})
_LENGTH: Final = 2
_RENAMES: Final = frozenset({"rename", "renameat", "renameat2"})
_BY_PATH: Final = frozenset({"path", "at"})


@dataclass(frozen=True)
class Fault:
    """One kind of fault.

    Attributes:
        name: what the report calls it.
        strikes: whether it can strike a call.
        verdict: what becomes of the call that it strikes.
        lasting: every further call that it can strike is struck as well.
        cut: the power goes as well: what was not flushed is lost; True for names too, False for content alone.
        spares: the power cut spares every second file.
        shift: all files get another date, by so many seconds.
        jump: the clock jumps by so many seconds, as the process sees it.
        harmless: the work must be done all the same.
        both_names: a rename leaves the old name beside the new one.
        blinds: what is there may not be seen, so that a recording may come in although another track has the same.
    """

    name: str
    strikes: Callable[[Call], bool]
    verdict: Callable[[Call], Verdict]
    lasting: bool = False
    cut: bool | None = None
    spares: bool = False
    shift: int = 0
    jump: int = 0
    harmless: bool = False
    both_names: bool = False
    blinds: bool = False


def _effects(*names: str) -> Callable[[Call], bool]:
    return lambda call: call.effect in names


def _asks_for_a_name(call: Call) -> bool:
    return call.effect in {"look", "create", "write", "name"} and call.shape.places[0][0] in _BY_PATH


def _is_written(call: Call) -> bool:
    return call.shape.name in _PIECEWISE and call.arguments[_LENGTH] > 1


def _is_renamed(call: Call) -> bool:
    return call.shape.name in _RENAMES


def _changes(call: Call) -> bool:
    return call.effect in {"create", "write", "name", "mark"}


def _may_be_interrupted(call: Call) -> bool:
    """Whether a signal may end a call before it has done anything (signal(7)); of folders no file system does that."""
    return call.shape.name in {"read", "pread64", *_PIECEWISE} or (
        call.shape.flags is not None
        and not call.arguments[call.shape.flags] & os.O_DIRECTORY
        and not Path(call.paths[0]).is_dir()
    )


def _half(call: Call, *, kill_after: bool) -> Verdict:
    return Verdict(shorten=call.arguments[_LENGTH] // 2, kill_after=kill_after)


def _refused(code: int) -> Callable[[Call], Verdict]:
    return lambda _call: Verdict(refuse=code)


def _killed(_call: Call) -> Verdict:
    return Verdict(kill=True)


def _takes_a_lock(call: Call) -> bool:
    return call.effect == "lock" and bool(call.arguments[1] & fcntl.LOCK_EX)


_ANY: Final = ("look", "create", "write", "flush", "name", "mark", "lock")
FAULTS: Final = (
    Fault("killed before a call", _effects(*_ANY, "close"), _killed),
    Fault("killed in the middle of a write", _is_written, lambda call: _half(call, kill_after=True)),
    Fault("killed with a lock in its hands", _takes_a_lock, lambda _call: Verdict(kill_after=True)),
    Fault("power cut, names kept", _effects("create", "write", "flush", "name"), _killed, cut=False),
    Fault("power cut, names lost", _effects("create", "write", "flush", "name"), _killed, cut=True),
    Fault("power cut, some content lost", _effects("create", "write", "flush", "name"), _killed, cut=False, spares=True),
    Fault("disk full (ENOSPC)", _effects("create", "write", "flush"), _refused(errno.ENOSPC), lasting=True),
    Fault("no inodes left", _effects("create"), _refused(errno.ENOSPC), lasting=True),
    Fault("quota used up (EDQUOT), once", _effects("create", "write", "flush"), _refused(errno.EDQUOT)),
    Fault("disk fails once (EIO)", _effects("look", "create", "write", "flush", "name"), _refused(errno.EIO), blinds=True),
    Fault("disk fails for good (EIO)", _effects("look", "create", "write", "flush", "name"), _refused(errno.EIO), lasting=True, blinds=True),
    Fault("close tells of a failure (EIO)", _effects("close"), lambda _call: Verdict(answer=errno.EIO)),
    Fault("not permitted (EACCES)", _asks_for_a_name, _refused(errno.EACCES), blinds=True),
    Fault("read-only from then on (EROFS)", _changes, _refused(errno.EROFS), lasting=True),
    Fault("too many open files (EMFILE)", lambda call: call.shape.flags is not None, _refused(errno.EMFILE), blinds=True),
    Fault("torn rename: made, told as failed", _is_renamed, lambda _call: Verdict(answer=errno.EIO)),
    Fault("torn rename: both names, killed", _is_renamed, lambda _call: Verdict(kill_after=True), both_names=True),
    Fault("writes come short", _is_written, lambda call: _half(call, kill_after=False), lasting=True, harmless=True),
    Fault("interrupted by a signal (EINTR)", _may_be_interrupted, _refused(errno.EINTR), harmless=True),
    Fault("clock jumps ahead", _effects(*_ANY), lambda _call: LET_PASS, jump=_TWENTY_YEARS),
    Fault("clock jumps back", _effects(*_ANY), lambda _call: LET_PASS, jump=-_TWENTY_YEARS),
    Fault("files get a date in the future", _effects(*_ANY), lambda _call: LET_PASS, shift=_TWENTY_YEARS),
    Fault("files get a date in the past", _effects(*_ANY), lambda _call: LET_PASS, shift=-_TWENTY_YEARS),
)  # fmt: skip


@dataclass
class Injection:
    """One fault at one point.

    Attributes:
        fault: which.
        point: the how many-th of the calls that it can strike; 0 for none, to count them.
        root: the folder that the work is done in.
        spare: for what a power cut brings back.
        calls: how many calls it could have struck so far.
        struck: the call that it struck.
    """

    fault: Fault
    point: int
    root: Path
    spare: Path
    calls: int = 0
    struck: str = ""
    _ledger: PowerCut | None = field(init=False)

    def __post_init__(self) -> None:
        """Prepare for a power cut."""
        self._ledger = PowerCut(self.spare) if self.fault.cut is not None else None

    def before(self, call: Call) -> Verdict:
        """Return what becomes of a call."""
        if self._ledger is not None:
            self._ledger.before(call)
        if not self.fault.strikes(call):
            return LET_PASS
        self.calls += 1
        if self.calls != self.point and not (self.fault.lasting and 0 < self.point < self.calls):
            return LET_PASS
        if self.calls == self.point:
            self.struck = str(call)
            if self.fault.shift:
                _shift_times(self.root, self.fault.shift)
        return self.fault.verdict(call)

    def after(self, call: Call, well: bool) -> None:  # noqa: FBT001 - the shape of `tracing.After`
        """Take note of a call that was made."""
        if self._ledger is not None:
            self._ledger.after(call, well)
        if self.fault.both_names and well and self.calls == self.point and _is_renamed(call):
            with contextlib.suppress(OSError):  # of folders there is only one name
                os.link(call.paths[1], call.paths[0])

    def clock(self) -> int:
        """Return by how many seconds the clock is wrong by now."""
        return self.fault.jump if 0 < self.point <= self.calls else 0

    def settle(self) -> None:
        """Let the power cut have its effect, once the process has ended."""
        if self._ledger is not None and self.point > self.calls:
            self.struck = "when all was done"
        if self._ledger is not None and self.struck:
            self._ledger.strike(names=bool(self.fault.cut), spared=self.point % 2 if self.fault.spares else None)


def _shift_times(root: Path, seconds: int) -> None:
    """Let all files look as if the clock had been wrong by ``seconds`` when they were written."""
    wrong = time.time_ns() + seconds * 1_000_000_000
    for path in root.rglob("*"):
        with contextlib.suppress(FileNotFoundError):
            os.utime(path, ns=(wrong, wrong), follow_symlinks=False)
