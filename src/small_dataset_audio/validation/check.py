"""A check, its result, and how many checks run at the same time.

A check is a small object with a name, a group, a function and a fix. All of them run at once, each in a thread of its
own, and are reported in the order in which they were given. A check that crashes, or that gives no answer (a network
share that is gone can keep the system waiting for ever), is a result like any other and never the end of the others.
"""

import logging
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Status = Literal["ok", "note", "warn", "fail", "crash"]
"""ok: as it should be. note: good to know. warn: works, but not as it could. fail: does not work. crash: unknown."""

BAD: frozenset[Status] = frozenset({"fail", "crash"})

logger = logging.getLogger(__name__)

_PATIENCE = 20.0


@dataclass(frozen=True, slots=True)
class Result:
    """What a check found."""

    status: Status
    summary: str
    """One sentence or phrase."""
    detail: str | None = None
    """What stands behind it, where there is more to say."""
    fix: str | None = None
    """What the user can do about it."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check of the environment."""

    name: str
    group: str
    run: Callable[[], Result]
    fix: str
    """What helps in general: reported where the check itself brings no answer or no fix."""
    needs_torch: bool = False
    critical: bool = False
    """Whether sda cannot do its work if this fails."""
    patience: float = _PATIENCE
    """Seconds after which no answer counts as a failure."""


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a check."""

    group: str
    name: str
    status: Status
    summary: str
    detail: str | None
    fix: str | None
    seconds: float
    critical: bool

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON shape of one check of ``sda doctor``."""
        return {
            "group": self.group,
            "name": self.name,
            "status": self.status,
            "summary": self.summary,
            "detail": self.detail,
            "fix": self.fix,
            "seconds": round(self.seconds, 4),
        }


def run_together(checks: Sequence[Check]) -> list[Report]:
    """Return one report per check, in the order of ``checks``, after running all of them at the same time."""
    running = [_Running(check) for check in checks]
    # The import of torch takes longest: it starts first.
    for run in sorted(running, key=lambda run: not run.check.needs_torch):
        run.start()
    return [run.report() for run in running]


class _Running:
    """A check at work in its thread."""

    def __init__(self, check: Check) -> None:
        self.check = check
        self._started = 0.0
        self._outcome: Report | None = None
        # A thread that never comes back must not keep the program from ending.
        self._thread = threading.Thread(target=self._work, name=f"check {check.name}", daemon=True)

    def start(self) -> None:
        """Start the check; without a thread, where the system gives no more of them."""
        self._started = time.perf_counter()
        try:
            self._thread.start()
        except RuntimeError:
            self._work()

    def report(self) -> Report:
        """Return the report, waiting for it as long as the check's patience says."""
        if self._thread.ident is not None:
            self._thread.join(max(0.0, self._started + self.check.patience - time.perf_counter()))
        late = Result("fail", f"There was no answer within {self.check.patience:g} seconds.")
        return self._outcome or self._made(late)

    def _work(self) -> None:
        try:
            result = self.check.run()
        except (Exception, SystemExit) as error:  # the one boundary of this room: a crash is a result
            logger.debug("check %s crashed", self.check.name, exc_info=True)
            result = _crash(error)
        self._outcome = self._made(result)

    def _made(self, result: Result) -> Report:
        check = self.check
        fix = result.fix or (check.fix if result.status in BAD else None)
        seconds = time.perf_counter() - self._started
        return Report(
            check.group, check.name, result.status, result.summary, result.detail, fix, seconds, check.critical
        )


def _crash(error: BaseException) -> Result:
    """Return the result that stands for a check that crashed: the error, and where it arose."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"In {frames[-1].name}, line {frames[-1].lineno} of {frames[-1].filename}." if frames else None
    return Result("crash", f"The check itself crashed with {type(error).__name__}: {error}", place)
