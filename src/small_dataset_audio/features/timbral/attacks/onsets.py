"""The moments at which a sound begins to rise, for the models that measure attacks.

First, peaks of the spectral flux of the mel spectrum, moved back to the minimum before them (Böck, Krebs & Schedl 2012, with the constants
that librosa found by search). Then the rules of the AudioCommons models: each onset is walked back along the peak envelope to where
the rise begins; onsets stay only if the envelope rises by a tenth of its range until its next peak, if they are 0.1 s or more after the one
before, and if the flux reaches 3 dB before the next.

The sound is taken to begin with `BEFORE` samples of silence, so that what sounds from the first sample on has an onset too.
All places are counted from the beginning of that silence.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.audio.spool import blocks, first_highest, give_back, last_lowest
from small_dataset_audio.features.timbral.attacks.envelope import STEP
from small_dataset_audio.features.timbral.frames import Line
from small_dataset_audio.features.timbral.recording import RATE
from small_dataset_audio.features.timbral.shortframes import EARLY, FRAME, HOP

BEFORE: Final = 4096
"""Samples of silence before the sound."""

PRE_MAX, POST_MAX = 2, 1
"""Frames before and from a peak on within which it is the highest (30 ms, 0)."""
PRE_MEAN, POST_MEAN = 8, 9
"""Frames before and from a peak on over whose mean it stands (100 ms each way)."""
WAIT: Final = 2
"""Frames after a peak in which there is no other (30 ms)."""
DELTA: Final = 0.07
"""Share of the highest flux by which a peak stands over the mean."""

LOOK_BACK: Final = RATE // 50 // STEP
"""Steps of the envelope (20 ms) in which a lower value means that the rise began earlier."""
LOOK_FAR_BACK: Final = 3 * RATE // 10 // STEP
"""Steps of the envelope (0.3 s) in which the envelope may dip a little and still belong to the same rise."""
DIP: Final = 0.1
"""Share of the envelope's range that ends a rise backwards, and by which an onset must rise."""
APART: Final = 0.1 * RATE / STEP
"""Steps of the envelope (0.1 s) between onsets, at least."""
LEAST_FLUX: Final = 3.0
"""dB of mean flux that an onset reaches."""

Places = NDArray[np.intp]


def flux(mel: Line, floor: float) -> Line:
    """Return the mean rise of the mel spectrum at each frame, in dB, `BEFORE` included ``[shape=(frames + BEFORE / HOP - EARLY,)]``.

    Args:
        mel: mel spectrum in dB by frame ``[shape=(frames, bands)]``.
        floor: that of silence, in dB.
    """
    before = BEFORE // HOP - EARLY
    rise = np.empty(mel.shape[0], dtype=np.float32)
    last = np.full((1, mel.shape[1]), floor, dtype=np.float32)
    for first, rows in blocks(mel, _ROWS, axis=0):
        levels = np.maximum(rows, np.float32(floor))
        step = np.diff(levels, axis=0, prepend=last)
        rise[first : first + _ROWS] = np.maximum(step, 0.0, out=step).mean(axis=1)
        last = levels[-1:]
    late = FRAME // (2 * HOP)  # the rise shows when the frame's middle has come: half a frame late
    return np.concatenate([np.zeros(before + late, dtype=np.float32), rise])[: before + mel.shape[0]]


_ROWS: Final = 256
"""Frames whose differences are taken together."""


def find_onsets(flux: Line, envelope: Line) -> Places:
    """Return where the sound begins to rise, ascending; at least one place ``[shape=(onsets,)]``.

    A sound without onsets, or with a single one, is one event from the beginning on: the place is 0.

    Args:
        flux: from `flux`.
        envelope: the peak envelope, `BEFORE` included ``[shape=(steps,)]``.
    """
    dip = DIP * float(envelope[first_highest(envelope)])
    per_frame = HOP // STEP
    peaks = _flux_peaks(flux) * per_frame
    found = [_start_of_rise(envelope, int(at), dip) for at in peaks[peaks + per_frame <= envelope.shape[0]]]
    places = [at for i, at in enumerate(dict.fromkeys(found)) if at > 0 or i == 0]
    places = _that_rise(places, envelope, dip)
    while (near := np.flatnonzero(np.diff(places) < APART)).size:
        places = np.delete(places, near + 1).tolist()
    places = _that_reach(places, flux)
    return np.array(places if len(places) > 1 else [0], dtype=np.intp) * STEP


def _flux_peaks(flux: Line) -> Places:
    """Return the frames of the minima from which the flux rises to its peaks."""
    lowest, highest = flux.min(), flux.max()
    if highest == lowest:
        return np.empty(0, dtype=np.intp)
    height = (flux - lowest) / (highest - lowest)
    around = np.lib.stride_tricks.sliding_window_view(np.pad(height, (PRE_MAX, POST_MAX - 1)), PRE_MAX + POST_MAX)
    summed = np.cumsum(np.append(0.0, height.astype(np.float64)))
    frames = np.arange(height.shape[0])
    first, last = np.maximum(frames - PRE_MEAN, 0), np.minimum(frames + POST_MEAN, height.shape[0])
    mean = (summed[last] - summed[first]) / (last - first)
    peaks: list[int] = []
    for frame in np.flatnonzero((height == around.max(axis=1)) & (height >= mean + DELTA)).tolist():
        if not peaks or frame > peaks[-1] + WAIT:
            peaks.append(frame)
    minima = 1 + np.flatnonzero((height[1:-1] <= height[:-2]) & (height[1:-1] < height[2:]))
    minima = np.append(0, minima)
    return minima[np.searchsorted(minima, peaks, side="right") - 1]


def _start_of_rise(envelope: Line, at: int, dip: float) -> int:
    """Return the place from which the envelope rises to ``at``; 0 where that is the beginning of the sound."""
    start = _walked_back(envelope, at, dip)
    give_back(envelope[max(0, start - LOOK_FAR_BACK - 1) : at + 1])
    return start


def _walked_back(envelope: Line, at: int, dip: float) -> int:
    while at > BEFORE // STEP:
        level = envelope[at]
        near = envelope[at - LOOK_BACK - 1 : at]
        lowest = int(near.argmin())
        if near[lowest] <= level:
            at += lowest - near.shape[0]
            continue
        lower = (envelope[max(0, at - LOOK_FAR_BACK - 1) : at] < level)[::-1]
        back = int(lower.argmax()) + 1
        if not lower[back - 1] or np.ptp(envelope[at - back : at]) >= dip:
            return at
        at -= back
    return 0


def _that_rise(places: list[int], envelope: Line, least: float) -> list[int]:
    """Return the ``places`` from which the envelope rises by ``least`` to its peak before the next of them."""
    if len(places) < 2:  # noqa: PLR2004 - a single one has nothing to compare with
        return places
    kept: list[int] = []
    for at in reversed(places):
        until = kept[-1] if kept else envelope.shape[0]
        peak = at + first_highest(envelope[at:until]) if until > at else at
        if peak > at and envelope[peak] - envelope[at + last_lowest(envelope[at:peak])] >= least:
            kept.append(at)
        give_back(envelope[at:until])
    return kept[::-1]


def _that_reach(places: list[int], flux: Line) -> list[int]:
    """Return the ``places`` at which the flux reaches `LEAST_FLUX` before the next of them."""
    per_frame = HOP // STEP
    kept: list[int] = []
    for at in reversed(places):
        until = kept[-1] // per_frame if kept else flux.shape[0]
        if flux[at // per_frame : until].max(initial=0.0) >= LEAST_FLUX:
            kept.append(at)
    return kept[::-1]
