"""Mutual information: how much one number tells of another, in whatever way they are related."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import xlogy

from small_dataset_audio.dataset.statistics.numbers import Kind

LEAST_FOR_INFORMATION: Final = 20
"""Of fewer tracks, the cells of the tables that it is computed from are all but empty."""
_MOST_VALUES: Final = 12
"""Flags, pitch classes and small counts: every value is a class of its own."""
_MOST_BINS: Final = 8


def information(numbers: pd.DataFrame, kinds: Mapping[str, Kind]) -> pd.DataFrame | None:
    """Return by pairs, as a correlation of 0 to 1, how much numbers tell of each other; None where tracks are too few.

    The mutual information I, in nats, of the two numbers in classes: their values where these are few, else bins that hold
    equally many tracks. Corrected for its bias (Miller 1955) and brought onto the scale of a correlation by
    sqrt(1 - exp(-2 I)) (Linfoot 1957). NaN where fewer tracks than `LEAST_FOR_INFORMATION` have both.

    Args:
        numbers: a row per track, a column per number; NaN where one is absent.
        kinds: name -> what the number is treated as.
    """
    if len(numbers) < LEAST_FOR_INFORMATION or numbers.empty:
        return None
    classes = [_classes(numbers[name], kinds[str(name)]) for name in numbers.columns]
    spans = np.cumsum([0, *(one.shape[1] for one in classes)])[:-1]
    indicators = np.hstack(classes)
    # Joint counts of all classes at once; the margins are those of the tracks that have both numbers.
    joint = indicators.T @ indicators
    present = np.column_stack([one.sum(axis=1) for one in classes])
    own = indicators.T @ present
    together = present.T @ present
    found = _corrected(joint, own, together, spans)
    correlation = np.sqrt(1.0 - np.exp(-2.0 * np.clip(found, 0.0, None)))
    correlation[together < LEAST_FOR_INFORMATION] = np.nan
    return pd.DataFrame(correlation, index=numbers.columns, columns=numbers.columns)


def _classes(values: "pd.Series[float]", kind: Kind) -> NDArray[np.float64]:
    """Return a column per class with 1 for the tracks in it; tracks without the number are in none.

    [shape=(tracks, classes)]
    """
    if values.nunique() <= (_MOST_VALUES if kind != "float" else 2):
        return pd.get_dummies(values, dtype=np.float64).to_numpy()
    bins = int(np.clip(round(values.count() ** (1 / 3)), 2, _MOST_BINS))
    edges = np.unique(np.quantile(values.dropna(), np.linspace(0, 1, bins + 1)[1:-1]))
    places = np.searchsorted(edges, values.to_numpy(), side="left")
    return np.eye(len(edges) + 1)[places] * values.notna().to_numpy()[:, np.newaxis]


def _corrected(
    joint: NDArray[np.float64], own: NDArray[np.float64], together: NDArray[np.float64], spans: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the mutual information of all pairs in nats, less what chance adds.

    Args:
        joint: tracks in each pair of classes. [shape=(classes, classes)]
        own: tracks in each class that have each number. [shape=(classes, numbers)]
        together: tracks that have both numbers. [shape=(numbers, numbers)]
        spans: the first class of each number.
    """

    def by_pairs(cells: NDArray[np.float64]) -> NDArray[np.float64]:
        summed: NDArray[np.float64] = np.add.reduceat(np.add.reduceat(cells, spans, axis=0), spans, axis=1)
        return summed

    margins: NDArray[np.float64] = np.add.reduceat(xlogy(own, own), spans, axis=0)
    many = np.maximum(together, 1.0)
    entropy_sum = by_pairs(xlogy(joint, joint)) - margins - margins.T + xlogy(together, together)
    used: NDArray[np.float64] = np.add.reduceat((own > 0).astype(np.float64), spans, axis=0)
    chance = (used - 1.0) * (used.T - 1.0) / (2.0 * many)
    found: NDArray[np.float64] = entropy_sum / many - chance
    return found
