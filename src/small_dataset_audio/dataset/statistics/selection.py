"""Which numbers are worth conditioning a generator on, and why.

From the numbers that are suitable by themselves (`suitable`) those are taken one by one that tell most of what is not
told yet: forward selection of principal variables (McCabe 1984) on ranks. Each number has to add something: what the
chosen ones tell already is left out.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from small_dataset_audio.dataset.statistics.numbers import NumberSummary
from small_dataset_audio.dataset.statistics.redundancy import ALIKE, LEAST_FOR_CLUSTERS
from small_dataset_audio.dataset.statistics.relations import Relations
from small_dataset_audio.dataset.statistics.suitable import obstacle, spread_of
from small_dataset_audio.dataset.statistics.table import Table

UNTOLD: Final = "untold"
"""What stands in the way of a suitable number in a library that is too small."""
USUAL: Final = 8
"""So many numbers are recommended where nobody says how many."""
_TRACKS_EACH: Final = 3
"""Tracks that a library must have for each number: of fewer, chance decides."""
_NEW: Final = 1.0 - ALIKE**2
"""The least share of a number's variance that the chosen ones must leave open, as one correlation of `ALIKE` does."""
_WIDE: Final = 0.5
"""A number that spans this share of its range is spread as well as any."""


@dataclass(frozen=True)
class Choice:
    """A number that is recommended.

    Attributes:
        name: its name.
        coverage: the share of the tracks that have it.
        spread: the share of its declared range that nine tenths of its values span.
        adds: the share of all that the candidates tell which it adds to those before it.
        nearest: the chosen number most like it, and their rank correlation; None where there is no other.
        stands_for: numbers that say nearly the same -> the rank correlation with them.
        why: a sentence.
    """

    name: str
    coverage: float
    spread: float
    adds: float
    nearest: tuple[str, float] | None
    stands_for: Mapping[str, float]
    why: str

    def as_dict(self) -> dict[str, Any]:
        """Return its JSON shape."""
        shape: dict[str, Any] = {
            "name": self.name,
            "coverage": self.coverage,
            "spread": self.spread,
            "adds": self.adds,
        }
        if self.nearest is not None:
            shape["nearest"] = {"name": self.nearest[0], "correlation": self.nearest[1]}
        return {**shape, "stands_for": dict(self.stands_for), "why": self.why}


@dataclass(frozen=True)
class Refusal:
    """A number that is not recommended: an obstacle of `suitable`, ``redundant``, ``further`` or ``untold``, and a sentence."""

    name: str
    obstacle: str
    why: str

    def as_dict(self) -> dict[str, Any]:
        """Return its JSON shape."""
        return {"name": self.name, "obstacle": self.obstacle, "why": self.why}


@dataclass(frozen=True)
class Selection:
    """The numbers to condition on.

    Attributes:
        chosen: those that are recommended, the one that tells most first.
        refused: all others.
        told: the share of the candidates' variance that the chosen ones tell together.
        notes: what is to be kept in mind.
    """

    chosen: tuple[Choice, ...] = ()
    refused: tuple[Refusal, ...] = ()
    told: float | None = None
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return its JSON shape."""
        shape: dict[str, Any] = {
            "chosen": [one.as_dict() for one in self.chosen],
            "refused": [one.as_dict() for one in self.refused],
        }
        if self.told is not None:
            shape["told"] = self.told
        return {**shape, "notes": list(self.notes)}


@dataclass
class _Search:
    """The state of the forward selection.

    Attributes:
        names: the candidates.
        rest: their ranks, standardised, less what the chosen ones tell. [shape=(tracks, candidates)]
        weights: how suitable each is by itself.
        chosen: name -> share of the variance that it added.
    """

    names: list[str]
    rest: NDArray[np.float64]
    weights: NDArray[np.float64]
    chosen: dict[str, float] = field(default_factory=dict)

    def open(self) -> NDArray[np.float64]:
        """Return which share of each candidate's variance is not told yet."""
        shares: NDArray[np.float64] = (self.rest**2).mean(axis=0)
        return shares

    def step(self) -> bool:
        """Take the candidate that tells most of what is open, weighted by how suitable it is; False if none is left."""
        left = self.open()
        usable = (left >= _NEW) & ~np.isin(self.names, list(self.chosen))
        if not usable.any():
            return False
        shared = self.rest.T @ self.rest / len(self.rest)
        gains = (shared**2).sum(axis=0) / np.maximum(left, _NEW) / len(self.names)
        best = int(np.argmax(np.where(usable, gains * self.weights, -1.0)))
        self.chosen[self.names[best]] = min(1.0, float(gains[best]))
        direction = self.rest[:, best] / np.linalg.norm(self.rest[:, best])
        self.rest = self.rest - np.outer(direction, direction @ self.rest)
        return True


def select(
    table: Table, numbers: Mapping[str, NumberSummary], relations: Relations, *, wanted: int | None = None
) -> Selection:
    """Return which numbers to condition a generator on.

    Args:
        table: the values.
        numbers: what is known of each number.
        relations: how they go together.
        wanted: how many at most; None for `USUAL`.
    """
    tracks = len(table.tracks)
    obstacles = {name: obstacle(one, numbers, tracks, table.unit) for name, one in numbers.items()}
    refused = [Refusal(name, *found) for name, found in obstacles.items() if found is not None]
    names = [name for name, found in obstacles.items() if found is None]
    most = min(USUAL if wanted is None else wanted, tracks // _TRACKS_EACH) if tracks >= LEAST_FOR_CLUSTERS else 0
    if not names or not most:
        refused += [
            Refusal(name, UNTOLD, "it is suitable by itself; whether others say the same is not known")
            for name in names
        ]
        return Selection((), tuple(refused), notes=tuple(_notes(names, most, tracks, table.unit, wanted)))
    search = _Search(names, _ranks(table.numbers[names]), np.array([_weight(numbers[name], tracks) for name in names]))
    while len(search.chosen) < most and search.step():
        pass
    correlation = relations.spearman
    chosen = tuple(_choice(name, search, numbers[name], tracks, table.unit, correlation) for name in search.chosen)
    left = dict(zip(names, search.open(), strict=True))
    refused += [_left_out(name, left[name], search, correlation) for name in names if name not in search.chosen]
    told = max(0.0, 1.0 - float(np.mean(search.open())))
    return Selection(chosen, tuple(refused), told, tuple(_notes(names, most, tracks, table.unit, wanted)))


def _ranks(values: pd.DataFrame) -> NDArray[np.float64]:
    """Return the ranks of each column, with mean 0 and standard deviation 1; the mean where a value is absent."""
    ranks = values.rank()
    standard: NDArray[np.float64] = ((ranks - ranks.mean()) / ranks.std(ddof=0)).fillna(0.0).to_numpy()
    return standard


def _weight(number: NumberSummary, tracks: int) -> float:
    return number.count / tracks * (1.0 - number.outside) * min(1.0, spread_of(number) / _WIDE)


def _choice(
    name: str, search: _Search, number: NumberSummary, tracks: int, unit: str, correlation: pd.DataFrame
) -> Choice:
    others = _alike(name, [one for one in search.chosen if one != name], correlation)
    covered = _alike(name, [one for one in search.names if one not in search.chosen], correlation)
    stands_for = {other: rho for other, rho in covered.items() if abs(rho) >= ALIKE}
    nearest = next(iter(others.items()), None)
    spread, adds = spread_of(number), search.chosen[name]
    return Choice(
        name,
        number.count / tracks,
        spread,
        adds,
        nearest,
        stands_for,
        " ".join(_sentences(number, spread, adds, nearest, stands_for, tracks, unit)),
    )


def _alike(name: str, others: list[str], correlation: pd.DataFrame) -> dict[str, float]:
    """Return other -> rank correlation with ``name``, the closest first, as far as it is defined."""
    found = {other: float(correlation[name][other]) for other in others}
    return dict(sorted(((one, rho) for one, rho in found.items() if rho == rho), key=lambda pair: -abs(pair[1])))  # noqa: PLR0124 - NaN


def _sentences(
    number: NumberSummary,
    spread: float,
    adds: float,
    nearest: tuple[str, float] | None,
    stands_for: Mapping[str, float],
    tracks: int,
    unit: str,
) -> Iterator[str]:
    """Yield why a number is recommended."""
    having = (
        f"All {tracks} {unit}s have it" if number.count == tracks else f"{number.count} of {tracks} {unit}s have it"
    )
    outside = f", {number.outside:.0%} outside" if number.outside else ""
    if number.kind == "flag":
        yield f"{having}, 1 on {number.facts['ones']:g}."
    else:
        yield f"{having}, over {spread:.0%} of its range{outside}."
    yield f"It tells {adds:.0%} of how the {unit}s differ that those before it do not."
    if nearest is not None:
        yield f"Of the others {nearest[0]} is most like it ({nearest[1]:+.2f})."
    if stands_for:
        yield f"It stands for {', '.join(f'{name} ({rho:+.2f})' for name, rho in stands_for.items())} as well."


def _left_out(name: str, left: float, search: _Search, correlation: pd.DataFrame) -> Refusal:
    if left >= _NEW:
        return Refusal(name, "further", "it would add something, but less than those that were chosen")
    closest = next(iter(_alike(name, list(search.chosen), correlation).items()), None)
    if closest is not None and abs(closest[1]) >= ALIKE:
        return Refusal(name, "redundant", f"{closest[0]} says nearly the same ({closest[1]:+.2f})")
    return Refusal(name, "redundant", f"those chosen tell {1.0 - left:.0%} of it together")


def _notes(names: list[str], most: int, tracks: int, unit: str, wanted: int | None) -> Iterator[str]:
    if not names:
        yield "No number is suitable; the reasons stand beside each."
    elif not most:
        yield (
            f"{tracks} {unit}{'' if tracks == 1 else 's'} cannot tell which numbers say the same: that takes at least "
            f"{LEAST_FOR_CLUSTERS}, so that only those that are suitable by themselves can be named."
        )
    elif most < (USUAL if wanted is None else wanted):
        yield f"{tracks} {unit}s are enough for {most} numbers: each takes about {_TRACKS_EACH} {unit}s, or chance decides."
    if unit == "crop":
        yield "Crops of one track resemble each other: they tell less than as many tracks would."
