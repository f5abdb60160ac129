"""The sound of a crop: where it may be cut, how its ends are faded, and whether anything is to be heard in it.

Long recordings lie on disk (`audio.spool`): all of this reads a crop, or a few milliseconds of one, at a time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.audio.clip import Samples
from small_dataset_audio.audio.spool import blocks
from small_dataset_audio.dataset.crops.plan import Span

_DB: Final = 20.0


@dataclass(frozen=True, eq=False)
class WaveCrossings:
    """Where the mean of the channels crosses zero: at a sample that is zero, or whose sign is not that of the one before.

    Attributes:
        samples: the recording ``[shape=(channels, n)]``.
    """

    samples: Samples

    def first(self, low: int, high: int) -> int | None:
        """Return the first crossing in ``low..high``, None where there is none."""
        found = self._crossings(low, high)
        return int(found[0]) if found.size else None

    def nearest(self, place: int, low: int, high: int) -> int | None:
        """Return the crossing in ``low..high`` that is nearest to ``place``, None where there is none."""
        found = self._crossings(low, high)
        return int(found[np.argmin(np.abs(found - place))]) if found.size else None

    def _crossings(self, low: int, high: int) -> NDArray[np.int64]:
        low = max(low, 1)
        around = self.samples[:, low - 1 : high + 1].mean(axis=0, dtype=np.float64)
        before, here = around[:-1], around[1:]
        return np.flatnonzero((here == 0) | (before * here < 0)) + low


def fade(length: int, count: int) -> NDArray[np.float32]:
    """Return the gain over the first ``count`` of ``length`` samples ``[shape=(min(count, length // 2),)]``.

    It rises from exactly 0 as half a period of a cosine; mirrored, it ends a crop.
    """
    count = min(count, length // 2)
    rise = np.sin(0.5 * np.pi * np.arange(count) / max(count, 1)) ** 2
    return rise.astype(np.float32)


def faded(samples: Samples, span: Span, count: int) -> Iterator[Samples]:
    """Yield the samples of a crop in blocks ``[shape=(channels, n)]``, both ends faded over ``count`` samples.

    What lies behind the end of ``samples`` is silence: a stem may be a little shorter than its mix.
    """
    rise = fade(span.length, count)
    held = max(0, min(span.stop, samples.shape[1]) - span.start)
    for start, block in blocks(samples[:, span.start : span.start + held]):
        yield _with_fades(block, start, span.length, rise)
    if held < span.length:
        yield np.zeros((samples.shape[0], span.length - held), dtype=np.float32)


def _with_fades(block: Samples, start: int, length: int, rise: NDArray[np.float32]) -> Samples:
    """Return a block that begins ``start`` samples into a crop of ``length``; a copy where a fade touches it."""
    stop, count = start + block.shape[1], rise.size
    if start >= count and stop <= length - count:
        return block
    gain = np.ones(block.shape[1], dtype=np.float32)
    if start < count:
        part = rise[start:stop]
        gain[: part.size] = part
    if stop > length - count:
        begin = max(start, length - count)
        gain[begin - start :] *= rise[::-1][begin - (length - count) : stop - (length - count)]
    made: Samples = block * gain
    return made


def peak_dbfs(samples: Samples, span: Span) -> float:
    """Return the level of the loudest sample of a crop in dBFS; minus infinity for digital silence."""
    peak = max((float(np.abs(block).max()) for _, block in blocks(samples[:, span.start : span.stop])), default=0.0)
    return _DB * float(np.log10(peak)) if peak > 0 else -np.inf
