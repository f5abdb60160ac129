"""How accented each moment is, against its neighbourhood: what pulse, level and bars are read from."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, maximum_filter1d, uniform_filter1d

from small_dataset_audio.features.rhythm.spectrum import FRAME_RATE, Curve, Curves

LOCAL_SECONDS = 6.0
"""Accents are measured against their neighbourhood: a quiet verse counts as much as a loud chorus."""
LOCAL_FLOOR = 0.15
"""...but no neighbourhood counts as quieter than this share of the whole, so that a fade-out is not blown up."""
LOW_WEIGHT, SUSTAINED_WEIGHT = 0.3, 0.5
"""Weight of bass and of sustained change in an accent, beside the full envelope."""
STRONGEST = 4.0
"""An accent counts at most this many times the local RMS."""
TOLERANCE_FRAMES = 5
"""Accents are looked for within ±20 ms of where they are expected."""
SMOOTHING_FRAMES = 1.0
"""Standard deviation of the Gaussian that joins the attacks of instruments playing together."""


@dataclass(frozen=True)
class Strengths:
    """What beats and bars are weighed by.

    Attributes:
        low: strength of the bass, in units of the local RMS, within ±20 ms ``[shape=(frames,)]``.
        full: the same of the whole spectrum.
        high: the same of the attacks and cymbals.
        bass: running sum of `spectrum.Curves.bass`, from which means over beats follow ``[shape=(frames + 1, 1)]``.
        top: running sums of `spectrum.Curves.top` ``[shape=(frames + 1, bands)]``.
        tones: the same of `spectrum.Curves.tones`.
    """

    low: Curve
    full: Curve
    high: Curve
    bass: NDArray[np.float64]
    top: NDArray[np.float64]
    tones: NDArray[np.float64]


def local_units(curve: Curve) -> Curve:
    """Return ``curve`` in units of its RMS within `LOCAL_SECONDS`."""
    squares = curve * curve
    local = np.sqrt(np.maximum(uniform_filter1d(squares, int(LOCAL_SECONDS * FRAME_RATE) | 1, mode="nearest"), 0.0))
    floor = LOCAL_FLOOR * np.sqrt(squares.mean())
    relative: Curve = curve / np.maximum(local, max(floor, np.finfo(np.float64).tiny))
    return relative


def accents(curves: Curves) -> Curve:
    """Return how accented each frame is, in units of the local RMS ``[shape=(frames,)]``."""
    mixed = local_units(curves.full)
    mixed = mixed + LOW_WEIGHT * local_units(curves.low) + SUSTAINED_WEIGHT * local_units(curves.sustained)
    return local_units(gaussian_filter1d(mixed, SMOOTHING_FRAMES))


def strengths(curves: Curves) -> Strengths:
    """Return what beats and bars are weighed by."""

    def strength(curve: Curve) -> Curve:
        local = np.minimum(local_units(gaussian_filter1d(curve, SMOOTHING_FRAMES)), STRONGEST)
        nearby: Curve = maximum_filter1d(local, TOLERANCE_FRAMES)
        return nearby

    return Strengths(
        low=strength(curves.low),
        full=strength(curves.full),
        high=strength(curves.high),
        bass=running_sums(curves.bass[:, np.newaxis]),
        top=running_sums(curves.top),
        tones=running_sums(curves.tones),
    )


def running_sums(rows: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the sum of the first n of ``rows``, n from 0 on ``[shape=(rows + 1, columns)]``."""
    sums: NDArray[np.float64] = np.zeros((rows.shape[0] + 1, rows.shape[1]))
    np.cumsum(rows, axis=0, out=sums[1:])
    return sums


def at(curve: Curve, frames: Curve) -> Curve:
    """Return ``curve`` at the nearest of its frames."""
    return curve[np.clip(np.round(frames).astype(np.intp), 0, curve.shape[0] - 1)]
