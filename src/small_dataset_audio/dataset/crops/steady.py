"""Downbeats of a steady tempo, freed from the jitter of the beat tracker, so that loops last as long as their bars."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.float64]

AROUND: Final = 16
"""Beats before and behind a downbeat that tell where it should be: four bars of four on either side."""
STEADY_SECONDS: Final = 0.005
"""Beats that are this near to a straight line are a machine's, or a click's: players stray by more."""
_LEAST: Final = 8
_SAME_SECONDS: Final = 0.001


def steadied(downbeats: Times, beats: Times) -> Times:
    """Return the downbeats ``[shape=(n,)]`` in seconds, each moved onto the straight line through the beats around it.

    One is left as it is where these beats do not lie on a line (a tempo that changes, a player who breathes, a beat that
    was missed), or where it is no beat itself.
    """
    if beats.size < _LEAST:
        return downbeats
    return np.array([_steadied(moment, beats) for moment in downbeats.tolist()], dtype=np.float64)


def _steadied(moment: float, beats: Times) -> float:
    index = int(np.argmin(np.abs(beats - moment)))
    low, high = max(0, index - AROUND), min(beats.size, index + AROUND + 1)
    if abs(beats[index] - moment) > _SAME_SECONDS or high - low < _LEAST:
        return moment
    counts = np.arange(low - index, high - index, dtype=np.float64)
    line = np.polynomial.Polynomial.fit(counts, beats[low:high], 1)
    if np.abs(line(counts) - beats[low:high]).max() > STEADY_SECONDS:
        return moment
    return max(0.0, float(line(0.0)))
