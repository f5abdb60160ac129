"""A measured number with its spread."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Any, Final

LEAST_SPREAD: Final = 0.03
"""Clocks, temperatures and neighbours move every rate by this part from one minute to the next."""

MOST_RUNS: Final = 500
_SHORTEST: Final = 1e-9
"""No clock tells shorter times; and rates are divided by them."""


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of repeated measurements, with the least and the greatest of them."""

    median: float
    low: float
    high: float
    samples: int

    @classmethod
    def of(cls, values: Iterable[float]) -> "Spread":
        """Return the spread of ``values``, at least one."""
        ordered = sorted(values)
        return cls(median(ordered), ordered[0], ordered[-1], len(ordered))

    @property
    def width(self) -> float:
        """The distance by which a later measurement of the same thing may differ from the median."""
        return max(self.high - self.median, self.median - self.low, LEAST_SPREAD * abs(self.median))

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON shape: ``{"median", "low", "high", "samples"}``."""
        return {
            "median": _rounded(self.median),
            "low": _rounded(self.low),
            "high": _rounded(self.high),
            "samples": self.samples,
        }

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> "Spread":
        """Return the spread that `as_dict` stored."""
        return cls(float(stored["median"]), float(stored["low"]), float(stored["high"]), int(stored["samples"]))


def repeat(
    work: Callable[[], object],
    *,
    least: int,
    seconds: float,
    before: Callable[[], object] = lambda: None,
    clock: Callable[[], float] = perf_counter,
) -> list[float]:
    """Return how many seconds ``work`` took each time, the first time (warm-up) left out.

    Args:
        work: what is timed; it returns when it is really done (device synchronised).
        least: how often at least.
        seconds: repeat until the timed runs took this long together, or were `MOST_RUNS`.
        before: what is done before each run, untimed.
        clock: returns the time.
    """
    before()
    work()
    times: list[float] = []
    total = 0.0
    while len(times) < least or (total < seconds and len(times) < MOST_RUNS):
        before()
        began = clock()
        work()
        times.append(max(clock() - began, _SHORTEST))
        total += times[-1]
    return times


def _rounded(value: float) -> float:
    """Return ``value`` with six significant digits: what a file needs."""
    return float(f"{value:.6g}")
