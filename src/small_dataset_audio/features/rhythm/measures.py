"""Numbers that follow from lists of onsets and beats; all are defined in the rhythm part of the feature catalog.

Conventions: times in seconds, ascending; standard deviations are of the population (divided by n). A number that its
input does not determine is None.

Sources: Longuet-Higgins and Lee, "The rhythmic interpretation of monophonic music", Music Perception 1984 (weights of
metrical levels); Shannon, "A mathematical theory of communication", 1948 (entropy).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.features.measured import Times
from small_dataset_audio.features.rhythm.onsets import Onsets
from small_dataset_audio.features.rhythm.tracker import Beats

OUTLIER_RATIO = 1.5
"""Intervals between beats this many times longer or shorter than their median are gaps or slips, not the tempo."""
FEWEST_BEATS, LARGEST_DEVIATION = 15, 0.15
"""A tempo is defined by at least this many beats whose intervals deviate by at most this many seconds."""

SIXTEENTHS = 4
"""Grid places in a beat."""
WEIGHT_BAR, WEIGHT_BEAT, WEIGHT_EIGHTH, WEIGHT_SIXTEENTH = 0.0, 0.25, 0.5, 1.0
"""How syncopated an onset is on the first beat of a bar, another beat, the eighth between beats, another sixteenth."""
ON_BEAT_SECONDS, ON_BEAT_SHARE = 0.07, 0.125
"""An onset is on a beat within the smaller of these: seconds, and share of the interval between beats."""

INTERVAL_BINS = 50
SHORTEST_INTERVAL, LONGEST_INTERVAL = 0.03, 10.0
"""Inter-onset intervals are counted in bins of equal ratio between these (seconds); longer and shorter fall in the outer ones."""
LARGEST_VARIATION = 2.0
"""Coefficient of variation that counts as fully complex."""

WINDOW_SECONDS, WINDOW_STEP = 4.0, 2.0
"""Windows in which the onset density of a stem is measured."""


@dataclass(frozen=True)
class Tempo:
    """What the intervals between beats say.

    Attributes:
        bpm: 60 over their median, outliers left out.
        deviation: the standard deviation of all of them, in seconds.
    """

    bpm: float
    deviation: float


def tempo(beats: Times) -> Tempo | None:
    """Return the tempo of ``beats``; None for fewer than two beats."""
    intervals = np.diff(beats)
    if not intervals.size:
        return None
    median = float(np.median(intervals))
    usual = intervals[(intervals <= OUTLIER_RATIO * median) & (intervals >= median / OUTLIER_RATIO)]
    return Tempo(60.0 / float(np.median(usual)), float(intervals.std()))


def is_defined(beats: Times) -> bool:
    """Return whether ``beats`` define a tempo."""
    found = tempo(beats)
    return found is not None and beats.size >= FEWEST_BEATS and found.deviation <= LARGEST_DEVIATION


def syncopation(onsets: Onsets, beats: Beats) -> float | None:
    """Return the mean of the metrical weights of the onsets between the first and last beat, weighted by their strength.

    0: everything on first beats; 1: everything on sixteenths between the eighths. None without bars or onsets.
    """
    if beats.times.size < 2 or not beats.downbeats.size:  # noqa: PLR2004 - two beats are the least that have a between
        return None
    inside = (onsets.times >= beats.times[0] - ON_BEAT_SECONDS) & (onsets.times <= beats.times[-1] + ON_BEAT_SECONDS)
    if not inside.any():
        return None
    position = np.interp(onsets.times[inside], beats.times, np.arange(beats.times.size))
    place = np.round(position * SIXTEENTHS).astype(np.intp)
    within = place % SIXTEENTHS
    weights = np.where(within == SIXTEENTHS // 2, WEIGHT_EIGHTH, WEIGHT_SIXTEENTH)
    weights[within == 0] = WEIGHT_BEAT
    first = np.isin(beats.times, beats.downbeats)
    weights[(within == 0) & first[place // SIXTEENTHS]] = WEIGHT_BAR
    return float(np.average(weights, weights=onsets.strengths[inside]))


def on_beat_ratio(onsets: Times, beats: Times) -> float | None:
    """Return the share of ``onsets`` on a beat; None for no onsets or fewer than two beats.

    An onset is compared with the nearest beat; the interval is the one that the onset lies in (outside: the outermost).
    """
    if not onsets.size or beats.size < 2:  # noqa: PLR2004 - two beats are the least that have an interval
        return None
    after = np.clip(np.searchsorted(beats, onsets), 1, beats.size - 1)
    distance = np.minimum(np.abs(onsets - beats[after - 1]), np.abs(onsets - beats[after]))
    tolerance = np.minimum(ON_BEAT_SECONDS, ON_BEAT_SHARE * (beats[after] - beats[after - 1]))
    return float((distance <= tolerance).mean())


def variation(intervals: NDArray[np.float64]) -> float | None:
    """Return the coefficient of variation of inter-onset ``intervals``; None for fewer than two."""
    return float(intervals.std() / intervals.mean()) if intervals.size > 1 else None


def interval_entropy(intervals: NDArray[np.float64]) -> float:
    """Return the Shannon entropy of ``intervals`` over `INTERVAL_BINS` bins of equal ratio, relative to its maximum."""
    edges = np.geomspace(SHORTEST_INTERVAL, LONGEST_INTERVAL, INTERVAL_BINS + 1)
    counts = np.bincount(np.searchsorted(edges[1:-1], intervals, side="right"))
    shares = counts[counts > 0] / intervals.size
    return float(-(shares * np.log(shares)).sum() / np.log(INTERVAL_BINS))


def complexity(intervals: NDArray[np.float64]) -> float | None:
    """Return the mean of entropy and limited variation of inter-onset ``intervals``, 0..1; None for fewer than two."""
    spread = variation(intervals)
    if spread is None:
        return None
    return 0.5 * (interval_entropy(intervals) + min(spread / LARGEST_VARIATION, 1.0))


def evenness(intervals: NDArray[np.float64]) -> float | None:
    """Return 1 for equal inter-onset ``intervals``, less the more they vary; None for fewer than two."""
    spread = variation(intervals)
    return None if spread is None else 1.0 / (1.0 + spread)


def windowed_density(onsets: Times, seconds: float) -> NDArray[np.float64]:
    """Return onsets per second in windows of `WINDOW_SECONDS`, every `WINDOW_STEP`, that fit into ``seconds``."""
    starts = np.arange(0.0, seconds - WINDOW_SECONDS + 1e-9, WINDOW_STEP)
    inside = np.searchsorted(onsets, starts + WINDOW_SECONDS) - np.searchsorted(onsets, starts)
    return inside / WINDOW_SECONDS
