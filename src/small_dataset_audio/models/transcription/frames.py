"""The spectrogram that all ways of hearing drums start from: 100 frames a second, 84 bands, block by block.

Source: Zehren, Alunno and Bientinesi, "ADTOF: A large dataset of non-synthetic music for automatic drum transcription",
ISMIR 2021 (the front end that its networks were trained on); Böck et al., "madmom", ACM Multimedia 2016 (the filterbank:
triangles whose corners are bins of the transform, merged where they would be narrower than a bin, each with sum 1).
"""

from collections.abc import Iterator
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.audio.clip import Clip, Samples
from small_dataset_audio.audio.resample import resample
from small_dataset_audio.audio.spool import folder_of, give_back

RATE: Final = 44100
"""Samples per second: everything is brought to this rate."""
FRAME: Final = 2048
"""Samples per frame."""
HOP: Final = 441
"""Samples from one frame to the next: 10 ms."""
FRAME_RATE: Final = RATE / HOP
"""Frames per second."""
LOWEST_HZ, HIGHEST_HZ, BANDS_PER_OCTAVE = 20.0, 20000.0, 12
BLOCK_FRAMES: Final = 3000
"""Frames handed over together (30 s): bounds the memory, whatever the length of the recording."""
_TRANSFORMED_TOGETHER: Final = 128
"""Frames in one call of the transform: enough for its vector units, few enough for the processor's cache."""

Bands = NDArray[np.float32]
"""``log10(1 + magnitude)``, one row per frame ``[shape=(frames, bands)]``."""


@cache
def corners() -> NDArray[np.intp]:
    """Return the bins of the transform at which the triangles of the filterbank begin, peak and end ``[shape=(n,)]``."""
    octaves = np.log2(HIGHEST_HZ / LOWEST_HZ)
    frequencies = LOWEST_HZ * 2.0 ** (np.arange(int(octaves * BANDS_PER_OCTAVE) + 1) / BANDS_PER_OCTAVE)
    bins = np.arange(FRAME // 2) * (RATE / FRAME)
    return np.unique(np.abs(bins[np.newaxis, :] - frequencies[:, np.newaxis]).argmin(axis=1))


@cache
def filterbank() -> NDArray[np.float32]:
    """Return the weights of each bin in each band ``[shape=(FRAME // 2, bands)]``; those of a band add up to 1."""
    bins = np.arange(FRAME // 2)
    points = corners()
    triangles = [
        np.interp(bins, [left, centre, right], [0.0, 1.0, 0.0]) if right - left > 1 else (bins == left).astype(float)
        for left, centre, right in zip(points, points[1:], points[2:], strict=False)
    ]
    weights = np.array(triangles)
    return np.ascontiguousarray((weights / weights.sum(axis=1, keepdims=True)).T.astype(np.float32))


def centres() -> NDArray[np.float64]:
    """Return the frequency at which each band is highest, in Hz ``[shape=(bands,)]``."""
    return np.asarray(corners()[1:-1] * (RATE / FRAME), dtype=np.float64)


def frame_count(samples: int) -> int:
    """Return how many frames a recording of ``samples`` samples at `RATE` has: frame ``i`` is centred on ``i * HOP``."""
    return 1 + samples // HOP


def blocks(clip: Clip, size: int = BLOCK_FRAMES, *, mirrored: bool = False) -> Iterator[Bands]:
    """Yield the spectrogram of the mean of the channels, ``size`` frames at a time, the last block with the rest.

    Args:
        clip: the recording.
        size: frames in a block.
        mirrored: beyond its ends the recording goes on backwards; otherwise it counts as silent there, as ADTOF has it,
            and a recording that is cut out of a sound begins and ends with a click.
    """
    from scipy import fft  # noqa: PLC0415 - half a second that commands without sound must not cost

    samples = at_rate(clip)
    total = frame_count(samples.shape[1])
    window = np.hanning(FRAME).astype(np.float32)
    weights = filterbank()
    for first in range(0, total, size):
        count = min(size, total - first)
        mono = _mono(samples, first * HOP - FRAME // 2, (first + count - 1) * HOP + FRAME // 2, mirrored=mirrored)
        framed = np.lib.stride_tricks.sliding_window_view(mono, FRAME)[::HOP]
        bands = np.empty((count, weights.shape[1]), dtype=np.float32)
        for start in range(0, count, _TRANSFORMED_TOGETHER):
            rows = framed[start : start + _TRANSFORMED_TOGETHER]
            magnitudes = np.abs(fft.rfft(rows * window, axis=1))[:, : FRAME // 2]
            np.matmul(magnitudes, weights, out=bands[start : start + rows.shape[0]])
        yield np.log10(1.0 + bands)


def at_rate(clip: Clip) -> Samples:
    """Return the samples of ``clip`` at `RATE` ``[shape=(channels, n)]``, on disk where the recording is."""
    if clip.rate == RATE:
        return clip.samples
    if folder_of(clip.samples) is not None:
        return resample(clip.samples, clip.rate, RATE)
    return resample(clip.samples.mean(axis=0, dtype=np.float32, keepdims=True), clip.rate, RATE)


def _mono(samples: Samples, start: int, stop: int, *, mirrored: bool) -> NDArray[np.float32]:
    """Return the mean of the channels from ``start`` to ``stop``, zeros or a mirror image where there are no samples."""
    part = samples[:, max(0, start) : min(stop, samples.shape[1])]
    there = part.mean(axis=0, dtype=np.float32)
    give_back(part)
    lacking = (max(0, -start), stop - max(0, start) - there.shape[0])
    return np.pad(there, lacking, mode="reflect" if mirrored and max(lacking) < there.shape[0] else "constant")
