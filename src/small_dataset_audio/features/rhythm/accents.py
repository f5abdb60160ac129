"""How accented each moment is, against its neighbourhood: what pulse, level and bars are read from."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.audio.spool import Table, blocks, folder_of
from small_dataset_audio.features.rhythm import lines
from small_dataset_audio.features.rhythm.lines import Curve, filtered, looked_up, running_means, stored, total
from small_dataset_audio.features.rhythm.spectrum import BLOCK, FRAME_RATE, Curves

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
SMOOTHING_REACH = 4
"""Frames to either side up to which it is computed: four times that."""

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
    return stored(_local_units(curve), curve.shape[0], folder_of(curve))


def _local_units(curve: Curve) -> Iterator[Curve]:
    """Yield the blocks of `local_units`."""
    floor = LOCAL_FLOOR * np.sqrt(total(curve, squared=True) / curve.shape[0])
    width = int(LOCAL_SECONDS * FRAME_RATE) | 1
    means = running_means(curve, width, squared=True)
    for (_, block), local in zip(blocks(curve, lines.BLOCK), means, strict=True):
        np.sqrt(np.maximum(local, 0.0, out=local), out=local)
        np.maximum(local, max(floor, np.finfo(np.float64).tiny), out=local)
        yield np.divide(block, local, out=local)


def accents(curves: Curves) -> Curve:
    """Return how accented each frame is, in units of the local RMS ``[shape=(frames,)]``."""
    parts = zip(*(_local_units(curve) for curve in (curves.full, curves.low, curves.sustained)), strict=True)
    mixed = (full + LOW_WEIGHT * low + SUSTAINED_WEIGHT * sustained for full, low, sustained in parts)
    return local_units(_smoothed(stored(mixed, curves.full.shape[0], folder_of(curves.full))))


def _smoothed(curve: Curve) -> Curve:
    """Return ``curve`` under a Gaussian of `SMOOTHING_FRAMES`."""
    from scipy.ndimage import gaussian_filter1d  # noqa: PLC0415 - half a second that looking a stage up must not cost

    parts = filtered(lambda part: gaussian_filter1d(part, SMOOTHING_FRAMES), curve, SMOOTHING_REACH)
    return stored(parts, curve.shape[0], folder_of(curve))


def _strength(curve: Curve) -> Curve:
    """Return ``curve`` in units of the local RMS, at most `STRONGEST`, the highest within `TOLERANCE_FRAMES`."""
    from scipy.ndimage import maximum_filter1d  # noqa: PLC0415 - as above

    frames, folder = curve.shape[0], folder_of(curve)
    limited = stored((np.minimum(part, STRONGEST) for part in _local_units(_smoothed(curve))), frames, folder)
    parts = filtered(lambda part: maximum_filter1d(part, TOLERANCE_FRAMES), limited, TOLERANCE_FRAMES // 2)
    return stored(parts, frames, folder)


def strengths(curves: Curves) -> Strengths:
    """Return what beats and bars are weighed by."""
    return Strengths(
        low=_strength(curves.low),
        full=_strength(curves.full),
        high=_strength(curves.high),
        bass=curves.bass[:, np.newaxis],
        top=curves.top,
        tones=curves.tones,
    )


def sums_before(rows: Rows, places: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the sum of all ``rows`` before each of ``places``, 0 to the number of rows, ascending ``[shape=(n, columns)]``.

    It lies where ``rows`` do.
    """
    sums = Table(rows.shape[1], places.shape[0], folder_of(rows), np.float64)
    before = np.zeros((1, rows.shape[1]))
    for first, block in blocks(rows, BLOCK, axis=0):
        running = np.cumsum(np.concatenate((before, block)), axis=0)
        inside = slice(*np.searchsorted(places, (first, first + block.shape[0])))
        sums.append(running[places[inside] - first])
        before = running[-1:]
    sums.append(np.repeat(before, np.count_nonzero(places >= rows.shape[0]), axis=0))
    return sums.finish()


def at(curve: Curve, frames: Curve) -> Curve:
    """Return ``curve`` at the nearest of its frames."""
    return looked_up(curve, np.clip(np.round(frames).astype(np.intp), 0, curve.shape[0] - 1))
