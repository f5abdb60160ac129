"""The fingerprint of a recording: what sounds when, on a scale on which other masters of it look alike.

A spectrogram with a logarithmic scale of frequency, in decibels below its loudest place, five frames a second. On it a change of
level or equaliser adds the same to all frames of a band, a change of pitch moves all bands, and a change of tempo the times;
`similar` undoes each of these before it compares.
"""

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.fft import next_fast_len, rfft

from small_dataset_audio.audio.clip import Samples
from small_dataset_audio.audio.spool import give_back

FRAMES_PER_SECOND: Final = 5
BANDS_PER_SEMITONE: Final = 2
BANDS: Final = 120
"""Five octaves."""
LOWEST_HZ: Final = 130.81
"""C3; below it bass drums are all that is in common, and semitones are closer together than the bins of the transform."""
_WINDOW_SECONDS: Final = 0.372
"""16384 samples at 44.1 kHz: two semitones apart at `LOWEST_HZ` can be told."""
_DEPTH_DB: Final = 70.0
"""What is further below the loudest place counts as silence."""
STEPS: Final = 255
"""The fingerprint is stored in so many steps of `_DEPTH_DB`."""
_FRAMES_AT_ONCE: Final = 128

Fingerprint = NDArray[np.uint8]
"""``[shape=(frames, BANDS)]``; `STEPS` is the loudest place, 0 is silence."""


def fingerprint(samples: Samples, rate: int) -> Fingerprint:
    """Return the fingerprint of a recording ``[shape=(channels, n)]``; it has no frames if that is shorter than a window."""
    size = next_fast_len(round(_WINDOW_SECONDS * rate), real=True)
    count = frames_of(samples.shape[1], rate)
    power = np.empty((count, BANDS), dtype=np.float32)
    window = np.hanning(size).astype(np.float32)
    bank, top = _bands(rate, size)
    hop = rate / FRAMES_PER_SECOND
    for first in range(0, count, _FRAMES_AT_ONCE):
        starts = np.round(hop * np.arange(first, min(first + _FRAMES_AT_ONCE, count))).astype(int)
        part = samples[:, starts[0] : starts[-1] + size]
        mono = _mono(part)
        frames = np.stack([mono[start : start + size] for start in starts - starts[0]])
        spectrum = rfft(frames * window, axis=1)[:, :top]
        power[first : first + len(starts)] = (spectrum.real**2 + spectrum.imag**2) @ bank
        give_back(part)
    return _quantised(power)


def frames_of(length: int, rate: int) -> int:
    """Return how many frames the fingerprint of so many samples has."""
    size = next_fast_len(round(_WINDOW_SECONDS * rate), real=True)
    return 0 if length < size else int((length - size) * FRAMES_PER_SECOND / rate) + 1


def _mono(samples: Samples) -> Samples:
    """Return the sum of the channels; where that would cancel most of it, the first of them."""
    if samples.shape[0] == 1:
        return np.asarray(samples[0])
    first: Samples = samples[0]
    mean: Samples = samples.mean(axis=0)
    return mean if float(np.dot(mean, mean)) * 8 >= float(np.dot(first, first)) else first


@lru_cache(maxsize=8)
def _bands(rate: int, size: int) -> tuple[NDArray[np.float32], int]:
    """Return the weights of the bins in each band ``[shape=(bins, BANDS)]``, and how many bins these are."""
    centres = LOWEST_HZ * 2 ** (np.arange(-1, BANDS + 1) / (12 * BANDS_PER_SEMITONE))
    top = min(int(centres[-1] * size / rate) + 2, size // 2 + 1)
    bins = np.arange(top) * rate / size
    # A triangle is at least as wide as two bins, so that none of the lowest is empty.
    low = np.minimum(centres[:-2], centres[1:-1] - 1.2 * rate / size)
    high = np.maximum(centres[2:], centres[1:-1] + 1.2 * rate / size)
    rise = (bins[:, None] - low) / (centres[1:-1] - low)
    fall = (high - bins[:, None]) / (high - centres[1:-1])
    return np.clip(np.minimum(rise, fall), 0, None).astype(np.float32), top


def _quantised(power: NDArray[np.float32]) -> Fingerprint:
    loudest = float(power.max(initial=0.0))
    if loudest <= 0:
        return np.zeros(power.shape, dtype=np.uint8)
    level = 10 * np.log10(np.maximum(power / loudest, 10 ** (-_DEPTH_DB / 10)))
    return np.asarray(np.round(STEPS * (1 + level / _DEPTH_DB)), dtype=np.uint8)
