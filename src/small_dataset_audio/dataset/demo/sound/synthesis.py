"""The raw materials of the instruments: damped partials, sawtooth waves, noise bands, envelopes.

Everything is causal: a sound never starts before the sample it is asked for, so that the true onset times are exact.
"""

from dataclasses import dataclass
from typing import Final, Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import signal

Signal = NDArray[np.float64]
"""Audio ``[shape=(n,)]`` (mono) or ``[shape=(2, n)]`` (stereo)."""

_SIXTY_DB: Final = float(np.log(1000.0))
"""Decay times are to -60 dB, as for reverberation (ISO 3382)."""

_INAUDIBLE: Final = 100 / 60
"""Decay times after which a damped partial has fallen by 100 dB and is no longer computed."""


@dataclass(frozen=True)
class Stroke:
    """What an instrument is asked to play.

    Attributes:
        frequency: Hz; 0 where the instrument has no pitch.
        seconds: how long the key is held; the sound may ring on.
        strength: how hard, 0-1.
        rate: samples per second.
        random: where the instrument draws its noise from.
    """

    frequency: float
    seconds: float
    strength: float
    rate: int
    random: np.random.Generator

    def samples(self, seconds: float) -> int:
        """Return how many samples ``seconds`` are."""
        return round(seconds * self.rate)

    def noise(self, length: int) -> Signal:
        """Return white noise with unit variance ``[shape=(length,)]``."""
        return self.random.standard_normal(length)


class Instrument(Protocol):
    """Anything that turns a stroke into sound, mono ``[shape=(n,)]`` or stereo ``[shape=(2, n)]``."""

    def __call__(self, stroke: Stroke) -> Signal:
        """Return the sound of one note or hit, attack at sample 0."""
        ...


def times(length: int, rate: int) -> Signal:
    """Return the time of each sample in seconds ``[shape=(length,)]``."""
    return np.arange(length) / rate


def decay(length: int, rate: int, seconds: float) -> Signal:
    """Return an envelope that falls from 1 by 60 dB in ``seconds`` ``[shape=(length,)]``."""
    return np.exp(times(length, rate) * (-_SIXTY_DB / seconds))


def attack(sound: Signal, rate: int, seconds: float) -> Signal:
    """Return ``sound`` with a start that rises smoothly (raised cosine) over ``seconds``."""
    length = min(round(seconds * rate), sound.shape[-1])
    shaped = sound.copy()
    shaped[..., :length] *= 0.5 - 0.5 * np.cos(np.pi * np.arange(length) / max(length, 1))
    return shaped


def release(sound: Signal, rate: int, held: float, seconds: float) -> Signal:
    """Return ``sound`` cut ``seconds`` after ``held`` seconds, faded (raised cosine) in between."""
    start = min(round(held * rate), sound.shape[-1])
    length = min(round(seconds * rate), sound.shape[-1] - start)
    shaped = sound[..., : start + length].copy()
    shaped[..., start:] *= 0.5 + 0.5 * np.cos(np.pi * (np.arange(length) + 1) / max(length, 1))
    return shaped


def partials(frequencies: Signal, levels: Signal, decays: Signal, length: int, rate: int) -> Signal:
    """Return the sum of exponentially damped sines ``[shape=(length,)]``; partials above 0.45 of the rate are left out.

    Each partial is a geometric series of complex numbers, z^(rB + c) = (z^B)^r · z^c, so that two short rows of powers
    and their outer product replace one sine per sample.

    Args:
        frequencies: Hz ``[shape=(partials,)]``.
        levels: amplitudes ``[shape=(partials,)]``.
        decays: seconds to -60 dB ``[shape=(partials,)]``; a partial ends when it has fallen by 100 dB.
        length: samples.
        rate: samples per second.
    """
    audible = frequencies < 0.45 * rate
    exponents = (-_SIXTY_DB / decays[audible] + 2j * np.pi * frequencies[audible]) / rate
    block = int(np.sqrt(length)) + 1
    steps = np.arange(block)
    rows = levels[audible, None] * np.exp(exponents[:, None] * (block * steps))
    columns = np.exp(exponents[:, None] * steps)
    total = np.zeros((block, block))
    audible_rows = (_INAUDIBLE * rate / block * decays[audible]).astype(int) + 2
    for row, column, heard in zip(rows, columns, audible_rows, strict=True):
        total[:heard] += row.imag[:heard, None] * column.real
        total[:heard] += row.real[:heard, None] * column.imag
    return total.ravel()[:length]


def harmonics(frequency: float, count: int, *, stretch: float = 0.0) -> Signal:
    """Return the frequencies of a string's partials in Hz ``[shape=(count,)]``.

    Args:
        frequency: of the fundamental, Hz.
        count: how many.
        stretch: inharmonicity B in f_k = k f sqrt(1 + B k²) (Fletcher, 1964).
    """
    numbers = np.arange(1, count + 1, dtype=np.float64)
    return frequency * numbers * np.sqrt(1 + stretch * numbers**2)


def sawtooth(frequency: float, length: int, rate: int, phase: float) -> Signal:
    """Return a sawtooth wave with little aliasing ``[shape=(length,)]``, peak near 1.

    A differentiated parabolic wave (Välimäki, IEEE Signal Processing Letters 12(3), 2005).
    """
    ramp = phase + np.arange(-1, length) * (frequency / rate)
    ramp -= np.floor(ramp)
    ramp = 2 * ramp - 1
    return np.diff(ramp * ramp) * (rate / (4 * frequency))


def filtered(
    sound: Signal,
    kind: Literal["lowpass", "highpass", "bandpass"],
    edges: float | tuple[float, float],
    rate: int,
    order: int = 2,
) -> Signal:
    """Return ``sound`` through a causal Butterworth filter; edges in Hz."""
    passed: Signal = signal.sosfilt(signal.butter(order, edges, kind, fs=rate, output="sos"), sound)
    return passed


def mixed(*sounds: Signal) -> Signal:
    """Return the sum of mono sounds of different lengths, all starting together."""
    total = np.zeros(max(sound.shape[-1] for sound in sounds))
    for sound in sounds:
        total[: sound.shape[-1]] += sound
    return total
