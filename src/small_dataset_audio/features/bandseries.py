"""Power in bands of frequency over time.

The short-term spectrum of every channel, from windows whose squares add up to the same number everywhere, and from before the first
sample to after the last: so the powers of all frames add up to that of the signal, and the mean of the series of a band is its level
over the whole file, as far as windows this short tell frequencies apart (the edges are blurred by 20 Hz).
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.audio.clip import Samples
from small_dataset_audio.audio.spool import blocks, give_back
from small_dataset_audio.features.measured import Series
from small_dataset_audio.features.steps import spread

WINDOW_SECONDS: Final = 0.08
"""A window is the shortest power of two that lasts as long."""
OVERLAP: Final = 4
"""Windows that cover each sample."""
WINDOW_POWER: Final = 0.375
"""Mean square of the Hann window."""

_BATCH: Final = 64
"""Windows transformed together."""

Bands = Sequence[tuple[float, float]]
"""Lower and upper edge of each band in Hz; the upper one is half the sample rate where that is lower."""


def band_power(samples: Samples, rate: int, bands: Bands, steps: int) -> Series:
    """Return the mean power in each of ``bands`` in each step, full-scale square at 1 ``[shape=(steps, bands)]``.

    0 where there is nothing, as in a band that begins above half the sample rate.

    Args:
        samples: ``[shape=(channels, n)]``, n >= 1.
        rate: samples per second.
        bands: lower edges count in, upper ones do not.
        steps: how many equal steps the signal is divided into.
    """
    channels, length = samples.shape
    size = 1 << max(2, int(np.ceil(np.log2(WINDOW_SECONDS * rate))))
    hop = size // OVERLAP
    starts = np.arange(hop - size, length, hop)
    energy = _frame_energies(samples, starts, size, [edge / rate for band in bands for edge in band])
    middles = (starts + size / 2.0) / rate
    edges = np.append(middles - hop / rate / 2.0, middles[-1] + hop / rate / 2.0)
    seconds = length / rate
    summed = spread(energy / (channels * OVERLAP * WINDOW_POWER), edges, seconds, steps)
    return np.asarray(summed / (length / steps), dtype=np.float32)


def _frame_energies(
    samples: Samples, starts: NDArray[np.int64], size: int, turns: Sequence[float]
) -> NDArray[np.float64]:
    """Return the energy of each windowed frame in each band, summed over the channels ``[shape=(frames, bands)]``.

    ``turns`` are the lower and upper edges of the bands, one after the other, over the sample rate.
    """
    from scipy import fft  # noqa: PLC0415 - half a second that listing the features must not cost

    length = samples.shape[1]
    bins = [min(int(np.ceil(edge * size)), size // 2 + 1) for edge in turns]
    window = (0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(size) / size)).astype(np.float32)
    energy = np.zeros((starts.shape[0], len(bins) // 2))
    for channel in samples:
        mean = np.float32(sum(float(block.sum(dtype=np.float64)) for _, block in blocks(channel)) / length)
        for first in range(0, starts.shape[0], _BATCH):
            batch = starts[first : first + _BATCH]
            start, stop = int(batch[0]), int(batch[-1]) + size
            read = channel[max(start, 0) : min(stop, length)]
            padded = np.pad(read - mean, (max(-start, 0), max(stop - length, 0)))
            give_back(read)
            frames = np.lib.stride_tricks.sliding_window_view(padded, size)[batch - start]
            power = np.square(np.abs(fft.rfft(frames * window, axis=1)), dtype=np.float64)
            power[:, 1 : size // 2] *= 2.0  # the negative frequencies
            sums = np.concatenate((np.zeros((batch.shape[0], 1)), np.cumsum(power, axis=1)), axis=1)
            energy[first : first + batch.shape[0]] += np.diff(sums[:, bins], axis=1)[:, ::2] / size
    return energy
