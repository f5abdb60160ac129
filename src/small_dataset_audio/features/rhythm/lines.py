"""Curves of any length, worked on a block at a time.

A curve of a long recording lies on disk (`audio.spool`), and so does what is made of it; of a short one, both lie in memory.
No value depends on where it lies or on the size of the blocks: running sums go on from block to block, and totals are added up
in one order.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.audio.spool import Spool, blocks, folder_of, give_back

Curve = NDArray[np.float64]
"""One value per frame ``[shape=(frames,)]``."""

BLOCK = 1 << 14
"""Frames worked on at a time: they stay in the processor's cache."""
TOGETHER = 1 << 12
"""Places that are looked up at a time."""
EIGHT = 8
"""`total` halves at multiples of this."""


def stored(parts: Iterable[Curve], frames: int, folder: Path | None) -> Curve:
    """Return ``parts``, one behind the other ``[shape=(frames,)]``; ``folder`` is where they lie, None for memory."""
    spool = Spool(1, frames, folder, np.float64)
    for part in parts:
        spool.append(part[np.newaxis])
    return np.asarray(spool.finish()[0])


def mapped(function: Callable[[Curve], Curve], curve: Curve) -> Curve:
    """Return ``function(curve)``, which works on each value by itself; it lies where ``curve`` does."""
    return stored((function(block) for _, block in blocks(curve, BLOCK)), curve.shape[0], folder_of(curve))


def filtered(function: Callable[[Curve], Curve], curve: Curve, reach: int) -> Iterator[Curve]:
    """Yield ``function(curve)`` in blocks.

    Args:
        function: a filter that looks at most ``reach`` frames ahead and back; what it does at the ends of what it is given is
            done at the ends of the curve.
        curve: ``[shape=(frames,)]``.
        reach: in frames.
    """
    for start in range(0, curve.shape[0], BLOCK):
        first, stop = max(0, start - reach), min(curve.shape[0], start + BLOCK)
        part = curve[first : stop + reach]
        yield function(part)[start - first : stop - first]
        give_back(part)


def running_means(curve: Curve, width: int, *, squared: bool = False, go_on: bool = True) -> Iterator[Curve]:
    """Yield the mean of ``width`` frames around each frame, in blocks; one more of them is before it if ``width`` is even.

    Args:
        curve: ``[shape=(frames,)]``.
        width: in frames.
        squared: the mean of the squares instead.
        go_on: whether the first and last value go on beyond the ends; otherwise there are zeros.
    """
    frames, before = curve.shape[0], width // 2
    running = 0.0
    for start in range(0, frames, BLOCK):
        first, stop = start - before - 1, min(frames, start + BLOCK) + width - 1 - before
        part = curve[max(0, first) : stop]
        missing = (max(0, -first), max(0, stop - frames))
        values = np.pad(part, missing, mode="edge") if go_on else np.pad(part, missing)
        give_back(part)
        if squared:
            values *= values
        sums = values[width:] - values[:-width]
        sums[0] = values[1 : width + 1].cumsum()[-1] if start == 0 else running + sums[0]
        np.cumsum(sums, out=sums)
        running = float(sums[-1])
        sums /= width
        yield sums


def total(curve: Curve, *, squared: bool = False) -> float:
    """Return the sum of ``curve``, or of its squares: to the bit what `numpy.sum` returns of it in one piece.

    Halves are added, as there ("pairwise summation"), until they are as short as a block.
    """
    count = curve.shape[0]
    if count > BLOCK:
        half = count // 2 // EIGHT * EIGHT
        return total(curve[:half], squared=squared) + total(curve[half:], squared=squared)
    added = float((curve * curve if squared else curve).sum())
    give_back(curve)
    return added


def looked_up(curve: Curve, frames: NDArray[np.intp]) -> Curve:
    """Return ``curve`` at ``frames``, roughly ascending ``[shape=frames.shape]``."""
    places = frames.reshape(-1)
    found = np.empty(places.shape[0])
    for start in range(0, places.shape[0], TOGETHER):
        some = places[start : start + TOGETHER]
        found[start : start + TOGETHER] = curve[some]
        give_back(curve[some.min() : some.max() + 1])
    return found.reshape(frames.shape)


def percentile_above(curve: Curve, threshold: float, percent: float) -> float | None:
    """Return a percentile of those values of ``curve`` that are above ``threshold`` (not negative); None where none are.

    It is that of `numpy.percentile`, to the bit: the two values that it lies between are found by counting, in classes of
    their leading bits, and only theirs are sorted.
    """
    counts = np.zeros(1 << _CLASS_BITS, dtype=np.int64)
    for _, block in blocks(curve, BLOCK):
        counts += np.bincount(_classes(block[block > threshold]), minlength=counts.shape[0])
    below = np.cumsum(counts)
    if not below[-1]:
        return None
    place = (below[-1] - 1) * (percent / 100.0)
    lower = int(place)
    first, last = np.searchsorted(below, (lower, min(lower + 1, below[-1] - 1)), side="right")
    near = [
        values[(classes >= first) & (classes <= last)]
        for _, block in blocks(curve, BLOCK)
        if (values := block[block > threshold]).size and (classes := _classes(values)).size
    ]
    ranked = np.sort(np.concatenate(near))
    at = lower - (int(below[first - 1]) if first else 0)
    low, high = float(ranked[at]), float(ranked[min(at + 1, ranked.shape[0] - 1)])
    share = float(place) - lower
    return high - (high - low) * (1.0 - share) if share >= 0.5 else low + (high - low) * share  # noqa: PLR2004 - from the nearer


_CLASS_BITS = 16


def _classes(values: Curve) -> NDArray[np.int64]:
    """Return the leading bits of ``values``, none of them negative: they rank as the values do."""
    return np.ascontiguousarray(values).view(np.int64) >> (63 - _CLASS_BITS)
