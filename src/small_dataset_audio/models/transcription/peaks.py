"""From a curve of how likely or how strong a stroke is to the moments of the strokes.

Source: Böck, Krebs and Schedl, "Evaluating the online capabilities of onset detection methods", ISMIR 2012, in the form
that ADTOF uses (madmom's picking of note peaks).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Curve = NDArray[np.float32]
"""One value per frame ``[shape=(frames,)]``."""


@dataclass(frozen=True)
class Picking:
    """How peaks are picked, in frames.

    Attributes:
        before_mean: frames before that count for the moving mean.
        after_mean: frames after that do.
        before_peak: a peak is the largest value since so many frames before.
        after_peak: and until so many after.
        apart: peaks at most so many frames apart are one: the first.
        mean_share: how much of the moving mean counts.
    """

    before_mean: int
    after_mean: int
    before_peak: int
    after_peak: int
    apart: int
    mean_share: float = 1.0


ADTOF: Final = Picking(before_mean=10, after_mean=1, before_peak=2, after_peak=1, apart=2)
"""0.1 s and 0.01 s for the mean, 0.02 s and 0.01 s for the peak, 0.02 s apart, as its authors have it."""


def pick(curve: Curve, threshold: float, how: Picking) -> NDArray[np.intp]:
    """Return the frames of the peaks that exceed the moving mean by ``threshold`` ``[shape=(n,)]``, ascending.

    Beyond its ends the curve counts as zero.
    """
    if not curve.size:
        return np.empty(0, dtype=np.intp)
    surroundings = _windows(curve, how.before_mean, how.after_mean).mean(axis=1, dtype=np.float64)
    highest = _windows(curve, how.before_peak, how.after_peak).max(axis=1)
    kept: list[int] = []
    for frame in np.flatnonzero((curve >= highest) & (curve >= how.mean_share * surroundings + threshold)):
        if not kept or frame - kept[-1] > how.apart:
            kept.append(int(frame))
    return np.array(kept, dtype=np.intp)


def _windows(curve: Curve, before: int, after: int) -> NDArray[np.float32]:
    """Return, for each frame, the values from ``before`` frames before to ``after`` after it; zeros beyond the ends."""
    return np.lib.stride_tricks.sliding_window_view(np.pad(curve, (before, after)), before + after + 1)
