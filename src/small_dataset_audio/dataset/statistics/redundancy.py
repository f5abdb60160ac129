"""Numbers that say the same: variance inflation, principal components, and clusters of correlated numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

ALIKE: Final = 0.8
"""An absolute rank correlation from which two numbers say nearly the same."""
LEAST_FOR_CLUSTERS: Final = 10
"""Of fewer tracks, many pairs are correlated by chance."""
COVERING: Final = 0.9
"""The share of the tracks that must have a number for it to count where all numbers are needed at once."""
_EXPLAINED: Final = 0.9
_COMPONENTS: Final = 10
_LOADINGS: Final = 5
_NOTHING_LEFT: Final = 1e-8
"""A share of the largest singular value that is rounding."""


@dataclass(frozen=True)
class Cluster:
    """Numbers of which any two are correlated by at least ``least``; ``keep`` stands for the others best."""

    names: tuple[str, ...]
    keep: str
    least: float

    def as_dict(self) -> dict[str, Any]:
        """Return its JSON shape."""
        return {"names": list(self.names), "keep": self.keep, "least_correlation": self.least}


@dataclass(frozen=True)
class Component:
    """A principal component: the share of the variance it explains, and the numbers that weigh most in it."""

    explained: float
    loadings: Mapping[str, float]

    def as_dict(self) -> dict[str, Any]:
        """Return its JSON shape."""
        return {"explained": self.explained, "loadings": dict(self.loadings)}


@dataclass(frozen=True)
class Components:
    """The principal components of the standardised numbers.

    Attributes:
        names: the numbers.
        tracks: how many tracks have them all.
        needed: how many components explain nine tenths of the variance.
        components: the first of them.
        scores: a row per track, and a column per component.
    """

    names: tuple[str, ...]
    tracks: int
    needed: int
    components: tuple[Component, ...]
    scores: pd.DataFrame

    def as_dict(self) -> dict[str, Any]:
        """Return its JSON shape."""
        return {
            "numbers": list(self.names),
            "tracks": self.tracks,
            "needed_for_90_percent": self.needed,
            "components": [one.as_dict() for one in self.components],
        }


@dataclass(frozen=True)
class Inflation:
    """How far numbers follow from the others.

    Attributes:
        factors: name -> variance inflation factor, 1 / (1 - R²) of the number regressed on all others.
        determined: those that follow exactly, whose factor is infinite.
    """

    factors: Mapping[str, float]
    determined: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return its JSON shape."""
        return {"factors": dict(self.factors), "determined": list(self.determined)}


def complete(numbers: pd.DataFrame) -> pd.DataFrame:
    """Return the numbers that nearly all tracks have, of the tracks that have them all; none that is constant there."""
    covering = numbers.loc[:, numbers.notna().mean() >= COVERING].dropna()
    return covering.loc[:, covering.max() > covering.min()]


def inflation(values: pd.DataFrame) -> Inflation | None:
    """Return the variance inflation of numbers; None where there are not more tracks than numbers.

    Args:
        values: as `complete` returns them.
    """
    tracks, numbers = values.shape
    if numbers < 2 or tracks <= numbers + 1:  # noqa: PLR2004 - one number has no others
        return None
    standard = _standard(values)
    _, sizes, directions = np.linalg.svd(standard, full_matrices=False)
    real = sizes > _NOTHING_LEFT * sizes[0]
    # A number that takes part in a combination without variance follows exactly from the others in it.
    bound = np.sqrt(np.sum(directions[~real] ** 2, axis=0)) > np.sqrt(_NOTHING_LEFT)
    factors = np.sum((directions[real] / sizes[real, np.newaxis]) ** 2, axis=0) * tracks
    names = [str(name) for name in values.columns]
    return Inflation(
        {name: float(max(1.0, one)) for name, one, fixed in zip(names, factors, bound, strict=True) if not fixed},
        tuple(name for name, fixed in zip(names, bound, strict=True) if fixed),
    )


def principal_components(values: pd.DataFrame) -> Components | None:
    """Return the principal components of numbers; None for fewer than three tracks or two numbers.

    Args:
        values: as `complete` returns them.
    """
    tracks, numbers = values.shape
    if tracks < 3 or numbers < 2:  # noqa: PLR2004 - two points always lie on a line
        return None
    from sklearn.decomposition import PCA  # noqa: PLC0415 - takes a second to load

    fitted = PCA(svd_solver="full").fit(_standard(values))
    shares: NDArray[np.float64] = fitted.explained_variance_ratio_
    names = [str(name) for name in values.columns]
    scores = fitted.transform(_standard(values))[:, :_COMPONENTS]
    return Components(
        tuple(names),
        tracks,
        int(np.searchsorted(np.cumsum(shares), _EXPLAINED) + 1),
        tuple(
            Component(float(share), _heaviest(names, axis))
            for share, axis in zip(shares[:_COMPONENTS], fitted.components_, strict=False)
        ),
        pd.DataFrame(scores, index=values.index),
    )


def clusters(correlation: pd.DataFrame, coverage: Mapping[str, int], least: float) -> tuple[Cluster, ...]:
    """Return the groups of numbers of which any two are correlated by at least ``least``, the largest first.

    Complete linkage on 1 - |rho|.

    Args:
        correlation: by pairs; NaN where it is not defined, which counts as none.
        coverage: name -> tracks that have the number.
        least: an absolute correlation.
    """
    strength = correlation.abs().fillna(0.0)
    if len(strength) < 2:  # noqa: PLR2004 - a pair
        return ()
    distance = np.clip(1.0 - strength.to_numpy(copy=True), 0.0, 1.0)
    np.fill_diagonal(distance, 0.0)
    groups = fcluster(linkage(squareform(distance, checks=False), "complete"), 1.0 - least, "distance")
    found = []
    for group in sorted(set(groups)):
        names = [str(name) for name in strength.columns[groups == group]]
        if len(names) > 1:
            found.append(_cluster(names, strength.loc[names, names], coverage))
    return tuple(sorted(found, key=lambda one: (-len(one.names), one.names)))


def _cluster(names: Sequence[str], strength: pd.DataFrame, coverage: Mapping[str, int]) -> Cluster:
    keep = max(names, key=lambda name: (coverage[name], float(strength[name].to_numpy().sum())))
    return Cluster(tuple(names), keep, float(strength.to_numpy().min()))


def _standard(values: pd.DataFrame) -> NDArray[np.float64]:
    """Return every column with mean 0 and standard deviation 1.

    [shape=(tracks, numbers)]
    """
    numbers = values.to_numpy(dtype=np.float64)
    centred = numbers - numbers.mean(axis=0)
    standard: NDArray[np.float64] = centred / centred.std(axis=0)
    return standard


def _heaviest(names: Sequence[str], axis: NDArray[np.float64]) -> dict[str, float]:
    order = np.argsort(-np.abs(axis), kind="stable")[:_LOADINGS]
    return {names[place]: float(axis[place]) for place in order}
