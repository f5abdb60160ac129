"""Recordings of any number of channels for networks of one or two.

A network of two channels gets the channels of a recording in pairs, in WAVE order; a channel without a partner (mono) is
given twice, and what comes of it is averaged. A network of one channel gets each channel by itself.
"""

import numpy as np

from small_dataset_audio.audio.clip import Samples
from small_dataset_audio.models.separation.network import Estimates, Examples


def groups(channels: int, taken: int | None) -> int:
    """Return how many examples a network that takes ``taken`` channels (None: any) needs for one piece of a recording."""
    return 1 if taken is None else -(-channels // taken)


def grouped(piece: Samples, taken: int | None) -> Examples:
    """Return ``piece`` ``[shape=(channels, n)]`` as examples ``[shape=(groups, taken, n)]``."""
    channels, length = piece.shape
    if taken is None:
        return piece[np.newaxis]
    whole = np.arange(groups(channels, taken) * taken).clip(max=channels - 1)
    examples: Examples = piece[whole].reshape(-1, taken, length)
    return examples


def ungrouped(estimates: Estimates, channels: int) -> Samples:
    """Return ``[shape=(sources * channels, n)]`` of what a network made of the examples of one piece.

    Args:
        estimates: ``[shape=(groups, sources, taken, n)]``.
        channels: of the recording.
    """
    count, sources, taken, length = estimates.shape
    rows = estimates.transpose(1, 0, 2, 3).reshape(sources, count * taken, length)
    if count * taken > channels:
        rows = rows.copy()
        rows[:, channels - 1] = rows[:, channels - 1 :].mean(axis=1)
    return rows[:, :channels].reshape(sources * channels, length)
