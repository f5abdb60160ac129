"""Whether two recordings are the same music somewhere, and how one has to be moved to lie on the other.

Patches of eight seconds of one fingerprint are laid over every place of the other. What a change of level, equaliser or master
leaves alone is compared: the mean of each band and of each frame is taken out, and what is left is correlated. Recordings
that have nothing to do with each other correlate by chance, also in the same key and tempo; several patches in a row that do,
in the same order and at the same distances, are no chance. From the best such place the match is followed in both directions,
which gives the change of tempo; `comparison` then looks closely.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.dataset.heard.fingerprint import (
    BANDS,
    BANDS_PER_SEMITONE,
    FRAMES_PER_SECOND,
    STEPS,
    Fingerprint,
)

Matrix = NDArray[np.float32]

PATCH: Final = 8 * FRAMES_PER_SECOND
SHORTEST: Final = 4 * FRAMES_PER_SECOND
"""Frames of a recording below which nothing can be said."""
MARGIN: Final = 3 * BANDS_PER_SEMITONE
"""Bands at both ends that only a recording shifted in pitch is compared with; it can be shifted so far."""
TOGETHER: Final = 4
"""Patches in a row that are looked for, each beginning in the middle of the one before: 20 s."""
_SLOPES: Final = tuple(sorted(np.linspace(0.92, 1.08, 17).round(2).tolist(), key=lambda slope: abs(slope - 1)))
"""Frames of the second recording for each of the first: 1 first, which is taken where others are not clearly better."""
_CLEARLY: Final = 0.005
_FLOOR: Final = STEPS * 15 // 70
"""What is more than 55 dB below the loudest place is the noise of one master and not of another."""
_FITTED: Final = 3
"""Patches from which the tempo is measured, rather than taken from the best place."""
_STRAY: Final = 2
"""Frames by which the next patch may lie beside where it is expected."""
PATCH_MATCHES: Final = 0.3
"""Correlation from which a patch counts as found, where its neighbours are."""
_FLAT: Final = 2.0
"""Deviation, in steps of the fingerprint, below which a patch holds nothing that could be recognised."""


@dataclass(frozen=True)
class Alignment:
    """How the second of two recordings lies on the first.

    Attributes:
        seed: the mean correlation of the best `TOGETHER` patches, or fewer in a short recording.
        patches: how many these are.
        bands: how many bands the second is higher.
        slope: frames of the second for each of the first.
        offset: the frame of the second that lies on the first frame of the first.
    """

    seed: float
    patches: int
    bands: float
    slope: float
    offset: float


def align(a: Fingerprint, b: Fingerprint, shifts: Iterable[int]) -> Alignment | None:
    """Return the best alignment of two recordings; None where one is too short.

    Args:
        a: the shorter one.
        b: the longer one.
        shifts: by how many bands b may be higher than a, each within `MARGIN`.
    """
    length = min(PATCH, len(a), len(b))
    if length < SHORTEST:
        return None
    starts = patch_starts(len(a), length)
    queries = _queries(a, starts, length)
    best = max(
        (_seed(_similarity(queries, b, shift, length), length // 2, shift) for shift in shifts), key=lambda s: s.value
    )
    return _followed(best, starts, length)


@dataclass(frozen=True, eq=False)
class _Seed:
    value: float
    shift: int
    query: int
    place: int
    slope: float
    patches: int
    similarity: Matrix


def patch_starts(frames: int, length: int) -> NDArray[np.int_]:
    """Return the first frames of the patches of a recording; each begins in the middle of the one before."""
    return np.arange(0, frames - length + 1, length // 2)


def levels(found: Fingerprint) -> Matrix:
    """Return a fingerprint as it is compared ``[shape=(frames, BANDS)]``."""
    return np.maximum(found, _FLOOR).astype(np.float32)


def centred(patches: Matrix) -> Matrix:
    """Return patches ``[shape=(n, frames, bands)]`` without the mean of each band and of each frame, at unit length.

    What holds next to nothing becomes zero.
    """
    patches = patches - patches.mean(axis=1, keepdims=True)
    patches -= patches.mean(axis=2, keepdims=True)
    norm = np.sqrt(np.square(patches).sum(axis=(1, 2), keepdims=True))
    least = _FLAT * np.sqrt(patches.shape[1] * patches.shape[2])
    return np.where(norm > least, patches / np.maximum(norm, least), 0).astype(np.float32)


def _queries(a: Fingerprint, starts: NDArray[np.int_], length: int) -> Matrix:
    inner = levels(a)[:, MARGIN : BANDS - MARGIN]
    return centred(np.stack([inner[start : start + length] for start in starts]))


def _similarity(queries: Matrix, b: Fingerprint, shift: int, length: int) -> Matrix:
    """Return the correlation of each query with each place of b ``[shape=(queries, places)]``."""
    inner = levels(b)[:, MARGIN + shift : BANDS - MARGIN + shift]
    places = len(b) - length + 1
    # To take the means out of one factor is enough for the product; the norm of the other one follows from sums.
    product = np.zeros((len(queries), places), dtype=np.float32)
    for offset in range(length):
        product += queries[:, offset] @ inner[offset : offset + places].T
    norm = np.sqrt(np.maximum(_energy(inner, length), 0))
    least = _FLAT * np.sqrt(length * inner.shape[1])
    return np.where(norm > least, product / np.maximum(norm, least), 0).astype(np.float32)


def _energy(inner: Matrix, length: int) -> NDArray[np.float64]:
    """Return the energy of each patch without the means of its bands and frames ``[shape=(places,)]``."""
    frames = inner.astype(np.float64)
    frames -= frames.mean()
    bands = frames.shape[1]
    squares = _moving(np.square(frames).sum(axis=1)[:, None], length)[:, 0]
    by_band = np.square(_moving(frames, length)).sum(axis=1) / length
    by_frame = _moving(np.square(frames.sum(axis=1))[:, None], length)[:, 0] / bands
    whole = np.square(_moving(frames.sum(axis=1)[:, None], length)[:, 0]) / (length * bands)
    return np.asarray(squares - by_band - by_frame + whole)


def _moving(values: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    """Return the sum of each ``length`` rows in a row."""
    total = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
    return np.asarray(total[length:] - total[:-length])


def _seed(similarity: Matrix, hop: int, shift: int) -> _Seed:
    """Return the place at which the most similar patches lie in a row."""
    count, places = similarity.shape
    best = _Seed(-1.0, shift, 0, 0, 1.0, 0, similarity)
    for slope in _SLOPES:
        together = min(TOGETHER, count)
        while together > 1 and round((together - 1) * hop * slope) >= places:
            together -= 1
        offsets = [round(step * hop * slope) for step in range(together)]
        room = places - offsets[-1]
        total = sum(
            similarity[step : count - together + step + 1, off : off + room] for step, off in enumerate(offsets)
        )
        mean = np.asarray(total) / together
        query, place = np.unravel_index(int(mean.argmax()), mean.shape)
        value = float(mean[query, place])
        if value > best.value + _CLEARLY:
            best = _Seed(value, shift, int(query), int(place), float(slope), together, similarity)
    return best


def _followed(seed: _Seed, starts: NDArray[np.int_], length: int) -> Alignment:
    """Return the alignment that follows from the best place."""
    similarity = seed.similarity
    found: dict[int, tuple[float, float]] = {}
    for query in _outward(seed.query, len(starts)):
        slope, offset = _line(found, starts, seed)
        expected = round(slope * float(starts[query]) + offset)
        low, high = max(0, expected - _STRAY), min(similarity.shape[1], expected + _STRAY + 1)
        if low < high:
            place = low + int(similarity[query, low:high].argmax())
            if similarity[query, place] >= PATCH_MATCHES:
                found[query] = (_between(similarity[query], place), float(similarity[query, place]))
    slope, offset = _line(found, starts, seed)
    # The middles of the patches lie on each other, not their first frames.
    return Alignment(seed.value, seed.patches, seed.shift, slope, offset + (1 - slope) * length / 2)


def _outward(first: int, count: int) -> Iterator[int]:
    """Yield the indices from ``first`` upwards, then from there downwards."""
    yield from range(first, count)
    yield from range(first - 1, -1, -1)


def _between(values: Matrix, place: int) -> float:
    """Return where the top of the parabola through the values around a place lies."""
    if not 0 < place < len(values) - 1:
        return float(place)
    left, middle, right = map(float, values[place - 1 : place + 2])
    bend = left - 2 * middle + right
    return place + (max(-0.5, min(0.5, (left - right) / (2 * bend))) if bend < 0 else 0.0)


def _line(found: dict[int, tuple[float, float]], starts: NDArray[np.int_], seed: _Seed) -> tuple[float, float]:
    """Return slope and offset of the line through what was found; those of the seed where that is too little."""
    if len(found) >= _FITTED:
        x = starts[list(found)].astype(float)
        y = np.array([place for place, _ in found.values()], dtype=float)
        slope = float(np.cov(x, y, bias=True)[0, 1] / x.var())
        if min(_SLOPES) <= slope <= max(_SLOPES):
            return slope, float(y.mean() - slope * x.mean())
    return seed.slope, seed.place - seed.slope * float(starts[seed.query])
