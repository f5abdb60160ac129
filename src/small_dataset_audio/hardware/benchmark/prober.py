"""Probes in child processes, and the time that the search may still take."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import median
from time import monotonic
from typing import Any, Final

from small_dataset_audio.hardware.benchmark.nursery import Failed, Gone, Nursery
from small_dataset_audio.hardware.benchmark.probe import ProbeResult
from small_dataset_audio.hardware.benchmark.setup import Setup
from small_dataset_audio.hardware.benchmark.watchdog import Watch

VERIFY_STEPS: Final = 3
"""Steps that a verified batch ran at least, the warm-up included: from the second on, the optimiser's state is there."""
_TIMED: Final = 2
_ENOUGH_SECONDS: Final = {True: 0.15, False: 0.5}
"""Short steps are repeated until they took this long together, in a quick run and in a full one."""
_LONG_STEP: Final = 1.0
"""A step that takes this many seconds is timed once while the line is being found."""

_PATIENCE: Final = 4.0
_PATIENCE_SECONDS: Final = 20.0
"""A probe counts as hanging after this many times the time it should take, and so many seconds more."""
START_SECONDS: Final = 120.0
"""Importing torch from a slow disk, with a driver that is busy."""

CLIFF: Final = 3.0
"""A step that takes this many times longer per example than at a smaller batch runs in memory that is not the card's."""
_CLIFF_KINDS: Final = frozenset({"cuda", "rocm"})
_CLIFF_FROM: Final = 0.5
"""The part of the budget from which on a cliff can be one of memory."""

_EXPLORE_PART: Final = 0.2
"""The part of the remaining time that one probe may take while the line is being found."""
_VERIFY_PART: Final = 0.85
_LEAST_SLOPE: Final = 0.5
"""An example of a larger batch takes at least this part of the time that one takes in the largest batch so far."""
_MARGIN: Final = 1.15
"""Steps of large batches take a little longer per example than the line through smaller ones says."""


@dataclass(frozen=True, slots=True)
class Target:
    """The device that is measured, and what may be taken of it."""

    device: str
    kind: str
    threads: int
    allowance: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Begun:
    """What a child found when it opened the device."""

    free_bytes: int
    budget_bytes: int


def begin(nursery: Nursery, target: Target, watch: Watch) -> Begun:
    """Let the present child open the device, and return what it found.

    Raises:
        Gone, Failed, SdaError: it could not.
    """
    request = {
        "do": "begin",
        "device": target.device,
        "kind": target.kind,
        "threads": target.threads,
        "allowance": target.allowance,
    }
    return Begun(**nursery.ask(request, timeout=START_SECONDS, watch=watch))


class Prober:
    """Tries a batch in a child process: the `Probe` of the search.

    Args:
        nursery: makes the children.
        target: the device.
        setup: what is trained.
        new_watch: makes a watch over a child's memory.
        clock: returns the time in seconds.
        deadline: by that clock; a probe that hangs is given up soon after it.
    """

    def __init__(
        self,
        nursery: Nursery,
        target: Target,
        setup: Setup,
        new_watch: Callable[[], Watch],
        *,
        deadline: float,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._nursery = nursery
        self._target = target
        self._setup = setup
        self._new_watch = new_watch
        self._deadline = deadline
        self._clock = clock
        self.results: list[ProbeResult] = []
        self.processes = 0
        self._begun: Begun | None = None
        self.start_seconds: list[float] = []
        self.budget_bytes: int | None = None
        """What the present child may take of the device."""

    @property
    def free_bytes(self) -> int | None:
        """What was free on the device when the first child had opened it."""
        return None if self._begun is None else self._begun.free_bytes

    def __call__(self, batch: int, *, fresh: bool) -> ProbeResult:
        """Return what came of ``batch``."""
        fresh = fresh or self._begun is None or self._nursery.pid is None
        began = self._clock()
        watch = self._new_watch()
        try:
            if fresh:
                self._start(watch)
            answer = self._nursery.ask(
                {"do": "train", "batch": batch, "steps": self._steps(batch, fresh=fresh)},
                timeout=self._patience(batch),
                watch=watch,
            )
            result = self._understood(batch, answer, fresh=fresh)
        except Gone as gone:
            result = ProbeResult(batch, gone.ended, fresh, peak_bytes=gone.peak_bytes, reason=gone.reason)
        except Failed as failure:
            result = ProbeResult(batch, "error", fresh, reason=str(failure))
        result = replace(self._on_a_cliff(result), seconds=self._clock() - began)
        self.results.append(result)
        return result

    def _start(self, watch: Watch) -> None:
        """Make a new child that has opened the device and made the model; a child that did no work yet is taken first.

        Raises:
            Gone, Failed, SdaError: it could not.
        """
        began = self._clock()
        setup = self._setup
        self.processes += 1
        if self._begun is not None or self._nursery.pid is None or self._nursery.forks:
            self._nursery.fresh(timeout=START_SECONDS, watch=watch)
        begun = begin(self._nursery, self._target, watch)
        self._begun = self._begun or begun
        self.budget_bytes = begun.budget_bytes
        self._nursery.ask(
            {
                "do": "prepare",
                "workload": setup.workload,
                "channels": setup.channels,
                "samples": setup.samples,
                "precision": setup.precision,
            },
            timeout=START_SECONDS,
            watch=watch,
        )
        self.start_seconds.append(self._clock() - began)

    def _understood(self, batch: int, answer: dict[str, Any], *, fresh: bool) -> ProbeResult:
        result = ProbeResult(
            batch,
            answer["ended"],
            fresh,
            answer.get("spare_bytes"),
            answer.get("peak_bytes"),
            tuple(answer.get("step_seconds", ())),
            answer["steps"],
            reason=answer.get("reason"),
        )
        if self._target.kind == "mps" and self._nursery.ran_out():
            return replace(result, ended="oom", reason="Metal reported that memory ran out")
        return result

    def _on_a_cliff(self, result: ProbeResult) -> ProbeResult:
        """Return the result, as out of memory if its steps are so slow that the driver must be moving memory about."""
        if result.step is None or result.ended != "ok" or self._target.kind not in _CLIFF_KINDS:
            return result
        usual = min((r.step / r.batch for r in self.results if r.fits and r.step is not None), default=None)
        full = (result.peak_bytes or 0) >= _CLIFF_FROM * (self.budget_bytes or 0)
        if usual is None or not full or result.step / result.batch < CLIFF * usual:
            return result
        times = result.step / result.batch / usual
        return replace(
            result, ended="oom", reason=f"the driver over-commits: a step takes {times:.1f} times as long per example"
        )

    def _steps(self, batch: int, *, fresh: bool) -> dict[str, Any]:
        """Return how many steps to run: several for a batch that is to be verified, few where they take long."""
        expected = step_time(self.results, batch)
        long = expected is not None and expected >= _LONG_STEP
        timed = 1 if long and not fresh else _TIMED
        return {"warmup": VERIFY_STEPS - _TIMED, "least": timed, "seconds": _ENOUGH_SECONDS[self._setup.quick]}

    def _patience(self, batch: int) -> float:
        """Return after how many seconds a probe of ``batch`` counts as hanging."""
        expected = VERIFY_STEPS * (step_time(self.results, batch) or 0.0)
        left = max(0.0, self._deadline - self._clock())
        return min(_PATIENCE * expected, max(left, expected)) + _PATIENCE_SECONDS


class Clocked:
    """The pace of a search that must end in time: the `Pace` of the search.

    Args:
        deadline: when the search must have ended.
        start_seconds: how long starting each child took so far.
        clock: returns the time.
    """

    def __init__(
        self, deadline: float, start_seconds: Sequence[float], *, clock: Callable[[], float] = monotonic
    ) -> None:
        self._deadline = deadline
        self._starts = start_seconds
        self._clock = clock

    def explores(self, batch: int, results: Sequence[ProbeResult]) -> bool:
        """Return whether two steps of ``batch`` take no more than a part of the time that is left."""
        expected = step_time(results, batch)
        return expected is None or _TIMED * expected <= _EXPLORE_PART * self._left()

    def affordable(self, results: Sequence[ProbeResult], *, verify: bool) -> int:
        """Return the largest batch that can still be verified in a new process, or else tried in the present one."""
        line = _time_line(results)
        if line is None:
            return 1
        if verify:
            each = (self._left() * _VERIFY_PART - max(self._starts, default=0.0)) / VERIFY_STEPS
        else:
            each = self._left() / _TIMED
        fixed, slope = line
        return max(1, int((each / _MARGIN - fixed) / slope))

    def _left(self) -> float:
        return max(0.0, self._deadline - self._clock())


def step_time(results: Sequence[ProbeResult], batch: int) -> float | None:
    """Return the seconds that a step of ``batch`` should take, by the steps so far, or None without any."""
    line = _time_line(results)
    return None if line is None else line[0] + line[1] * batch


def _time_line(results: Sequence[ProbeResult]) -> tuple[float, float] | None:
    """Return (fixed seconds, seconds per example) of a step, by the two largest batches; None without any."""
    times: dict[int, list[float]] = {}
    for result in results:
        if result.step is not None:
            times.setdefault(result.batch, []).append(result.step)
    if not times:
        return None
    points = sorted((batch, median(values)) for batch, values in times.items())
    batch, took = points[-1]
    if len(points) == 1:
        return 0.0, max(took, 1e-9) / batch
    before, took_before = points[-2]
    slope = max((took - took_before) / (batch - before), took / batch * _LEAST_SLOPE, 1e-9 / batch)
    return took - slope * batch, slope
