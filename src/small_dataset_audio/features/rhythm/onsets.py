"""Onsets: the peaks of the onset envelope.

Source: Böck, Krebs and Schedl, "Evaluating the online capabilities of onset detection methods", ISMIR 2012 (peak picking).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.audio.spool import blocks
from small_dataset_audio.features.measured import Times
from small_dataset_audio.features.rhythm import lines
from small_dataset_audio.features.rhythm.lines import Curve, filtered, looked_up, running_means, total
from small_dataset_audio.features.rhythm.spectrum import FRAME_RATE

PEAK_FRAMES = 7
"""A peak is the largest value among this many frames (±30 ms)."""
MEAN_FRAMES = 18
"""Length of the moving mean that a peak must exceed (180 ms)."""
THRESHOLD = 0.05
"""How far a peak must exceed the moving mean, in units of `spectrum.Curves.full`."""
PROMINENCE = 2.0
"""How many times the moving mean a peak must reach: fluctuations of steady noise do not."""
APART_FRAMES = 3
"""Onsets at most this many frames apart (30 ms) are one."""
LATENCY = 0.002
"""Seconds by which the rise is late: a compromise between clicks (7 ms early with it) and annotated drums and pianos (4 ms late)."""


@dataclass(frozen=True)
class Onsets:
    """The onsets of one signal.

    Attributes:
        times: seconds, ascending ``[shape=(n,)]``.
        strengths: the onset envelope there, in units of its mean over the file ``[shape=(n,)]``.
    """

    times: Times
    strengths: Curve


def refine(curve: Curve, frames: NDArray[np.intp]) -> Curve:
    """Return the peaks ``frames`` of ``curve`` to a fraction of a frame: the vertex of the parabola through three points."""
    inner = np.clip(frames, 1, curve.shape[0] - 2)
    left, centre, right = looked_up(curve, inner + np.arange(-1, 2)[:, np.newaxis])
    bend = left - 2.0 * centre + right
    shift = np.zeros(frames.shape[0])
    np.divide(0.5 * (left - right), bend, out=shift, where=bend < 0.0)
    refined: Curve = frames.astype(np.float64) + np.where(inner == frames, np.clip(shift, -0.5, 0.5), 0.0)
    return refined


def detect(envelope: Curve) -> Onsets:
    """Return the onsets in an onset envelope at `FRAME_RATE`."""
    kept: list[int] = []
    for frame in _peaks(envelope):
        if not kept or frame - kept[-1] > APART_FRAMES:
            kept.append(int(frame))
    frames = np.array(kept, dtype=np.intp)
    if not frames.size:
        return Onsets(np.empty(0), np.empty(0))
    times = refine(envelope, frames) / FRAME_RATE - LATENCY
    return Onsets(np.maximum(times, 0.0), looked_up(envelope, frames) / (total(envelope) / envelope.shape[0]))


def _peaks(envelope: Curve) -> Iterator[int]:
    """Yield the frames at which ``envelope`` has a peak that counts."""
    from scipy.ndimage import maximum_filter1d  # noqa: PLC0415 - half a second that looking a stage up must not cost

    count, before = envelope.shape[0], MEAN_FRAMES // 2
    highest = filtered(lambda part: maximum_filter1d(part, PEAK_FRAMES), envelope, PEAK_FRAMES // 2)
    means = running_means(envelope, MEAN_FRAMES, go_on=False)
    for (first, block), tops, within in zip(blocks(envelope, lines.BLOCK), highest, means, strict=True):
        frames = np.arange(first, first + block.shape[0])
        last = np.minimum(frames + MEAN_FRAMES - 1 - before, count - 1)
        mean = within / ((last - np.maximum(frames - before, 0) + 1) / MEAN_FRAMES)
        peaks = (block == tops) & (block >= np.maximum(mean + THRESHOLD, PROMINENCE * mean))
        yield from (first + np.flatnonzero(peaks)).tolist()
