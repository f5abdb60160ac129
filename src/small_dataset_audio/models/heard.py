"""The signal as networks hear it: mono, at their own rate, block by block, so that memory does not grow with the recording."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import soxr
from numpy.typing import NDArray

from small_dataset_audio.audio.clip import Clip, Samples
from small_dataset_audio.audio.resample import QUALITY, resampled_length
from small_dataset_audio.audio.spool import blocks

SILENT_DBFS: Final = -80.0
"""A signal that never gets louder counts as silence: under it lies the dither of 16-bit recordings, and no music."""
SILENT: Final = f"the recording is silent: nothing in it is louder than {SILENT_DBFS:g} dBFS"

_SILENT_PEAK: Final[float] = 10.0 ** (SILENT_DBFS / 20.0)

Mono = NDArray[np.float32]
"""One channel of samples ``[shape=(n,)]``."""


class Heard:
    """A recording as one stream of mono blocks, to be gone through once.

    Attributes:
        length: samples that went by, at the stream's rate.
        peak: the highest absolute value among them, full scale at 1.0.
    """

    def __init__(self, clip: Clip, rate: int) -> None:
        self.length = 0
        self.peak = 0.0
        self._clip = clip
        self._rate = rate

    @property
    def silent(self) -> bool:
        """Whether nothing that went by was louder than `SILENT_DBFS`."""
        return self.peak <= _SILENT_PEAK

    def __iter__(self) -> Iterator[Mono]:
        """Yield the mean of the channels in blocks ``[shape=(n,)]``, together ``resampled_length(...)`` samples.

        The same samples as `audio.resample.resample` makes of the whole.
        """
        for block in self._at_rate():
            if block.size:
                self.length += block.shape[0]
                self.peak = max(self.peak, float(np.abs(block).max()))
                yield block

    def _at_rate(self) -> Iterator[Mono]:
        samples, rate = self._clip.samples, self._clip.rate
        if rate == self._rate:
            for _, block in blocks(samples):
                yield _mean(block)
            return
        left = resampled_length(samples.shape[1], rate, self._rate)
        stream = soxr.ResampleStream(rate, self._rate, 1, dtype="float32", quality=QUALITY)
        for start, block in blocks(samples):
            last = start + block.shape[1] == samples.shape[1]
            made = stream.resample_chunk(_mean(block), last=last)[:left]
            left -= made.shape[0]
            yield made
        yield np.zeros(left, dtype=np.float32)  # soxr rounds in floating point: one sample less is possible


def _mean(block: Samples) -> Mono:
    """Return the mean of the channels ``[shape=(n,)]``."""
    if block.shape[0] == 1:
        return np.ascontiguousarray(block[0])
    return np.asarray(block.mean(axis=0), dtype=np.float32)
