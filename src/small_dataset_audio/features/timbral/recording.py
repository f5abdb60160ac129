"""The channels of a recording at the rate of the models and without offset, read piece by piece."""

from math import gcd
from typing import Final

import numpy as np

from small_dataset_audio.audio.clip import Samples
from small_dataset_audio.audio.resample import resample, resampled_length
from small_dataset_audio.audio.spool import folder_of, give_back
from small_dataset_audio.features.spectra import Spectra

RATE: Final = 44100
"""Samples per second at which every model runs: the rate for which their constants were found."""

_MARGIN: Final = 4096
"""Samples on either side of a piece that are converted with it: the converter's filter reaches no farther."""
_OWN: Final = 20000.0 / 22050.0
"""Share of the lower of two rates' halves up to which the converter leaves a spectrum as it was (`audio.resample`)."""


class Recording:
    """The channels of a signal at `RATE`.

    Attributes:
        channels: how many there are.
        length: samples per channel, at `RATE`.
        folder: where it lies if it is long, None for memory.
        silent: whether every channel is one value throughout.
        top: Hz up to which the spectrum is the recording's own; beyond lies the flank of the converter, or nothing.
    """

    def __init__(self, signal: Spectra) -> None:
        self._samples = signal.samples
        self._rate = signal.rate
        self.channels = signal.channels
        self.folder = folder_of(signal.samples)
        self.length = resampled_length(self._samples.shape[1], self._rate, RATE)
        self.top = RATE / 2.0 if self._rate == RATE else _OWN * min(self._rate, RATE) / 2.0
        self._offsets, self.silent = signal.offset.channels, signal.offset.constant

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
