"""How the numbers of a library go together."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from scipy.stats import t as student

from small_dataset_audio.dataset.statistics.information import LEAST_FOR_INFORMATION, information
from small_dataset_audio.dataset.statistics.numbers import NumberSummary
from small_dataset_audio.dataset.statistics.redundancy import (
    ALIKE,
    LEAST_FOR_CLUSTERS,
    Cluster,
    Components,
    Inflation,
    clusters,
    complete,
    inflation,
    principal_components,
)
from small_dataset_audio.dataset.statistics.table import Table

LEAST_FOR_CORRELATION: Final = 3
"""Two tracks always lie on a line."""
TOLD: Final = 0.5
"""Pairs that are correlated less, by all measures, are not listed."""
_BY_CHANCE: Final = 0.01
_UNCORRELATED: Final = 0.3


@dataclass(frozen=True)
class Pair:
    """Two numbers, and how closely they are related; what is not defined for them is None.

    Attributes:
        a: the one, and
        b: the other.
        tracks: how many have both.
        spearman: their rank correlation.
        pearson: their linear correlation.
        information: how much one tells of the other in any way, 0 to 1.
    """

    a: str
    b: str
    tracks: int
    spearman: float | None
    pearson: float | None
    information: float | None

    @property
    def strength(self) -> float:
        """The greatest of its measures, without a sign."""
        return max(abs(one) for one in (self.spearman, self.information, self.pearson, 0.0) if one is not None)

    @property
    def bent(self) -> bool:
        """Whether one tells much of the other although they are not correlated, as on an arch."""
        return (self.information or 0.0) >= TOLD and abs(self.spearman or 0.0) < _UNCORRELATED

    def as_dict(self) -> dict[str, Any]:
        """Return its JSON shape."""
        measures = {"spearman": self.spearman, "pearson": self.pearson, "information": self.information}
        told = {name: one for name, one in measures.items() if one is not None}
        return {"a": self.a, "b": self.b, "tracks": self.tracks, **told}


@dataclass(frozen=True)
class Relations:
    """How the numbers of a library go together.

    Attributes:
        names: the numbers that can be compared: at least three tracks have them, and not all the same value.
        spearman: rank correlation by pairs, NaN where it is not defined; circular numbers have none.
        pearson: linear correlation, likewise.
        information: mutual information on the scale of a correlation, likewise, circular numbers included; None where
            tracks are too few.
        pairs: the pairs that are related, the closest first.
        chance: the absolute rank correlation that one unrelated pair in a hundred exceeds, of so many tracks.
        clusters: numbers that say nearly the same.
        inflation: how far each number follows from the others.
        components: the directions in which tracks differ most.
        notes: sentences on what is not defined, and why.
    """

    names: tuple[str, ...]
    spearman: pd.DataFrame
    pearson: pd.DataFrame
    information: pd.DataFrame | None = None
    pairs: tuple[Pair, ...] = ()
    chance: float | None = None
    clusters: tuple[Cluster, ...] = ()
    inflation: Inflation | None = None
    components: Components | None = None
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return its JSON shape: what is not defined is left out, and a note says why."""
        shape: dict[str, Any] = {"numbers": list(self.names), "pairs": [one.as_dict() for one in self.pairs]}
        if self.chance is not None:
            shape["chance"] = self.chance
        shape["clusters"] = [one.as_dict() for one in self.clusters]
        if self.inflation is not None:
            shape["vif"] = self.inflation.as_dict()
        if self.components is not None:
            shape["pca"] = self.components.as_dict()
        return {**shape, "notes": list(self.notes)}


def relate(table: Table, numbers: Mapping[str, NumberSummary]) -> Relations:
    """Return how the numbers of a library go together.

    Args:
        table: their values.
        numbers: what is known of each.
    """
    values = table.numbers
    many = values.count() >= LEAST_FOR_CORRELATION
    varied = values.loc[:, many & (values.max() > values.min())]
    straight = varied.loc[:, [numbers[str(name)].kind != "circular" for name in varied.columns]]
    nothing = pd.DataFrame(index=straight.columns, columns=straight.columns, dtype=np.float64)
    if len(values) < LEAST_FOR_CORRELATION:
        told = f"The library has {_tracks(len(values), table.unit)}: how numbers go together is not defined for fewer than three."
        return Relations((), nothing, nothing, notes=(told,))
    pearson = _correlated(straight, "pearson")
    spearman = _correlated(straight, "spearman")
    shared = information(varied, {name: one.kind for name, one in numbers.items()})
    coverage = {str(name): int(count) for name, count in straight.count().items()}
    chance = _chance(len(values))
    alike = len(values) >= LEAST_FOR_CLUSTERS
    full = complete(straight)
    found = Relations(
        names=tuple(str(name) for name in varied.columns),
        spearman=spearman,
        pearson=pearson,
        information=shared,
        pairs=tuple(sorted(_pairs(varied, spearman, pearson, shared, max(TOLD, chance)), key=_closest_first)),
        chance=chance,
        clusters=clusters(spearman, coverage, max(ALIKE, chance)) if alike else (),
        inflation=inflation(full),
        components=principal_components(full),
    )
    return Relations(**{**vars(found), "notes": tuple(_notes(found, full, len(values), table.unit))})


def _correlated(values: pd.DataFrame, method: Literal["pearson", "spearman"]) -> pd.DataFrame:
    return values.corr(method, min_periods=LEAST_FOR_CORRELATION).clip(-1.0, 1.0)  # rounding may exceed them


def _chance(tracks: int) -> float:
    """Return the |r| that one unrelated pair in a hundred exceeds, from Student's t with so many tracks less two."""
    critical = float(student.ppf(1.0 - _BY_CHANCE / 2.0, tracks - 2))
    return critical / float(np.sqrt(tracks - 2 + critical**2))


def _pairs(
    varied: pd.DataFrame, spearman: pd.DataFrame, pearson: pd.DataFrame, shared: pd.DataFrame | None, least: float
) -> Iterator[Pair]:
    """Yield the pairs that are related at least so closely."""
    there = varied.notna().to_numpy(dtype=np.int64)
    together = there.T @ there
    tables = [
        np.full(together.shape, np.nan)
        if one is None
        else one.reindex(index=varied.columns, columns=varied.columns).to_numpy()
        for one in (spearman, pearson, shared)
    ]
    close = np.nan_to_num(np.abs(np.stack(tables))).max(axis=0) >= least
    for i, j in combinations(range(len(varied.columns)), 2):
        if close[i, j]:
            measures = (None if np.isnan(one[i, j]) else float(one[i, j]) for one in tables)
            yield Pair(str(varied.columns[i]), str(varied.columns[j]), int(together[i, j]), *measures)


def _closest_first(pair: Pair) -> tuple[float, str, str]:
    return (-pair.strength, pair.a, pair.b)


def _notes(found: Relations, full: pd.DataFrame, tracks: int, unit: str) -> Iterator[str]:
    """Yield a sentence for all that is not defined, or means little."""
    many = _tracks(tracks, unit)
    if tracks < LEAST_FOR_CLUSTERS:
        yield (
            f"With {many}, a correlation under {found.chance or 0.0:.2f} can be chance, and numbers that say the same "
            f"cannot be told: that takes at least {LEAST_FOR_CLUSTERS}."
        )
    if found.information is None:
        yield f"Mutual information takes at least {_tracks(LEAST_FOR_INFORMATION, unit)}."
    if found.inflation is None and full.shape[1] > 1:
        yield (
            f"Variance inflation takes more {unit}s than numbers: {len(full)} {unit}s have all of the {full.shape[1]} "
            "numbers that nearly all have."
        )
    if found.components is None:
        yield f"Principal components take at least two numbers that vary, and three {unit}s that have them."


def _tracks(count: int, unit: str) -> str:
    return f"{count} {unit}{'' if count == 1 else 's'}"
