"""Outliers by the modified z-score, which a few wild values cannot hide (Iglewicz & Hoaglin 1993, section 3.4)."""

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

OUTLYING: Final = 3.5
"""The modified z-score beyond which a value is an outlier, as the source recommends."""
LEAST_FOR_OUTLIERS: Final = 10
"""Of fewer values none can be told to lie apart from the others."""
_MAD_TO_DEVIATION: Final = 1.4826
"""Standard deviation over median absolute deviation, of a normal distribution."""
_MEAN_TO_DEVIATION: Final = 1.2533
"""Standard deviation over mean absolute deviation, of a normal distribution."""


def modified_z(values: "pd.Series[float]") -> "pd.Series[float]":
    """Return how many robust standard deviations each value lies from the median; nothing where all are the same.

    Where more than half of the values are the same, so that the median deviation is 0, the mean deviation takes its place.

    Args:
        values: finite numbers; NaNs are left out.
    """
    there = values.dropna()
    apart = there - there.median()
    deviation = _MAD_TO_DEVIATION * apart.abs().median() or _MEAN_TO_DEVIATION * apart.abs().mean()
    return apart / deviation if deviation > np.finfo(float).tiny else apart.iloc[:0]


def outliers(values: "pd.Series[float]") -> "pd.Series[float]":
    """Return the modified z-scores of those values that lie far from the others, the farthest first.

    Args:
        values: finite numbers by track; NaNs are left out.
    """
    if values.count() < LEAST_FOR_OUTLIERS:
        return values.iloc[:0]
    scores = modified_z(values)
    far = scores[scores.abs() > OUTLYING]
    return far.iloc[np.argsort(-far.abs().to_numpy(), kind="stable")]
