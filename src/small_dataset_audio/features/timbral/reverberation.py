"""How likely a sound is perceived as reverberant, from the reverberation time that its own decays show.

Blind estimate of the reverberation time after Löllmann, Yilmaz, Jeub & Vary (2010), An improved algorithm for blind reverberation time
estimation, with the Laplacian likelihood of Jan & Wang (2012); logistic regression on listeners' judgements by AudioCommons (Pearce et al.).

At half the rate (every second sample), a frame of successive sub-frames of 29 ms begins every 4 ms. Where variance and maximum fall and the
minimum rises over three or four sub-frames and then no longer, sound is taken to decay freely, and the reverberation time among 0.2 to 1.1 s
under which those sub-frames are likeliest is counted. The time that holds at a frame is the most frequent one so far, smoothed; the result is
its mean over the frames with a decay, and the mean over the channels. A sound without a free decay gives no sign of a room: it gets the
shortest time. (The reference does the same, also for what it finds too short, and rounds the probability to 0 or 1.)
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.features.timbral.frames import Line
from small_dataset_audio.features.timbral.recording import RATE

SUB_FRAME: Final = 643
"""Samples at half the rate: 700 at 24 kHz, halved twice. From the second sub-frame on they are one sample longer."""
SHIFT: Final = 92
"""Samples at half the rate from one frame to the next: 200 at 24 kHz, halved twice. Seven shifts are one longer sub-frame."""
SUB_FRAMES: Final = 6
"""Sub-frames of a frame that are looked at."""
PER_FRAME: Final = 7
"""Sub-frames that must fit behind the beginning of a frame."""
DECAYING: Final = (3, 4)
"""Sub-frames over which a sound decays before it no longer does."""
TIMES: Final = np.arange(2, 12) / 10.0
"""Reverberation times that are told apart, in s."""
REMEMBERED: Final = 735
"""Latest estimates that are counted: 800 at 24 kHz, halved twice."""
SMOOTHING: Final = 0.995
"""Of the reverberation time, per frame."""
INITIAL: Final = 0.3
"""Seconds from which the smoothing starts."""
SLOPE, INTERCEPT = 2.97126461, -1.45082989
"""Of the logit of the probability per second of reverberation time, and at 0 s."""
SHORTEST: Final = 2 * PER_FRAME * SUB_FRAME
"""Samples that a sound must have."""

_BATCH: Final = 256
"""Decays whose likelihood is taken together."""

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


class Decays:
    """The free decays of one channel, found while it comes in piece by piece.

    Attributes:
        sounding: whether any sample is not zero.
    """

    def __init__(self) -> None:
        self.sounding = False
        self._waiting: Line = np.empty(0, dtype=np.float32)
        self._samples = 0
        self._count = 0
        self._frames: list[Indices] = []
        self._found: list[Indices] = []

    def add(self, samples: Line) -> None:
        """Take the next ``samples`` ``[shape=(n,)]``; only of the last piece may ``n`` be odd."""
        half = np.concatenate([self._waiting, samples[::2]])
        self.sounding = self.sounding or bool(samples.any())
        self._samples += samples.shape[0]
        count = (self._samples - SHORTEST) // (2 * SHIFT) + 1 - self._count
        if count > 0:
            frames, lengths = decays(half, count)
            self._frames.append(frames + self._count)
            self._found.append(_likeliest(half, frames, lengths))
            self._count += count
            half = half[count * SHIFT :].copy()
        self._waiting = half

    def reverberation_time(self) -> float | None:
        """Return the reverberation time in s that the decays show, 0.2 without any; None where the channel is too short."""
        from scipy import signal  # noqa: PLC0415 - half a second that listing the features must not cost

        if not self._count:
            return None
        frames = np.concatenate(self._frames)
        if not frames.size:
            return float(TIMES[0])
        raw = np.full(self._count, INITIAL)
        latest = np.searchsorted(frames, np.arange(self._count), side="right")
        raw[latest > 0] = TIMES[_most_frequent(np.concatenate(self._found))][latest[latest > 0] - 1]
        smooth = signal.lfilter([1.0 - SMOOTHING], [1.0, -SMOOTHING], raw, zi=[SMOOTHING * INITIAL])[0]
        return float(smooth[frames].mean())


def reverberation(channels: list[Decays]) -> float | None:
    """Return the probability, times 100, that ``channels`` sound reverberant; None where they are too short.

    Channels that are silent do not count.
    """
    times = [channel.reverberation_time() for channel in channels if channel.sounding]
    known = [time for time in times if time is not None]
    if not known:
        return None
    return float(100.0 / (1.0 + np.exp(-(SLOPE * float(np.mean(known)) + INTERCEPT))))


def decays(half: Line, count: int) -> tuple[Indices, Indices]:
    """Return the frames that begin with a free decay, and over how many sub-frames each decays.

    Args:
        half: every second sample.
        count: number of frames.
    """
    falling = np.ones(count, dtype=np.bool_)
    lasted = np.zeros(count, dtype=np.intp)
    blocks = _Blocks(half)
    before = blocks.statistics(count, 0)
    for sub_frame in range(1, SUB_FRAMES):
        now = blocks.statistics(count, sub_frame)
        ended = falling & ~np.all(before > now, axis=0)
        lasted[ended] = sub_frame - 1
        falling &= ~ended
        before = now
    frames = np.flatnonzero(np.isin(lasted, DECAYING))
    return frames, lasted[frames]


class _Blocks:
    """Sums and extremes of successive blocks of `SHIFT` samples, from which those of any sub-frame are put together.

    Sub-frame ``k`` of frame ``m`` begins ``k`` samples before block ``m + 7 k`` and is seven blocks long (the first one is a sample
    shorter): the last ``k`` samples of one block, six whole blocks, and the seventh without its last ``k`` samples.
    """

    def __init__(self, half: Line) -> None:
        blocks = half[: half.shape[0] // SHIFT * SHIFT].reshape(-1, SHIFT)
        core = blocks[:, : -SUB_FRAMES + 1]
        self._core = np.stack([core.max(axis=1), -core.min(axis=1)])
        last = np.ascontiguousarray(blocks[:, -SUB_FRAMES + 1 :].T)
        self._last = np.stack([last, -last])
        self._sums = np.stack([blocks.sum(axis=1), np.einsum("ij,ij->i", blocks, blocks)]).astype(np.float64)
        self._six_sums = _over_windows(np.add, self._sums, PER_FRAME - 1)
        self._six = _over_windows(np.maximum, self._without(0), PER_FRAME - 1)

    def statistics(self, count: int, sub_frame: int) -> Floats:
        """Return variance, maximum, and minimum turned upside down, of one sub-frame of each frame ``[shape=(3, count)]``."""
        cut = max(sub_frame, 1)
        begin = PER_FRAME * sub_frame
        six = slice(begin, begin + count)
        seventh = slice(begin + PER_FRAME - 1, begin + PER_FRAME - 1 + count)
        sums = self._six_sums[:, six] + self._sums[:, seventh] - self._last_sums(cut, seventh)
        extremes = np.maximum(self._six[:, six], self._without(cut)[:, seventh])
        if sub_frame:
            earlier = slice(begin - 1, begin - 1 + count)
            sums += self._last_sums(cut, earlier)
            np.maximum(extremes, self._last[:, -cut:, earlier].max(axis=1), out=extremes)
        mean, square = sums / (SUB_FRAME + (sub_frame > 0))
        return np.concatenate([(square - mean**2)[np.newaxis], extremes])

    def _without(self, cut: int) -> Line:
        """Return maximum, and minimum turned upside down, of each block without its last ``cut`` samples."""
        kept = self._last[:, : self._last.shape[1] - cut]
        return np.maximum(self._core, kept.max(axis=1)) if kept.size else self._core

    def _last_sums(self, count: int, blocks: slice) -> Floats:
        """Return sum and sum of squares of the last ``count`` samples of ``blocks``."""
        last = self._last[0, -count:, blocks].astype(np.float64)
        return np.stack([last.sum(axis=0), (last * last).sum(axis=0)])


def _over_windows(operation: np.ufunc, values: Floats | Line, length: int) -> Floats | Line:
    """Return ``operation`` over every ``length`` successive values of each row ``[shape=(rows, n - length + 1)]``."""
    count = values.shape[1] - length + 1
    result = values[:, :count].copy()
    for later in range(1, length):
        operation(result, values[:, later : later + count], out=result)
    return result


def _likeliest(half: Line, frames: Indices, lengths: Indices) -> Indices:
    """Return the index of the likeliest of `TIMES` for each decay."""
    found = np.empty(frames.shape[0], dtype=np.intp)
    rates = 3.0 * np.log(10.0) / (TIMES * (RATE / 2.0))
    for length in DECAYING:
        samples = length * SUB_FRAME
        growth = np.exp(np.arange(samples)[:, np.newaxis] * rates).astype(np.float32)
        chosen = np.flatnonzero(lengths == length)
        for start in range(0, chosen.shape[0], _BATCH):
            batch = chosen[start : start + _BATCH]
            decay = np.abs(np.lib.stride_tricks.sliding_window_view(half, samples)[frames[batch] * SHIFT])
            scale = (decay @ growth).astype(np.float64)
            likelihood = 0.5 * (samples - 1) * rates - np.log(np.maximum(scale, np.finfo(np.float64).tiny))
            found[batch] = likelihood.argmax(axis=1)
    return found


def _most_frequent(found: Indices) -> Indices:
    """Return, after each of ``found``, the most frequent one of the latest `REMEMBERED` (and of the very first)."""
    counts = np.cumsum(np.eye(TIMES.shape[0], dtype=np.intp)[found], axis=0)
    forgotten = np.zeros_like(counts)
    late = np.arange(REMEMBERED + 1, found.shape[0])
    forgotten[late] = counts[late - REMEMBERED] - counts[0]
    return np.asarray((counts - forgotten).argmax(axis=1))
