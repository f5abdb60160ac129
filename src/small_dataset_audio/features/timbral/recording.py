"""The channels of a recording at the rate of the models and without offset, read piece by piece."""

from math import gcd
from typing import Final

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.audio.clip import Samples
from small_dataset_audio.audio.resample import resample, resampled_length
from small_dataset_audio.audio.spool import blocks, folder_of, give_back
from small_dataset_audio.features.spectra import Spectra

RATE: Final = 44100
"""Samples per second at which every model runs: the rate for which their constants were found."""

_MARGIN: Final = 4096
"""Samples on either side of a piece that are converted with it: the converter's filter reaches no farther."""
_BLOCKS_TOGETHER: Final = 100
"""Tenths of a second that are read together to find the offset."""


class Recording:
    """The channels of a signal at `RATE`.

    Attributes:
        channels: how many there are.
        length: samples per channel, at `RATE`.
        folder: where it lies if it is long, None for memory.
        silent: whether every channel is one value throughout.
    """

    def __init__(self, signal: Spectra) -> None:
        self._samples = signal.samples
        self._rate = signal.rate
        self.channels = signal.channels
        self.folder = folder_of(signal.samples)
        self.length = resampled_length(self._samples.shape[1], self._rate, RATE)
        self._offsets, self.silent = _survey(self._samples, self._rate)

    def read(self, start: int, stop: int) -> Samples:
        """Return the samples from ``start`` to ``stop`` ``[shape=(channels, stop - start)]``, silent before and after the ends."""
        if self._rate == RATE:
            return self._own(start, stop)
        common = gcd(self._rate, RATE)
        into, outof = RATE // common, self._rate // common
        first, last = (start - _MARGIN) // into, -(-(stop + _MARGIN) // into)
        made = resample(self._own(first * outof, last * outof), self._rate, RATE)
        return made[:, start - first * into : stop - first * into]

    def _own(self, start: int, stop: int) -> Samples:
        """Return samples at the recording's own rate, without offset, silent before and after the ends."""
        out = np.zeros((self.channels, stop - start), dtype=np.float32)
        first, last = max(start, 0), min(stop, self._samples.shape[1])
        if first < last:
            part = self._samples[:, first:last]
            np.subtract(part, self._offsets, out=out[:, first - start : last - start])
            give_back(part)
        return out


def _survey(samples: Samples, rate: int) -> tuple[NDArray[np.float32], bool]:
    """Return what each channel is off zero ``[shape=(channels, 1)]``, and whether all are constant.

    The offset is the median of the means over tenths of a second: the mean of all samples would take an uneven waveform
    for an offset, and put that into the pauses.
    """
    length = samples.shape[1]
    block = min(length, max(rate // 10, 1))
    first = samples[:, :1].copy()
    constant = np.ones((samples.shape[0], 1), dtype=np.bool_)
    means = []
    for _, part in blocks(samples, block * _BLOCKS_TOGETHER):
        if constant.any():
            constant &= np.all(part == first, axis=1, keepdims=True)
        whole = part.shape[1] // block * block
        means.append(part[:, :whole].reshape(part.shape[0], -1, block).mean(axis=2))
    offsets = np.median(np.concatenate(means, axis=1), axis=1, keepdims=True)
    return np.where(constant, first, offsets.astype(np.float32)), bool(constant.all())
