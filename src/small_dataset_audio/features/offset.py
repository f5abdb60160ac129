"""What each channel is off zero (its DC offset), which nobody hears and nothing but the peak level may notice."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.audio.clip import Samples
from small_dataset_audio.audio.spool import blocks

_PARTS_PER_SECOND: Final = 10
"""The offset is looked for in tenths of a second."""
_PARTS_TOGETHER: Final = 100
"""Of these, so many are read together."""


@dataclass(frozen=True, eq=False)
class Offset:
    """How the channels of a signal lie about zero.

    Attributes:
        channels: what each channel is off zero ``[shape=(channels, 1)]``.
        constant: whether every channel is one value throughout: nothing sounds.
    """

    channels: NDArray[np.float32]
    constant: bool


def find_offset(samples: Samples, rate: int) -> Offset:
    """Return what each channel of ``samples`` ``[shape=(channels, n)]`` is off zero; 0 where there are no samples.

    The offset is the median of the means over tenths of a second: the mean of all samples would take an uneven waveform
    for an offset, and put that into the pauses.
    """
    count, length = samples.shape
    if not length:
        return Offset(np.zeros((count, 1), dtype=np.float32), constant=True)
    part_length = min(length, max(rate // _PARTS_PER_SECOND, 1))
    first = samples[:, :1].copy()
    constant = np.ones((count, 1), dtype=np.bool_)
    means = []
    for _, block in blocks(samples, part_length * _PARTS_TOGETHER):
        if constant.any():
            constant &= np.all(block == first, axis=1, keepdims=True)
        whole = block.shape[1] // part_length * part_length
        means.append(block[:, :whole].reshape(count, -1, part_length).mean(axis=2))
    medians = np.median(np.concatenate(means, axis=1), axis=1, keepdims=True)
    return Offset(np.where(constant, first, medians.astype(np.float32)), bool(constant.all()))
