"""Which pairs of many recordings are worth a closer look: a search that is quick, and misses next to nothing.

Patches of eight seconds are described by few numbers: seconds and semitones are pooled, and what remains is laid on the
directions in which the patches of this very library differ most (principal components, evened out). Some patches of each
recording, moved up and down in pitch, are compared with all places of all others, in one product of matrices.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from small_dataset_audio.dataset.heard.fingerprint import BANDS, BANDS_PER_SEMITONE, FRAMES_PER_SECOND, Fingerprint
from small_dataset_audio.dataset.similar.alignment import MARGIN, PATCH, Matrix, centred, levels

_HOP: Final = 3
"""Frames between the places that are compared."""
_QUERIES: Final = 8
"""Patches of each recording that are looked for."""
_DIMENSIONS: Final = 64
_NOISE: Final = 0.1
_SAMPLE: Final = 20_000
"""Patches from which the directions are found."""
LIKELY: Final = 0.5
"""Mean cosine of the two best patches from which a pair is looked at closely."""
MOST_PER_TRACK: Final = 20
_SHIFTS: Final = tuple(range(-MARGIN, MARGIN + 1, BANDS_PER_SEMITONE))
"""Whole semitones: patches are pooled to these, and halves are still alike enough."""
_BEST: Final = 2


@dataclass(frozen=True)
class Candidate:
    """Two recordings that may be the same music.

    Attributes:
        a: index of the shorter one.
        b: index of the longer one.
        shift: by how many bands b is about higher than a.
        likeness: how alike their best patches are.
    """

    a: int
    b: int
    shift: int
    likeness: float


def candidates(found: Sequence[Fingerprint], patch: int = PATCH) -> list[Candidate]:
    """Return the pairs that are worth a closer look, for each recording the likeliest, in no particular order.

    Args:
        found: the fingerprints.
        patch: frames of a patch. Recordings that are shorter are left out; of a patch shorter than `PATCH`, those that are
            long enough for that are only looked in, and not for.
    """
    order = sorted((index for index in range(len(found)) if len(found[index]) >= patch), key=lambda i: len(found[i]))
    sought = sum(patch == PATCH or len(found[index]) < PATCH for index in order)
    if len(order) < 2 or not sought:  # noqa: PLR2004 - a pair
        return []
    directions = _directions([found[index] for index in order], patch)
    described = [_unit(_described(found[index], patch) @ directions) for index in order]
    places = np.concatenate(described)
    bounds = np.cumsum([0, *map(len, described)])
    best: list[Candidate] = []
    for rank, index in enumerate(order[: min(sought, len(order) - 1)]):
        queries = _shifted(found[index], patch) @ directions
        shape = queries.shape
        likeness = _unit(queries.reshape(-1, shape[2])) @ places[bounds[rank + 1] :].T
        highest = np.maximum.reduceat(likeness, bounds[rank + 1 : -1] - bounds[rank + 1], axis=1)
        by_shift = highest.reshape(*shape[:2], -1)
        top = np.sort(by_shift, axis=1)[:, -min(_BEST, shape[1]) :].mean(axis=1)
        likely, shift = top.max(axis=0), top.argmax(axis=0)
        for other in np.argsort(-likely)[:MOST_PER_TRACK]:
            if likely[other] >= LIKELY:
                longer = order[rank + 1 + int(other)]
                best.append(Candidate(index, longer, _SHIFTS[shift[other]], float(likely[other])))
    return best


def _pooled(inner: Matrix, starts: NDArray[np.int_], patch: int) -> Matrix:
    """Return the patches at ``starts``, pooled, without the means of bands and frames ``[shape=(n, values)]``."""
    semitones = inner.reshape(len(inner), -1, BANDS_PER_SEMITONE).mean(axis=2)
    seconds = sliding_window_view(semitones, FRAMES_PER_SECOND, axis=0).mean(axis=2)
    at = starts[:, None] + np.arange(0, patch, FRAMES_PER_SECOND)
    return centred(seconds[at]).reshape(len(starts), -1)


def _described(found: Fingerprint, patch: int, hop: int = _HOP) -> Matrix:
    """Return the patches of a recording, as they are compared ``[shape=(patches, values)]``."""
    starts = np.arange(0, len(found) - patch + 1, hop)
    return _pooled(levels(found)[:, MARGIN : BANDS - MARGIN], starts, patch)


def _shifted(found: Fingerprint, patch: int) -> Matrix:
    """Return some patches of a recording as they would be in one that is higher ``[shape=(shifts, queries, values)]``."""
    starts = np.unique(np.linspace(0, len(found) - patch, _QUERIES).round().astype(int))
    whole = levels(found)
    moved = (whole[:, MARGIN - shift : BANDS - MARGIN - shift] for shift in _SHIFTS)
    return np.stack([_pooled(one, starts, patch) for one in moved])


def _directions(found: Sequence[Fingerprint], patch: int) -> Matrix:
    """Return the directions in which patches differ, weighted ``[shape=(values, dimensions)]``."""
    frames = sum(len(one) - patch + 1 for one in found)
    sample = np.concatenate([_described(one, patch, max(_HOP, frames // _SAMPLE)) for one in found])
    covariance = sample.T @ sample / len(sample)
    with threadpool_limits(1):  # of so small a matrix, threads would only wait for each other
        power, vectors = np.linalg.eigh(covariance)
    power, vectors = power[-_DIMENSIONS:], vectors[:, -_DIMENSIONS:]
    # Of few patches, some directions hold no more than the noise: these are not to be brought up to the others.
    weights = 1 / np.sqrt(np.maximum(power, 0) + _NOISE * power[-1])
    return np.asarray(vectors * weights, dtype=np.float32)


def _unit(patches: Matrix) -> Matrix:
    norm = np.linalg.norm(patches, axis=1, keepdims=True)
    return np.where(norm > 0, patches / np.maximum(norm, 1e-12), 0).astype(np.float32)
