"""The search for the largest batch: a function of what the probes say, and of nothing else.

1. Small batches are doubled. Memory grows along a line there; its end is where the budget is used up.
2. A batch just below the end of the line is tried in a new process.
3. One step above it is tried as well: only a batch that was seen not to fit proves that the one below is the largest.
4. Where the line misled, the bracket of what fits and what does not is halved until it is one step wide.
5. What is reported has run for several steps in a new process, with the headroom left. Nothing else is.

Every probe process that dies is one fewer to spend. The last one is kept for the verification.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import floor, isqrt, log
from typing import Final, Literal, Protocol

from small_dataset_audio.hardware.benchmark.probe import Probe, ProbeResult

Bound = Literal["memory", "ceiling", "time", "processes"]
"""What ended the search: memory, the ceiling that was set, the time that is allowed, or too many lost processes."""

STEPS_PER_BATCH: Final = 32
"""The answer is exact to one part in this many: a fifth of the usual headroom."""
_APART: Final = 0.75
"""Two points of a line are at least this factor apart: noise weighs less."""
_MOST_PROBES: Final = 64
"""No search needs half as many; memory that changes from probe to probe could keep one going for ever."""


def step(batch: int) -> int:
    """Return how exact the search is near ``batch``: one step up may already be too much."""
    return max(1, batch // STEPS_PER_BATCH)


class Pace(Protocol):
    """How much the search may take on, given what the probes took so far."""

    def explores(self, batch: int, results: Sequence[ProbeResult]) -> bool:
        """Return whether there is time to try ``batch`` while the line is being found."""
        ...

    def affordable(self, results: Sequence[ProbeResult], *, verify: bool) -> int:
        """Return the largest batch that there is time to verify, or else to try, at least 1."""
        ...


class Unhurried:
    """All the time that is needed."""

    def explores(self, batch: int, results: Sequence[ProbeResult]) -> bool:  # noqa: ARG002 - part of the protocol
        """Return True."""
        return True

    def affordable(self, results: Sequence[ProbeResult], *, verify: bool) -> int:  # noqa: ARG002 - as above
        """Return more than any ceiling."""
        return 2**31


@dataclass(frozen=True, slots=True)
class Found:
    """What a search ended with."""

    batch: int | None
    """The largest batch that was verified; None where not even one example fits."""
    bound: Bound
    projected: int | None
    """What memory alone would allow along the measured line; None where there is no line."""
    results: tuple[ProbeResult, ...]


def search(probe: Probe, *, ceiling: int, processes: int, pace: Pace | None = None) -> Found:
    """Return the largest batch that fits, within one step, and everything that was tried.

    Args:
        probe: tries a batch.
        ceiling: the largest batch to consider.
        processes: how many probe processes may be started in all, at least 2.
        pace: how much time there is.
    """
    hunt = _Search(probe, ceiling, processes, Unhurried() if pace is None else pace)
    hunt.explore()
    hunt.refine()
    return hunt.found()


def capacity(results: Sequence[ProbeResult]) -> int | None:
    """Return the batch at which the memory budget is used up, along the line through the largest batches measured.

    Returns:
        None without two batches of known memory, or where memory does not grow.
    """
    points = {r.batch: r.spare_bytes for r in results if r.ended == "ok" and r.spare_bytes is not None}
    if len(points) < 2:  # noqa: PLR2004 - a line
        return None
    high = max(points)
    low = max((batch for batch in points if batch <= high * _APART), default=min(points))
    if low == high or points[low] <= points[high]:
        return None
    slope = (points[low] - points[high]) / (high - low)
    return max(0, floor(high + points[high] / slope))


@dataclass
class _Search:
    probe: Probe
    ceiling: int
    processes: int
    pace: Pace
    results: list[ProbeResult] = field(default_factory=list)
    started: int = 0
    alive: bool = False
    fitting: dict[int, ProbeResult] = field(default_factory=dict)
    failing: set[int] = field(default_factory=set)
    verified: int = 0
    climbs: int = 0
    """How many probes beyond the doubling fitted while no batch was seen to fail."""
    misled: bool = False
    """Whether the line was of no help in the last probe."""
    hurried: bool = False
    """Whether there was no time for a larger batch."""

    @property
    def low(self) -> int:
        """The largest batch that fitted, 0 if none did."""
        return max(self.fitting, default=0)

    @property
    def high(self) -> int | None:
        """The smallest batch above all fitting ones that does not fit, if one was seen."""
        return min((batch for batch in self.failing if batch > self.low), default=None)

    @property
    def left(self) -> int:
        """How many processes may still be started."""
        return self.processes - self.started

    def attempt(self, batch: int, *, fresh: bool) -> ProbeResult:
        """Return how a probe of ``batch`` ended, and note what follows from it.

        Args:
            batch: how many examples at once.
            fresh: in a new process, where the last one is still there, too.
        """
        fresh = fresh or not self.alive
        self.started += fresh
        result = self.probe(batch, fresh=fresh)
        self.results.append(result)
        self.alive = not result.lost
        if result.fits:
            self.fitting[batch] = result
            self.failing.discard(batch)
            if result.fresh:
                self.verified = max(self.verified, batch)
        else:
            self.failing.add(batch)
            # What a new process cannot do counts more than what an old one could.
            for doubtful in [b for b, r in self.fitting.items() if b >= batch and not r.fresh]:
                del self.fitting[doubtful]
        return result

    def explore(self) -> None:
        """Double the batch until one does not fit, or it is clear that the next will not."""
        batch = 1
        while self.attempt(batch, fresh=False).fits and batch < self.ceiling:
            batch = min(2 * batch, self.ceiling)
            end = capacity(self.results)
            if (end is not None and end < batch) or not self.pace.explores(batch, self.results):
                return

    def refine(self) -> None:
        """Close in on the largest batch that fits, and verify it in a new process."""
        first = True
        while self.low > 0 and len(self.results) < _MOST_PROBES:
            # While nothing is at stake, a batch may be tried that could not be verified: it may well be the proof.
            verify = first or self.verified < self.low
            cap = min(self.ceiling, self.pace.affordable(self.results, verify=verify))
            goal = min(self.low, cap)
            if self.closed(cap) or self.last_chance(goal):
                self.hurried = self.low >= cap and cap < self.ceiling
                if self.verified >= goal or self.left == 0:
                    return
                self.attempt(goal, fresh=True)
            elif self.left == 0:
                return
            else:
                self.narrow(cap, fresh=first and self.left > 1)
                first = False

    def closed(self, cap: int) -> bool:
        """Whether nothing larger remains to be tried."""
        return self.low >= cap or self.proven(self.low)

    def proven(self, batch: int) -> bool:
        """Whether one step above ``batch`` was seen not to fit."""
        above = min((failed for failed in self.failing if failed > batch), default=None)
        return above is not None and above - batch <= step(batch)

    def last_chance(self, goal: int) -> bool:
        """Whether the only process that is left is needed for the verification."""
        return self.left == 1 and not self.alive and self.verified < goal

    def narrow(self, cap: int, *, fresh: bool) -> None:
        """Try a batch between what fits and what does not."""
        before = self.width(cap)
        low, end = self.low, capacity(self.results)
        limit = cap if self.high is None else min(cap, self.high - 1)
        by_line = end is not None and not (self.misled and self.high is not None)
        target = self.along_line(end) if by_line and end is not None else self.middle()
        target = max(low + 1, min(target, limit))
        self.attempt(target, fresh=fresh)
        self.climbs = self.climbs + 1 if self.high is None else 0
        self.misled = by_line and self.width(cap) > before / 2

    def along_line(self, end: int) -> int:
        """Return a batch just below the line's end, or one step above what fits where that is it already."""
        near = end - step(end) // 2
        above = self.low + (step(self.low) << max(0, self.climbs - 1))
        return near if near > self.low and self.climbs < 2 else max(near, above)  # noqa: PLR2004 - the line misled twice

    def middle(self) -> int:
        """Return the middle of the bracket (of its logarithms), or twice what fits where the bracket is open."""
        return 2 * self.low if self.high is None else isqrt(self.low * self.high)

    def width(self, cap: int) -> float:
        """Return how far apart fitting and failing batches are, on a logarithmic scale."""
        return log((cap + 1 if self.high is None else self.high) / max(1, self.low))

    def found(self) -> Found:
        """Return the largest batch that was verified, and what keeps it from being larger."""
        bound: Bound
        if self.verified == self.ceiling:
            bound = "ceiling"
        elif self.proven(self.verified):
            bound = "memory"
        else:
            bound = "time" if self.hurried else "processes"
        return Found(self.verified or None, bound, capacity(self.results), tuple(self.results))
