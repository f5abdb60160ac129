"""How deep a sound is: where its low frequencies lie, how much of it they are, how long it lasts, and its lowest partial.

Model: AudioCommons deliverable D5.8 (Pearce, Brookes & Mason). Of frames of 4096 samples, heard from 20 Hz up:

- the centroid of what is under 2 kHz, in frames within 60 dB [in the model's scale] of a full-scale tone at the sound's peak; weighted by power;
- the share of power under 500 Hz;
- the time from each event's loudest moment until its RMS has fallen 40 dB under the sound's highest, or until the next event;
- the lowest peak of the average spectrum that stands out by one hundredth of the highest.
"""

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.features.loudness.recursion import Biquad, BlockRecursion
from small_dataset_audio.features.timbral.attacks.envelope import rms_envelope
from small_dataset_audio.features.timbral.attacks.onsets import BEFORE, Places
from small_dataset_audio.features.timbral.contrast import contrasting, interpolated, local_maxima
from small_dataset_audio.features.timbral.filters import LOWEST, ORDER, PASSES, Floats, power_response
from small_dataset_audio.features.timbral.frames import Line, batches, stretch, thinning
from small_dataset_audio.features.timbral.recording import RATE

FRAME: Final = 4096
HOP: Final = 1024
MOST_FRAMES: Final = 1200
"""Frames measured at most, unless they would be farther apart than their length: all of 27 s."""
CENTROID_TOP: Final = 2000.0
"""Hz under which the low centroid is taken, and its highest value."""
RATIO_TOP: Final = 500.0
"""Hz under which sound is low."""
LEAST_POWER: Final = 0.001
"""Power over that of a constant at the sound's peak, under which a frame has no centroid."""
RMS_BLOCK: Final = 256
"""Samples per value of the RMS envelope."""
DECAYED: Final = 0.01
"""Share of the highest RMS (-40 dB) at which an event is over."""
CONTRAST: Final = 0.01
"""Prominence of a spectral peak over the range of the average spectrum."""

CENTROID, RATIO, DURATION, PITCH = -0.0043703565847874465, 32.83743202462131, 4.750862716905235, -14.217438690256062
"""Points per Hz of centroid, per unit of ratio, per decade of duration in s, per decade of the lowest partial in Hz."""
RATIO_DURATION, SATURATED_DURATION, OFFSET = 3.8782339862813924, -0.8544826091735516, 66.69534393444391
"""Points per decade of duration times ratio and times the ratio's saturation, and points at the origin."""
SATURATION_EXPONENT, SATURATION_OFFSET = 10, 0.2
"""Of the curve r^10 / (r^10 + 0.2)."""

_BLOCK: Final = 1 << 18
"""Samples worked on together (6 s): whole blocks of RMS."""
_SETTLING: Final = 1 << 14
"""Samples after which the filter has forgotten where it began."""


def depth(line: Line, peak: float, onsets: Places) -> float:
    """Return the depth in points.

    Args:
        line: the sound ``[shape=(n,)]``.
        peak: its highest absolute value.
        onsets: where its events begin, counted with the silence `BEFORE` it.
    """
    low = _low_frequencies(line, peak)
    duration = np.log10(mean_duration(low.rms, np.maximum(onsets - BEFORE, 0) // RMS_BLOCK))
    saturated = low.ratio**SATURATION_EXPONENT / (low.ratio**SATURATION_EXPONENT + SATURATION_OFFSET)
    of_duration = DURATION + RATIO_DURATION * low.ratio + SATURATED_DURATION * saturated
    pitch = np.log10(lowest_partial(low.average))
    return float(CENTROID * low.centroid + RATIO * low.ratio + of_duration * duration + PITCH * pitch + OFFSET)


def mean_duration(rms: Line, begins: NDArray[np.intp]) -> float:
    """Return how long events last from their loudest moment on, in seconds, mean over the events.

    Args:
        rms: RMS of successive blocks of `RMS_BLOCK` samples ``[shape=(blocks,)]``.
        begins: block in which each event begins, ascending.
    """
    least = DECAYED * float(rms.max())
    begins = np.unique(np.minimum(begins, rms.shape[0] - 1))
    lengths = []
    for begin, end in zip(begins, np.append(begins[1:], rms.shape[0]), strict=True):
        falling = rms[begin + int(rms[begin:end].argmax()) : end]
        over = falling < least
        lengths.append(int(over.argmax()) if over.any() else falling.shape[0])
    # An event whose loudest block is under -40 dB lasts no time; the least is half a block, so that there is a logarithm.
    return max(float(np.mean(lengths)), 0.5) * RMS_BLOCK / RATE


def lowest_partial(average: Floats) -> float:
    """Return the frequency in Hz of the lowest peak of an average power spectrum ``[shape=(FRAME // 2 + 1,)]``.

    1 where the only one is at 0 Hz.
    """
    scaled = ((average - average.min()) / max(float(np.ptp(average)), np.finfo(np.float64).tiny)).astype(np.float32)
    peaks = contrasting(local_maxima(scaled[np.newaxis], CONTRAST), CONTRAST)
    place, _ = interpolated(peaks, scaled.shape[0] - 1)
    lowest = float(place.min(initial=scaled.shape[0]))
    return lowest * RATE / FRAME if lowest > 0.0 else 1.0


@dataclass(frozen=True, eq=False)
class _Low:
    """What is read of the low frequencies: centroid in Hz, share of power, average power spectrum, RMS by blocks."""

    centroid: float
    ratio: float
    average: Floats
    rms: Line


def _low_frequencies(line: Line, peak: float) -> _Low:
    """Return what is read of ``line``, whose highest absolute value is ``peak``."""
    from scipy import fft  # noqa: PLC0415 - half a second that listing the features must not cost

    length = line.shape[0]
    hop = min(HOP * thinning(length // HOP, MOST_FRAMES), FRAME)
    window = (0.54 - 0.46 * np.cos(2.0 * np.pi * np.arange(FRAME) / FRAME)).astype(np.float32)
    starts = np.arange(0, length - FRAME + 1, hop)
    sums, rms, average = [], [], np.zeros(FRAME // 2 + 1)
    for begin in range(0, length, _BLOCK):
        end = min(begin + _BLOCK, length)
        heard = from_20_hz(line, begin, end + FRAME)
        rms.append(rms_envelope(heard[: end - begin], RMS_BLOCK))
        for _, frames in batches(heard, FRAME, starts[(starts >= begin) & (starts < end)] - begin):
            power = np.abs(fft.rfft(np.multiply(frames, window, out=frames), axis=1))
            np.square(power, out=power)
            average += power.sum(axis=0)
            sums.append(power @ _weights())
    total, low, moment, lower = np.concatenate(sums).astype(np.float64).T
    loud = total > LEAST_POWER * (peak * float(window.sum())) ** 2
    loud &= low > 0.0
    centroid = float(np.sum(total[loud] * moment[loud] / low[loud]) / np.sum(total))
    ratio = float(np.sum(lower[loud]) / np.sum(total))
    return _Low(min(centroid, CENTROID_TOP), ratio, average, np.concatenate(rms))


@cache
def _weights() -> Line:
    """Return the weight of each bin in a frame's power, in its low power and that times Hz, and in its lower power."""
    frequency = np.linspace(0.0, RATE / 2.0, FRAME // 2 + 1)
    sides = np.full(frequency.shape, 2.0)
    sides[[0, -1]] = 1.0
    low = sides * power_response(frequency, CENTROID_TOP, "lowpass")
    lower = sides * power_response(frequency, RATIO_TOP, "lowpass")
    return np.stack([sides, low, low * frequency, lower], axis=1).astype(np.float32)


def from_20_hz(line: Line, start: int, stop: int) -> Line:
    """Return samples ``start`` to ``stop`` of ``line`` without what lies under 20 Hz ``[shape=(stop - start,)]``."""
    before = min(start, _SETTLING)
    part = stretch(line, start - before, stop)
    for first, chunk in _high_pass().chunks(part):
        part[first : first + chunk.shape[0]] = chunk
    return part[before:]


@cache
def _high_pass() -> BlockRecursion:
    """Return the high-pass that depth hears through, all passes."""
    from scipy import signal  # noqa: PLC0415 - as above

    b, a = signal.butter(ORDER, LOWEST, "highpass", fs=RATE)
    return BlockRecursion([Biquad(tuple(b.tolist()), tuple(a.tolist()))] * PASSES)
