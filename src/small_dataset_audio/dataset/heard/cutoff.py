"""The frequency above which a recording holds nothing because a filter or an encoder took it away.

Dark music fades towards high frequencies; an encoder, or a lower sample rate, ends it like a wall: tens of decibels within a
few per cent of the frequency. The wall is the evidence, not the lack of treble.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.fft import next_fast_len, rfft

from small_dataset_audio.audio.clip import Samples
from small_dataset_audio.audio.spool import give_back

_WINDOW_SECONDS: Final = 0.093
"""4096 samples at 44.1 kHz."""
_FRAMES: Final = 240
"""Frames that are looked at, evenly spread."""
_LOUD: Final = 0.9
"""Quantile over time: the spectrum where it is nearly at its fullest, so that one cymbal stroke in ten is enough."""
_LOWEST_HZ: Final = 3000.0
_HIGHEST: Final = 0.965
"""Share of the Nyquist frequency up to which a wall is looked for: above it lies that of the recording itself."""
_STEP: Final = 1.005
_GAP: Final = 0.03
"""The wall lies within so much of its frequency, on both sides."""
_SPAN: Final = 0.06
"""So much of the frequency is looked at below the wall."""
_LEAST_DROP_DB: Final = 30.0
"""Twice what a filter of 96 dB per octave does over that distance."""
_TREND: Final = 2.5
"""The wall falls so many times further than the spectrum falls over the same distance just below it."""
_FLOOR_DB: Final = -160.0


@dataclass(frozen=True)
class Wall:
    """Where the spectrum ends.

    Attributes:
        hertz: the frequency.
        drop_db: by how much it falls there.
    """

    hertz: float
    drop_db: float


def wall(samples: Samples, rate: int) -> Wall | None:
    """Return where the spectrum of a recording ``[shape=(channels, n)]`` ends like a wall; None where it does not."""
    size = next_fast_len(round(_WINDOW_SECONDS * rate), real=True)
    if samples.shape[1] < 2 * size:
        return None
    spectrum = _spectrum(samples, size)
    nyquist = rate / 2
    steps = max(0, int(np.log(max(_HIGHEST * nyquist / _LOWEST_HZ, 1)) / np.log(_STEP)))
    places = _LOWEST_HZ * _STEP ** np.arange(steps)
    drops = np.array([_drop(spectrum, hertz / nyquist) for hertz in places])
    if not drops.any():
        return None
    best = int(drops.argmax())
    return Wall(_edge(spectrum, places[best] / nyquist) * nyquist, float(drops[best]))


def _spectrum(samples: Samples, size: int) -> NDArray[np.float64]:
    """Return the loud spectrum in dB ``[shape=(bins,)]``: channels added as power."""
    starts = np.unique(np.linspace(0, samples.shape[1] - size, _FRAMES).round().astype(int))
    window = np.hanning(size).astype(np.float32)
    power = np.zeros((len(starts), size // 2 + 1), dtype=np.float32)
    for row in samples:
        bins = rfft(np.stack([row[start : start + size] for start in starts]) * window, axis=1)
        power += bins.real**2 + bins.imag**2
        give_back(row)
    loud = np.quantile(power, _LOUD, axis=0)
    return np.asarray(10 * np.log10(np.maximum(loud, 10 ** (_FLOOR_DB / 10))))


def _drop(spectrum: NDArray[np.float64], place: float) -> float:
    """Return by how many dB the spectrum falls at a share of the Nyquist frequency; 0 if that is no wall."""
    below, above = _sides(spectrum, place)
    before = _level(spectrum, place * (1 - 3 * _GAP - 2 * _SPAN), place * (1 - 3 * _GAP - _SPAN), 0.25)
    drop = below - above
    return drop if drop >= max(_LEAST_DROP_DB, _TREND * (before - below)) else 0.0


def _sides(spectrum: NDArray[np.float64], place: float) -> tuple[float, float]:
    """Return the levels below and above a share of the Nyquist frequency, in dB."""
    # Between the partials of a lone voice there is nothing below its highest partial either: hence a low quantile there.
    below = _level(spectrum, place * (1 - _GAP - _SPAN), place * (1 - _GAP), 0.25)
    return below, _level(spectrum, place * (1 + _GAP), 1.0, 0.95)


def _level(spectrum: NDArray[np.float64], low: float, high: float, quantile: float) -> float:
    last = len(spectrum) - 1
    part = spectrum[round(low * last) : max(round(min(high, 1.0) * last), round(low * last) + 1)]
    return float(np.quantile(part, quantile))


def _edge(spectrum: NDArray[np.float64], place: float) -> float:
    """Return the share of the Nyquist frequency at which the spectrum is halfway down the wall near ``place``."""
    last = len(spectrum) - 1
    first = round(place * (1 - _GAP - _SPAN) * last)
    part = spectrum[first : round(place * (1 + _GAP) * last) + 1]
    return float((first + np.flatnonzero(part >= np.mean(_sides(spectrum, place)))[-1]) / last)
