"""Reading a line of samples a little at a time, and choosing some frames of many.

The line of a long recording lies on disk (`audio.spool`). What is read here is copied and given back, so that memory does not
grow with the recording; no model reads a whole line.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.audio.spool import give_back

Line = NDArray[np.float32]
"""One channel of samples ``[shape=(n,)]``, or other values in single precision."""

BATCH: Final = 32
"""Frames transformed together: the transform runs them side by side, and they stay in the processor's cache."""

GOLDEN_RATIO: Final = (np.sqrt(5.0) - 1.0) / 2.0
"""The number that fractions approach worst."""


def stretch(line: Line, start: int, stop: int) -> Line:
    """Return samples ``start`` to ``stop`` of ``line`` as a copy ``[shape=(stop - start,)]``, zero before and after its ends."""
    out = np.zeros(stop - start, dtype=np.float32)
    first, last = max(start, 0), min(stop, line.shape[0])
    if first < last:
        part = line[first:last]
        out[first - start : last - start] = part
        give_back(part)
    return out


def batches(line: Line, length: int, starts: NDArray[np.int64], size: int = BATCH) -> Iterator[tuple[int, Line]]:
    """Yield frames of ``length`` samples as (index of the first, frames ``[shape=(<= size, length)]``), zero past the ends.

    The frames may be written to; they are overwritten when the next ones are asked for.

    Args:
        line: the samples ``[shape=(n,)]``.
        length: samples per frame.
        starts: first sample of each frame, ascending ``[shape=(frames,)]``.
        size: frames that are yielded together.
    """
    frames = np.empty((min(size, starts.shape[0]), length), dtype=np.float32)
    for first in range(0, starts.shape[0], size):
        batch = starts[first : first + size].tolist()
        for row, start in zip(frames, batch, strict=False):
            if start >= 0 and start + length <= line.shape[0]:
                row[:] = line[start : start + length]
            else:
                row[:] = stretch(line, start, start + length)
        give_back(line[max(batch[0], 0) : batch[-1] + length])
        yield first, frames[: len(batch)]


def thinning(count: int, most: int) -> int:
    """Return the smallest whole step that takes at most ``most`` of ``count`` frames, evenly spread."""
    return max(1, -(-count // most))


def spread(count: int, most: int) -> NDArray[np.intp]:
    """Return at most ``most`` of the indices up to ``count``, ascending, spread evenly but never in step with a rhythm.

    An index is taken where its multiple of the golden ratio falls into the first part of the unit: no period is favoured.
    """
    if count <= most:
        return np.arange(count)
    turns = np.modf(np.arange(count) * GOLDEN_RATIO)[0]
    return np.sort(np.argsort(turns, kind="stable")[:most])
