"""How accented each moment is, against its neighbourhood: what pulse, level and bars are read from."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.audio.spool import blocks
from small_dataset_audio.features.rhythm.spectrum import BLOCK, FRAME_RATE, Curve, Curves

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

Rows = NDArray[np.floating]
"""One row per frame ``[shape=(frames, columns)]``."""


@dataclass(frozen=True)
class Strengths:
    """What beats and bars are weighed by.

    Attributes:
        low: strength of the bass, in units of the local RMS, within ±20 ms ``[shape=(frames,)]``.
        full: the same of the whole spectrum.
        high: the same of the attacks and cymbals.
        bass: `spectrum.Curves.bass` ``[shape=(frames, 1)]``.
        top: `spectrum.Curves.top` ``[shape=(frames, bands)]``.
        tones: `spectrum.Curves.tones` ``[shape=(frames, bands)]``.
    """

    low: Curve
    full: Curve
    high: Curve
    bass: Rows
    top: Rows
    tones: Rows


def local_units(curve: Curve) -> Curve:
    """Return ``curve`` in units of its RMS within `LOCAL_SECONDS`."""
    from scipy.ndimage import uniform_filter1d  # noqa: PLC0415 - half a second that looking a stage up must not cost

    squares = curve * curve
    floor = LOCAL_FLOOR * np.sqrt(squares.mean())
    local: Curve = uniform_filter1d(squares, int(LOCAL_SECONDS * FRAME_RATE) | 1, mode="nearest")
    np.sqrt(np.maximum(local, 0.0, out=local), out=local)
    np.maximum(local, max(floor, np.finfo(np.float64).tiny), out=local)
    return np.divide(curve, local, out=local)


def accents(curves: Curves) -> Curve:
    """Return how accented each frame is, in units of the local RMS ``[shape=(frames,)]``."""
    from scipy.ndimage import gaussian_filter1d  # noqa: PLC0415 - as above

    mixed = local_units(curves.full)
    mixed += LOW_WEIGHT * local_units(curves.low)
    mixed += SUSTAINED_WEIGHT * local_units(curves.sustained)
    return local_units(gaussian_filter1d(mixed, SMOOTHING_FRAMES))


def strengths(curves: Curves) -> Strengths:
    """Return what beats and bars are weighed by."""
    from scipy.ndimage import gaussian_filter1d, maximum_filter1d  # noqa: PLC0415 - as above

    def strength(curve: Curve) -> Curve:
        local = local_units(gaussian_filter1d(curve, SMOOTHING_FRAMES))
        nearby: Curve = maximum_filter1d(np.minimum(local, STRONGEST, out=local), TOLERANCE_FRAMES)
        return nearby

    return Strengths(
        low=strength(curves.low),
        full=strength(curves.full),
        high=strength(curves.high),
        bass=curves.bass[:, np.newaxis],
        top=curves.top,
        tones=curves.tones,
    )


def sums_before(rows: Rows, places: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the sum of all ``rows`` before each of ``places``, 0 to the number of rows, ascending ``[shape=(n, columns)]``."""
    sums = np.zeros((places.shape[0], rows.shape[1]))
    before = np.zeros((1, rows.shape[1]))
    for first, block in blocks(rows, BLOCK, axis=0):
        running = np.cumsum(np.concatenate((before, block)), axis=0)
        inside = slice(*np.searchsorted(places, (first, first + block.shape[0] + 1)))
        sums[inside] = running[places[inside] - first]
        before = running[-1:]
    return sums


def at(curve: Curve, frames: Curve) -> Curve:
    """Return ``curve`` at the nearest of its frames."""
    return curve[np.clip(np.round(frames).astype(np.intp), 0, curve.shape[0] - 1)]
