"""How alike two recordings are once one is laid on the other: the pitch and the tempo of one are made those of the other.

Only then does a copy agree with its original in every detail, and other music of the same key, tempo and instruments does not.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.dataset.heard.fingerprint import BANDS, Fingerprint
from small_dataset_audio.dataset.similar.alignment import (
    MARGIN,
    PATCH,
    Alignment,
    Matrix,
    centred,
    levels,
    patch_starts,
)

AGREES: Final = 0.7
"""Correlation from which a patch is the same music as the one that it lies on, where others around it are."""
_STEPS: Final = (0.5, 0.25, 0.12)
"""Frames and bands by which the alignment is moved to see whether it gets better, one after the other."""
_NEARLY_ONE: Final = 0.01
_BETTER: Final = 1e-4


@dataclass(frozen=True)
class Compared:
    """How alike two recordings are.

    Attributes:
        alignment: how the second lies on the first.
        score: the mean correlation of the patches that agree; 0 where none does.
        share_a: share of the first that agrees with the second.
        share_b: share of the second that agrees with the first.
    """

    alignment: Alignment
    score: float
    share_a: float
    share_b: float


def compared(a: Fingerprint, b: Fingerprint, alignment: Alignment) -> Compared:
    """Return how alike two recordings are where they lie on each other, at the best alignment near ``alignment``."""
    length = min(PATCH, len(a))
    starts = np.unique([*patch_starts(len(a), length), len(a) - length])
    whole_a, whole_b = levels(a), levels(b)
    inner = whole_a[:, MARGIN : BANDS - MARGIN]
    patches = centred(np.stack([inner[start : start + length] for start in starts]))

    def agreement(at: Alignment) -> Matrix:
        """Return the correlation of each patch of ``a`` with what lies under it ``[shape=(patches,)]``; 0 where ``b`` has ended."""
        moved, inside = _moved(whole_b, at, len(a))
        there = np.array([inside[start : start + length].all() for start in starts])
        laid = centred(np.stack([moved[start : start + length] for start in starts]))
        return np.where(there, (patches * laid).sum(axis=(1, 2)), 0).astype(np.float32)

    best, values = alignment, agreement(alignment)
    for step in (None, *_STEPS):
        for other in _simple(best, len(a)) if step is None else _near(best, step, len(a)):
            tried = agreement(other)
            if _total(tried) > _total(values) + _BETTER:
                best, values = other, tried
    agree = values >= AGREES
    covered = np.zeros(len(a), dtype=bool)
    for start in starts[agree]:
        covered[start : start + length] = True
    frames = int(covered.sum())
    score = float(values[agree].mean()) if agree.any() else 0.0
    return Compared(best, score, frames / len(a), min(1.0, frames * best.slope / len(b)))


def _total(values: Matrix) -> float:
    """Return what a better alignment raises: patches that have nothing to do with each other do not count."""
    return float(np.maximum(values - AGREES / 2, 0).sum())


def _simple(at: Alignment, frames: int) -> Iterator[Alignment]:
    """Yield the alignment at the same tempo, if that is near, and on whole frames: it blurs nothing."""
    if abs(at.slope - 1) <= _NEARLY_ONE:
        offset = at.offset + (at.slope - 1) * frames / 2
        yield replace(at, slope=1.0, offset=offset)
        yield replace(at, slope=1.0, offset=float(round(offset)))


def _near(at: Alignment, step: float, frames: int) -> Iterator[Alignment]:
    """Yield alignments that are a little later, higher, or faster around the middle."""
    for sign in (-step, step):
        yield replace(at, offset=at.offset + sign)
        yield replace(at, bands=float(np.clip(at.bands + sign, -MARGIN, MARGIN)))
        slope = at.slope + 2 * sign / frames
        yield replace(at, slope=slope, offset=at.offset - sign)


def _moved(levels_b: Matrix, at: Alignment, frames: int) -> tuple[Matrix, NDArray[np.bool_]]:
    """Return the second recording as it lies on the first ``[shape=(frames, bands)]``, and in which frames there is any."""
    places = at.slope * np.arange(frames) + at.offset
    inside = (places >= 0) & (places <= len(levels_b) - 1)
    places = np.clip(places, 0, len(levels_b) - 1)
    low = np.minimum(places.astype(int), len(levels_b) - 2)
    part = (places - low)[:, None].astype(np.float32)
    rows = (1 - part) * levels_b[low] + part * levels_b[low + 1]
    band = int(np.floor(min(at.bands, MARGIN - 1e-6)))
    share = np.float32(at.bands - band)
    first, last = MARGIN + band, BANDS - MARGIN + band
    moved = (1 - share) * rows[:, first:last] + share * rows[:, first + 1 : last + 1]
    return np.asarray(moved, dtype=np.float32), inside
