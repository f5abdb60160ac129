"""One pass over short frames, for everything that is read from them: average spectrum, mel spectrum, percussive share.

Frames of 2048 samples every 512 at 44.1 kHz, Hann window, centred, silence before the beginning and after the end: frame ``i`` has its middle
at sample ``512 (i - 1)``. The first one is the earliest that sound reaches into.
"""

from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.audio.spool import Table, folder_of
from small_dataset_audio.features.timbral.frames import Line, batches
from small_dataset_audio.features.timbral.percussion import Percussion
from small_dataset_audio.features.timbral.recording import RATE

FRAME: Final = 2048
HOP: Final = 512
EARLY: Final = FRAME // (2 * HOP) - 1
"""Frames whose middle is before the sound."""
MEL_BANDS: Final = 128
"""Slaney's mel scale from 0 Hz to half the rate, triangles of equal area."""
MEL_SILENCE: Final = -100.0
"""dB that count as silence in a mel band."""
MEL_RANGE: Final = 80.0
"""dB under the loudest value at which the mel spectrum is cut off."""
LOUDEST: Final = 32
"""Frames that are told as the loudest."""

_MEL_PARTS: Final = (0, 128, 384, FRAME // 2 + 1)
"""Bins at which the mel filters are cut apart."""
_LINEAR_TOP: Final = 1000.0
"""Hz up to which the mel scale is linear."""
_LINEAR_MELS: Final = 15.0
_LOG_STEP: Final = float(np.log(6.4) / 27.0)
"""Slaney's scale: 27 mel from 1 to 6.4 kHz."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ShortFrames:
    """What the models read from short frames.

    Attributes:
        power: sum of the power spectra of the frames that lie wholly in the sound ``[shape=(FRAME // 2 + 1,)]``.
        mel: mel spectrum of every frame in dB ``[shape=(frames, MEL_BANDS)]``.
        floor: what counts as silence in it, in dB: `MEL_RANGE` under its highest value.
        loudest: samples in the middle of the `LOUDEST` frames whose spectra are highest ``[shape=(<= LOUDEST,)]``.
        percussive: share of the percussive part in the amplitude of the percussive and harmonic parts.
    """

    power: Floats
    mel: Line
    floor: float
    loudest: NDArray[np.intp]
    percussive: float | None


def short_frames(line: Line) -> ShortFrames:
    """Return what the models read from short frames of ``line`` ``[shape=(n,)]``."""
    from scipy import fft  # noqa: PLC0415 - half a second that listing the features must not cost

    count = EARLY + 1 + line.shape[0] // HOP
    starts = (np.arange(count) - EARLY) * HOP - FRAME // 2
    whole = slice(EARLY + FRAME // 2 // HOP, int(np.searchsorted(starts, line.shape[0] - FRAME, side="right")))
    window = np.hanning(FRAME + 1)[:-1].astype(np.float32)
    total = np.zeros(FRAME // 2 + 1)
    mel = Table(MEL_BANDS, count, folder_of(line))
    highest = np.empty(count, dtype=np.float32)
    top = MEL_SILENCE
    percussion = Percussion(count)
    for first, frames in batches(line, FRAME, starts):
        spectrum = fft.rfft(np.multiply(frames, window, out=frames), axis=1)
        power = np.abs(spectrum)
        np.square(power, out=power)
        last = first + power.shape[0]
        total += power[max(whole.start - first, 0) : max(whole.stop - first, 0)].sum(axis=0)
        levels = _mel(power)
        top = max(top, float(levels.max()))
        highest[first:last] = power.max(axis=1)
        mel.append(levels)
        percussion.add(first, spectrum, power)
    loudest = (np.argsort(-highest, kind="stable")[:LOUDEST] - EARLY) * HOP
    return ShortFrames(total, mel.finish(), max(top - MEL_RANGE, MEL_SILENCE), loudest, percussion.share())


def _mel(power: Line) -> Line:
    """Return the mel spectra in dB of ``power`` ``[shape=(frames, bins)]``: ``[shape=(frames, MEL_BANDS)]``."""
    mel = np.full((power.shape[0], MEL_BANDS), 10.0 ** (MEL_SILENCE / 10.0), dtype=np.float32)
    for bins, bands, weights in _mel_parts():
        mel[:, bands] += power[:, bins] @ weights
    np.log10(mel, out=mel)
    mel *= np.float32(10.0)
    return mel


@cache
def _mel_parts() -> tuple[tuple[slice, slice, Line], ...]:
    """Return bins, bands and weights of parts of the mel filters, which are mostly zero elsewhere."""
    parts = []
    for low, high in pairwise(_MEL_PARTS):
        filters = _mel_filters()[low:high]
        bands = np.flatnonzero(filters.any(axis=0))
        within = slice(int(bands[0]), int(bands[-1]) + 1)
        parts.append((slice(low, high), within, np.ascontiguousarray(filters[:, within])))
    return tuple(parts)


def _mel_filters() -> Line:
    """Return the weight of each bin in each mel band ``[shape=(FRAME // 2 + 1, MEL_BANDS)]``."""
    top = _LINEAR_MELS + np.log(RATE / 2.0 / _LINEAR_TOP) / _LOG_STEP
    mels = np.linspace(0.0, top, MEL_BANDS + 2)
    edges = np.where(
        mels < _LINEAR_MELS,
        mels * _LINEAR_TOP / _LINEAR_MELS,
        _LINEAR_TOP * np.exp(_LOG_STEP * (mels - _LINEAR_MELS)),
    )
    frequencies = np.arange(FRAME // 2 + 1)[:, np.newaxis] * (RATE / FRAME)
    low, centre, high = edges[:-2], edges[1:-1], edges[2:]
    rising, falling = (frequencies - low) / (centre - low), (high - frequencies) / (high - centre)
    weights = np.maximum(np.minimum(rising, falling), 0.0) * (2.0 / (high - low))
    return np.asarray(weights, dtype=np.float32)
