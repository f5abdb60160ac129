"""One number over all tracks: how often it is there, how it is spread, and which tracks stand apart."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import circmean, circvar

from small_dataset_audio.dataset.declared import Declared
from small_dataset_audio.dataset.statistics.robust import outliers

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["float", "int", "flag", "circular"]
QUANTILES: Final = (0.05, 0.25, 0.5, 0.75, 0.95)
PERIODS: Final[Mapping[str, float]] = {"pitch class": 12, "°": 360, "deg": 360, "rad": 2 * np.pi}
"""Unit -> after how much a number begins again. B is next to C, 359° next to 1°: their arithmetic mean means nothing."""
_UNDIRECTED: Final = 0.05
"""A mean resultant length under which the values point nowhere in particular, so that there is no mean."""
_FEW_STEPS: Final = 24
"""Whole numbers that span no more than this get a bin each."""
_MOST_BINS: Final = 40
_CIRCLE_BINS: Final = 12
_PART: Final = re.compile(r"(.+)_\d+")


@dataclass(frozen=True)
class Placed:
    """The value of one track, and for outliers its modified z-score."""

    track: str
    value: float
    score: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return its JSON shape."""
        return {"track": self.track, "value": self.value} | ({} if self.score is None else {"score": self.score})


@dataclass(frozen=True)
class Histogram:
    """How many values lie between each two neighbours of ``edges``; the last bin holds its upper edge as well."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return its JSON shape."""
        return {"edges": list(self.edges), "counts": list(self.counts)}


@dataclass(frozen=True)
class NumberSummary:
    """One number over all tracks. What is not defined for it is not there.

    Attributes:
        name: its name.
        declared: its declaration; None for one that the user or another program wrote.
        kind: what it is treated as.
        count: tracks that have it.
        reasons: why it is absent -> on how many tracks.
        facts: of the values: ``min``, ``max``, ``mean``, ``std``, ``median`` and ``mad``, as far as they are defined; of a flag
            ``ones``; of a circular number ``mean`` and ``concentration``, the mean resultant length.
        quantiles: share -> value, of what is not circular and no flag.
        below: values under the declared range.
        above: values over it.
        outliers: values far from the others, the farthest first.
        histogram: how they are distributed.
        highest: the tracks with the highest values, and
        lowest: those with the lowest.
    """

    name: str
    declared: Declared | None
    kind: Kind
    count: int
    reasons: Mapping[str, int]
    facts: Mapping[str, float]
    quantiles: Mapping[float, float]
    below: int = 0
    above: int = 0
    outliers: tuple[Placed, ...] = ()
    histogram: Histogram | None = None
    highest: tuple[Placed, ...] = ()
    lowest: tuple[Placed, ...] = ()

    @property
    def outside(self) -> float:
        """The share of the values that lie outside the declared range; 0 where none is declared."""
        return (self.below + self.above) / self.count if self.count else 0.0

    def as_dict(self) -> dict[str, Any]:
        """Return its JSON shape."""
        shape: dict[str, Any] = {"name": self.name, "kind": self.kind}
        if self.declared is not None:
            one = self.declared
            shape |= {"unit": one.unit, "low": one.low, "high": one.high, "group": one.group, "stage": one.stage}
        shape |= {"count": self.count, "absent": dict(self.reasons), **self.facts}
        if self.quantiles:
            shape["quantiles"] = {f"{share:g}": value for share, value in self.quantiles.items()}
        if self.declared is not None and self.count:
            shape["outside"] = {"below": self.below, "above": self.above, "share": self.outside}
        shape["outliers"] = [one.as_dict() for one in self.outliers]
        if self.histogram is not None:
            shape["histogram"] = self.histogram.as_dict()
        shape["highest"] = [one.as_dict() for one in self.highest]
        shape["lowest"] = [one.as_dict() for one in self.lowest]
        return shape


def kind_of(values: "pd.Series[float]", declared: Declared | None) -> Kind:
    """Return what a number is to be treated as."""
    if declared is not None:
        return "circular" if declared.unit in PERIODS else declared.kind
    there = values.dropna().to_numpy()
    return "int" if there.size and bool(np.all(there == np.round(there))) else "float"


def family_of(name: str) -> str | None:
    """Return what a number is one part of, such as ``chroma`` for ``chroma_7``; None for one that stands alone."""
    match = _PART.fullmatch(name)
    return match[1] if match else None


def summarise_number(
    values: "pd.Series[float]", declared: Declared | None, absent: Mapping[str, str], *, top: int
) -> NumberSummary:
    """Return what there is to tell of one number.

    Args:
        values: by track; NaN where it is absent.
        declared: its declaration, where there is one.
        absent: track -> why it is absent there.
        top: how many of the highest and lowest to name.
    """
    kind = kind_of(values, declared)
    there = values.dropna()
    numbers: NDArray[np.float64] = np.asarray(there, dtype=np.float64)
    ordered = kind in {"float", "int"} and numbers.size > 0
    far = outliers(there) if ordered else there.iloc[:0]
    return NumberSummary(
        name=str(values.name),
        declared=declared,
        kind=kind,
        count=len(there),
        reasons=dict(Counter(absent.values()).most_common()),
        facts=_facts(numbers, kind, declared),
        quantiles=dict(zip(QUANTILES, map(float, np.quantile(numbers, QUANTILES)), strict=True)) if ordered else {},
        below=0 if declared is None else int(np.sum(numbers < declared.low)),
        above=0 if declared is None else int(np.sum(numbers > declared.high)),
        outliers=tuple(Placed(str(track), there[str(track)], float(score)) for track, score in far.items()),
        histogram=_histogram(numbers, kind, declared),
        highest=_extremes(there, top, descending=True) if ordered else (),
        lowest=_extremes(there, top, descending=False) if ordered else (),
    )


def _facts(numbers: NDArray[np.float64], kind: Kind, declared: Declared | None) -> dict[str, float]:
    if not numbers.size:
        return {}
    if kind == "flag":
        return {"ones": int(np.sum(numbers == 1))}
    if kind == "circular" and declared is not None:
        return _on_the_circle(numbers, declared)
    median = float(np.median(numbers))
    facts = {"min": float(numbers.min()), "max": float(numbers.max()), "mean": float(numbers.mean()), "median": median}
    if numbers.size > 1:
        facts |= {"std": float(numbers.std(ddof=1)), "mad": float(np.median(np.abs(numbers - median)))}
    return facts


def _on_the_circle(numbers: NDArray[np.float64], declared: Declared) -> dict[str, float]:
    """Return the mean resultant length, and the mean where the values have a direction (Fisher 1993, section 2.3)."""
    high = declared.low + PERIODS[declared.unit]
    concentration = float(np.clip(1.0 - circvar(numbers, high=high, low=declared.low), 0.0, 1.0))
    if concentration < _UNDIRECTED:
        return {"concentration": concentration}
    return {"mean": float(circmean(numbers, high=high, low=declared.low)), "concentration": concentration}


def _histogram(numbers: NDArray[np.float64], kind: Kind, declared: Declared | None) -> Histogram | None:
    if not numbers.size:
        return None
    edges = _edges(numbers, kind, declared)
    if edges[0] == edges[-1]:
        return Histogram((float(edges[0]), float(edges[-1])), (int(numbers.size),))
    counts, _ = np.histogram(numbers, edges)
    return Histogram(tuple(map(float, edges)), tuple(map(int, counts)))


def _edges(numbers: NDArray[np.float64], kind: Kind, declared: Declared | None) -> NDArray[np.float64]:
    """Return the edges of bins that suit the kind of a number."""
    low, high = float(numbers.min()), float(numbers.max())
    if kind == "flag":
        low, high = min(low, 0.0), max(high, 1.0)
    elif kind == "circular" and declared is not None:
        low, high = min(low, declared.low), max(high, declared.low + PERIODS[declared.unit])
        if declared.kind != "int":
            return np.linspace(low, high, _CIRCLE_BINS + 1)
        high = max(high - 1.0, float(numbers.max()))
    if kind != "float" and high - low <= _FEW_STEPS:
        return np.arange(np.floor(low), np.floor(high) + 2) - 0.5
    bins = min(_MOST_BINS, len(np.histogram_bin_edges(numbers, "rice")) - 1)
    return np.linspace(low, high, bins + 1)


def _extremes(there: "pd.Series[float]", top: int, *, descending: bool) -> tuple[Placed, ...]:
    """Return the tracks with the highest or lowest values; of equal ones those whose names come first."""
    ranked = there.sort_index().sort_values(ascending=not descending, kind="stable")
    return tuple(Placed(str(track), float(value)) for track, value in ranked.iloc[:top].items())
