"""How high the spectrum reaches at each attack.

In frames of 4096 samples without a window, bandwidth is the distance from the frequency under which 5 % of the summed magnitude lies
to the highest bin whose magnitude density exceeds -75 dB; 0 in frames with less than a tenth of the range of summed magnitude. An
attack's bandwidth is the highest within 0.1 s from where it rises through a fifth of its own rise.

Frames begin every 128 samples in short sounds and farther apart in long ones, at most every 2048 (which takes 0.1 to 0.2 points off the
hardness), beginning with silence before the sound.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.features.timbral.attacks.onsets import BEFORE, Places
from small_dataset_audio.features.timbral.frames import Line, batches, thinning
from small_dataset_audio.features.timbral.recording import RATE

FRAME: Final = 4096
HOP: Final = 128
WIDEST_HOP: Final = 2048
MOST_FRAMES: Final = 4000
"""Frames measured at most, unless they would be farther apart than `WIDEST_HOP`: all of 11 s."""
ROLL_ON: Final = 0.05
"""Share of summed magnitude below the band."""
DENSITY_DB: Final = -75.0
"""Magnitude density, in full scale per root Hz, that the band reaches."""
LOUD: Final = 0.1
"""Share of the range of summed magnitude that a frame must pass to have a bandwidth."""
RISE: Final = 0.2
"""Share of an attack's rise in bandwidth at which it starts."""
SPAN: Final = RATE // 10
"""Samples (0.1 s) from there in which its highest bandwidth counts."""
LEAST: Final = 512.0
"""Hz; a mean bandwidth up to this counts as `FLOOR`."""
FLOOR: Final = RATE / 512.0

_USUAL_ROLL_ON: Final = 256
"""Bins among which the roll-on usually lies (2.7 kHz): only other frames are summed further."""

_Floats = NDArray[np.float64]


def mean_bandwidth(line: Line, onsets: Places, strength: _Floats) -> float:
    """Return the bandwidth in Hz that attacks reach, mean weighted by their ``strength``.

    Args:
        line: the sound ``[shape=(n,)]``.
        onsets: where its attacks begin, counted with the silence `BEFORE` it.
        strength: weight of each.
    """
    hop = min(HOP * thinning(line.shape[0] // HOP, MOST_FRAMES), WIDEST_HOP)
    track = bandwidth_track(line, hop)
    begins = np.maximum(onsets - BEFORE, 0) // hop
    ends = np.append(begins[1:], track.shape[0])
    values, weights = [], []
    for begin, end, weight in zip(begins, ends, strength, strict=True):
        reached = _reached(track[begin:end], hop)
        if reached is not None:
            values.append(reached)
            weights.append(weight)
    mean = float(np.average(values, weights=weights)) if values else 0.0
    return mean if mean > LEAST else FLOOR


def bandwidth_track(line: Line, hop: int) -> _Floats:
    """Return the bandwidth in Hz of frames every ``hop`` samples from `BEFORE` the line on ``[shape=(frames,)]``."""
    from scipy import fft  # noqa: PLC0415 - half a second that listing the features must not cost

    starts = np.arange(-BEFORE - 1, line.shape[0] - FRAME + 1, hop)
    least = np.float32(10.0 ** (DENSITY_DB / 20.0) * np.sqrt(RATE * FRAME))
    ones = np.ones(FRAME // 2 + 1, dtype=np.float32)
    bins = np.zeros(starts.shape[0], dtype=np.int64)
    summed = np.empty(starts.shape[0])
    for first, frames in batches(line, FRAME, starts):
        magnitude = np.abs(fft.rfft(frames, axis=1))
        magnitude[:, 0] = 0.0  # each frame without its mean
        rows = slice(first, first + magnitude.shape[0])
        summed[rows] = magnitude @ ones
        reaching = (magnitude >= least)[:, ::-1]
        down = reaching.argmax(axis=1)
        width = magnitude.shape[1] - 1 - down - _roll_on(magnitude, ROLL_ON * summed[rows])
        bins[rows] = np.where(reaching[np.arange(down.shape[0]), down], width, 0)
    bins[summed <= summed.min() + LOUD * np.ptp(summed)] = 0
    return bins * (RATE / FRAME)


def _roll_on(magnitude: NDArray[np.float32], share: _Floats) -> NDArray[np.int64]:
    """Return the bin of each row at which the summed magnitude reaches ``share``."""
    usual = np.cumsum(magnitude[:, :_USUAL_ROLL_ON], axis=1)
    bins = (usual < share[:, np.newaxis]).sum(axis=1)
    for row in np.flatnonzero(bins == _USUAL_ROLL_ON):
        bins[row] = np.searchsorted(np.cumsum(magnitude[row], dtype=np.float64), share[row])
    return np.asarray(bins)


def _reached(track: _Floats, hop: int) -> float | None:
    """Return the bandwidth that one attack reaches; None where it does not rise."""
    peak = int(track.argmax()) if track.size else 0
    if peak == 0:
        return None
    lowest = peak - 1 - int(track[:peak][::-1].argmin())
    start = lowest + int(np.argmax(track[lowest : peak + 1] >= track[lowest] + RISE * (track[peak] - track[lowest])))
    span = round(SPAN / hop)
    # The reference counts the start twice: an attack in the later half of its event is followed to the event's end.
    until = start + span if track.shape[0] - start > start + span else track.shape[0]
    return float(track[start:until].max())
