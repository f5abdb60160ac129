"""How features change over time: what falls into each of a number of equal steps of a file.

What is measured in frames is first added up from the start of the file, and the sum read off at the edges of the steps, between
frames on a straight line. So nothing is lost or counted twice, whether steps are longer than frames or shorter.
"""

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.features.measured import Series, Times

Floats = NDArray[np.float64]


def step_edges(seconds: float, steps: int) -> Floats:
    """Return where ``steps`` equal steps of a file of ``seconds`` begin, and where the last one ends ``[shape=(steps + 1,)]``."""
    return np.linspace(0.0, seconds, steps + 1)


def counted(moments: Times, seconds: float, steps: int) -> Series:
    """Return how many ``moments`` fall into each step ``[shape=(steps,)]``; those after the end count to the last."""
    counts, _ = np.histogram(np.minimum(moments, seconds), step_edges(seconds, steps))
    return counts.astype(np.float32)


def spread(totals: Floats, edges: Floats, seconds: float, steps: int) -> Floats:
    """Return how much of ``totals`` falls into each step ``[shape=(steps, columns)]``.

    Args:
        totals: what each frame holds, evenly over its time ``[shape=(frames, columns)]``.
        edges: where the frames begin, and where the last one ends, in seconds, ascending ``[shape=(frames + 1,)]``. What lies
            before the start or after the end of the file belongs to its first and last moment.
        seconds: duration of the file.
        steps: how many.
    """
    running = np.concatenate((np.zeros((1, totals.shape[1])), np.cumsum(totals, axis=0)))
    places = step_edges(seconds, steps)
    inside = np.clip(edges, 0.0, seconds)
    found = np.column_stack([np.interp(places, inside, column) for column in running.T])
    found[0], found[-1] = 0.0, running[-1]
    return np.diff(found, axis=0)


def averaged(rows: Floats, edges: Floats, seconds: float, steps: int, weights: Floats | None = None) -> Series:
    """Return the mean of ``rows`` over each step ``[shape=(steps, columns)]``, 0 where the weights are.

    Args:
        rows: one per frame ``[shape=(frames, columns)]``.
        edges: as of `spread`.
        seconds: duration of the file.
        steps: how many.
        weights: how much each frame counts ``[shape=(frames,)]``; None: as long as it lasts.
    """
    lasting = np.diff(np.clip(edges, 0.0, seconds)) * (1.0 if weights is None else weights)
    totals = np.column_stack((rows * lasting[:, np.newaxis], lasting))
    summed = spread(totals, edges, seconds, steps)
    counted_time = summed[:, -1:]
    means = np.divide(summed[:, :-1], counted_time, out=np.zeros_like(summed[:, :-1]), where=counted_time > 0.0)
    return means.astype(np.float32)
