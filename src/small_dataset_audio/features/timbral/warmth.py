"""How warm a sound is: its loudness in the warm and high Bark ranges, and for each event its centroid, lows and high-frequency decline.

Model: AudioCommons deliverable D5.8 (Pearce, Brookes & Mason). An event's spectrum is the sum of frames of 8192 samples (Tukey window, overlapping
by an eighth), or the one frame of an event that is shorter. Its fundamental is its lowest peak that stands out by a fifth of the highest.
From it follow the share of power from there to 260 Hz, and how straight the spectrum falls, both axes logarithmic, from three and a half
times the fundamental on (the coefficient of determination of a straight line). Of long sounds, events spread over them are read.
A spectrum that was converted from another rate ends where the converter's flank begins: a cliff is no decline of the sound.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.features.timbral.attacks.onsets import BEFORE, Places
from small_dataset_audio.features.timbral.contrast import contrasting, interpolated, local_maxima
from small_dataset_audio.features.timbral.ear.bark import BarkLoudness
from small_dataset_audio.features.timbral.frames import Line, spread, stretch
from small_dataset_audio.features.timbral.recording import RATE

FRAME: Final = 8192
OVERLAP: Final = 8
"""Frames overlap by this part of their length."""
TAPER: Final = 0.25
"""Share of the window that its cosine flanks take up."""
CONTRAST: Final = 0.2
"""Prominence of a spectral peak over the highest value."""
LOW_TOP: Final = 260.0
"""Hz up to which sound is low."""
REGION: Final = 3.5
"""Multiples of the fundamental up to which the warm region reaches."""
REGION_TOP: Final = 12000.0
"""Hz, its highest end."""
MOST_EVENTS: Final = 320
"""Events read at most, spread over the sound: a few minutes of music."""

CENTROID, HIGH, WARM = -4.464258317026696, -0.08819320850778556, 0.29156539973575546
"""Points per decade of centroid in Hz, per unit of high and of warm Bark level."""
DECLINE, LOWS, OFFSET = 17.274733561081554, 8.403340066029507, 45.21212125085579
"""Points per unit of straightness and of low share, and points at the origin."""

_NOTHING: Final = 1e-20
"""Power over the highest, under which a bin counts as that, so that there is a logarithm."""
_BATCH: Final = 64
"""Events whose spectra are held together."""
_BLOCK: Final = 1 << 18
"""Samples of an event that are summed together."""
_TOGETHER: Final = 8
"""Frames transformed together, in double precision: steady tones fall by more than single precision holds."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Events:
    """What is read of each event ``[shape=(events,)]``."""

    centroid: Floats
    straightness: Floats
    low_share: Floats
    rms: Floats


def warmth(line: Line, onsets: Places, bark: BarkLoudness, top: float = RATE / 2.0) -> float | None:
    """Return the warmth in points of ``line`` ``[shape=(n,)]``; None where no event sounds.

    Args:
        line: the sound.
        onsets: where its events begin, counted with the silence `BEFORE` it.
        bark: its specific loudness.
        top: Hz up to which its spectrum is its own.
    """
    last = int(top * FRAME / RATE) + 1
    begins = np.unique(np.maximum(onsets - BEFORE, 0))
    ends = np.append(begins[1:], line.shape[0])
    chosen = spread(begins.shape[0], MOST_EVENTS)
    parts = [
        _read(line, begins[some], ends[some], last) for some in np.split(chosen, range(_BATCH, chosen.shape[0], _BATCH))
    ]
    events = _Events(*(np.concatenate([getattr(part, name) for part in parts]) for name in _Events.__annotations__))
    if not events.rms.size:
        return None
    return float(
        CENTROID * np.log10(events.centroid.mean())
        + HIGH * bark.high
        + WARM * bark.warm
        + DECLINE * events.straightness.mean()
        + LOWS * np.average(events.low_share, weights=events.rms)
        + OFFSET
    )


def _read(line: Line, begins: Places, ends: Places, last: int) -> _Events:
    """Return what is read of the events from ``begins`` to ``ends``, those left out that are silent; of ``last`` bins, how straight."""
    spectra = _spectra(line, begins, ends)
    highest = spectra.max(axis=1)
    sounding = np.flatnonzero(highest > 0.0)
    scaled = spectra[sounding] / highest[sounding, np.newaxis]
    frequency = np.linspace(0.0, RATE / 2.0, FRAME // 2 + 1)
    peaks = contrasting(local_maxima(scaled, CONTRAST), CONTRAST)
    lowest = np.flatnonzero(np.diff(peaks.row, prepend=-1) > 0)
    place, _ = interpolated(peaks.only(lowest), FRAME // 2)
    fundamental = place * (RATE / FRAME)
    power = scaled.sum(axis=1, dtype=np.float64)
    return _Events(
        scaled @ frequency / power,
        straightness(
            scaled[:, :last], np.searchsorted(frequency, np.minimum(REGION * fundamental, REGION_TOP), side="right")
        ),
        _low_share(scaled, peaks.bin[lowest], fundamental, power),
        np.array([_rms(line, int(begins[i]), int(ends[i])) for i in sounding]),
    )


def _rms(line: Line, begin: int, end: int) -> float:
    """Return the root mean square of the event from ``begin`` to ``end``."""
    energy = 0.0
    for start in range(begin, end, _BLOCK):
        part = stretch(line, start, min(start + _BLOCK, end))
        energy += float(np.dot(part, part))
    return float(np.sqrt(energy / (end - begin)))


def _low_share(scaled: Line, first: NDArray[np.intp], fundamental: Floats, power: Floats) -> Floats:
    """Return the share of ``power`` from the bin ``first`` up to `LOW_TOP`, 0 for a fundamental from there on."""
    top = int(LOW_TOP * FRAME / RATE) + 1
    summed = np.cumsum(np.pad(scaled[:, :top], ((0, 0), (1, 0))), axis=1, dtype=np.float64)
    below = np.take_along_axis(summed, np.minimum(first, top)[:, np.newaxis], axis=1)[:, 0]
    return np.where(fundamental < LOW_TOP, (summed[:, -1] - below) / power, 0.0)


def straightness(spectra: Line, first: NDArray[np.intp]) -> Floats:
    """Return how much of the variance of each row's logarithm, from its bin ``first`` on, a line over log frequency explains."""
    level = np.log(np.maximum(spectra, np.float32(_NOTHING))).astype(np.float64)
    place = np.log(np.maximum(np.arange(spectra.shape[1]), 0.5))
    explained = np.ones(spectra.shape[0])
    for row, begin in enumerate(np.minimum(first, spectra.shape[1] - 2).tolist()):
        height = level[row, begin:] - level[row, begin:].mean()
        along = place[begin:] - place[begin:].mean()
        variance = np.dot(height, height)
        if variance > 0.0:
            explained[row] = np.dot(along, height) ** 2 / (np.dot(along, along) * variance)
    return explained


def _spectra(line: Line, begins: Places, ends: Places) -> Line:
    """Return the summed power spectrum of each event ``[shape=(events, FRAME // 2 + 1)]``."""
    from scipy import fft  # noqa: PLC0415 - half a second that listing the features must not cost

    hop = FRAME - FRAME // OVERLAP
    frames = [
        (event, start, min(start + FRAME, end))
        for event, (begin, end) in enumerate(zip(begins.tolist(), ends.tolist(), strict=True))
        for start in range(begin, max(end - FRAME, begin) + 1, hop)
    ]
    spectra = np.zeros((begins.shape[0], FRAME // 2 + 1))
    for first in range(0, len(frames), _TOGETHER):
        together = frames[first : first + _TOGETHER]
        windowed = np.zeros((len(together), FRAME))
        for row, (_, start, stop) in zip(windowed, together, strict=True):
            frame = stretch(line, start, stop)
            np.multiply(frame - frame.mean(), _tukey(stop - start), out=row[: stop - start])
        made = fft.rfft(windowed, axis=1)
        power = made.real**2 + made.imag**2
        for row, (event, _, _) in zip(power, together, strict=True):
            spectra[event] += row
    spectra[:, 1:-1] *= 2.0
    return spectra.astype(np.float32)


@lru_cache(maxsize=8)
def _tukey(length: int) -> Floats:
    """Return a periodic Tukey window of ``length`` samples."""
    place = np.arange(length) / (0.5 * TAPER * length)
    edge = np.minimum(np.minimum(place, 2.0 / TAPER - place), 1.0)
    return 0.5 - 0.5 * np.cos(np.pi * edge)
