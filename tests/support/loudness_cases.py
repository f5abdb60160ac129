"""The synthesisable signals of EBU Tech 3341 v4 and 3342 v4 (November 2023, table 1 of each)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from support.signals import Signal

Segments = tuple[tuple[float, float | None], ...]
"""(seconds, peak in dBFS of each channel, or None for silence), one after the other."""


@dataclass(frozen=True)
class Case:
    """One test signal and what a meter must say.

    Attributes:
        name: number in the document.
        segments: 1 kHz tones, in phase in all channels.
        expected: LUFS (3341) or LU (3342).
        offsets: level in dB of each channel against that of the segment.
    """

    name: str
    segments: Segments
    expected: float
    offsets: tuple[float, ...] = (0.0, 0.0)


INTEGRATED = (
    Case("3341-1", ((20.0, -23.0),), -23.0),
    Case("3341-2", ((20.0, -33.0),), -33.0),
    Case("3341-3", ((10.0, -36.0), (60.0, -23.0), (10.0, -36.0)), -23.0),
    Case("3341-4", ((10.0, -72.0), (10.0, -36.0), (60.0, -23.0), (10.0, -36.0), (10.0, -72.0)), -23.0),
    Case("3341-5", ((20.0, -26.0), (20.1, -20.0), (20.0, -26.0)), -23.0),
    Case("3341-6", ((20.0, 0.0),), -23.0, (-28.0, -28.0, -24.0, -30.0, -30.0)),
)
RANGES = (
    Case("3342-1", ((20.0, -20.0), (20.0, -30.0)), 10.0),
    Case("3342-2", ((20.0, -20.0), (20.0, -15.0)), 5.0),
    Case("3342-3", ((20.0, -40.0), (20.0, -20.0)), 20.0),
    Case("3342-4", ((20.0, -50.0), (20.0, -35.0), (20.0, -20.0), (20.0, -35.0), (20.0, -50.0)), 15.0),
)
SHORT_TERM_STEADY = Case("3341-9", ((1.34, -20.0), (1.66, -30.0)) * 5, -23.0)
MOMENTARY_STEADY = Case("3341-12", ((0.18, -20.0), (0.22, -30.0)) * 25, -23.0)
SHORT_TERM_PEAKS = tuple(Case(f"3341-10.{i}", ((0.15 * i, None), (3.0, -23.0), (1.0, None)), -23.0) for i in range(20))
MOMENTARY_PEAKS = tuple(Case(f"3341-13.{i}", ((0.02 * i, None), (0.4, -23.0), (1.0, None)), -23.0) for i in range(20))


def signal_of(case: Case, rate: int) -> Signal:
    """Return the signal of ``case`` ``[shape=(channels, n)]``."""
    edges = np.rint(np.cumsum([0.0, *(seconds for seconds, _ in case.segments)]) * rate).astype(int)
    second = np.sin(2 * np.pi * 1000 * np.arange(rate) / rate).astype(np.float32)
    wave = np.resize(second, edges[-1])  # whole periods in a second: the tone goes on without a break
    for (_, level), start, stop in zip(case.segments, edges[:-1], edges[1:], strict=True):
        wave[start:stop] *= np.float32(0.0 if level is None else 10 ** (level / 20))
    gains = 10 ** (np.array(case.offsets, dtype=np.float32) / 20)
    return np.asarray(gains[:, np.newaxis] * wave, dtype=np.float32)


TRUE_PEAK_TONES = (
    ("3341-15", 4, 0.50, 0.0, -6.0),
    ("3341-16", 4, 0.50, 45.0, -6.0),
    ("3341-17", 6, 0.50, 60.0, -6.0),
    ("3341-18", 8, 0.50, 67.5, -6.0),
    ("3341-19", 4, 1.41, 45.0, 3.0),
)
"""(name, sample rate over frequency, peak over full scale, phase in degrees, dBTP)."""


def true_peak_tone(divisor: int, peak: float, phase: float, rate: int) -> Signal:
    """Return one second of a tone at ``rate / divisor`` with fades of 10 ms ``[shape=(2, n)]``."""
    turns = np.arange(rate) / divisor + phase / 360
    wave = peak * np.sin(2 * np.pi * turns) * _fades(rate, round(0.01 * rate))
    return np.tile(wave.astype(np.float32), (2, 1))


def true_peak_burst(offset: int, rate: int) -> Signal:
    """Return the signal of 3341-20 to 23 (``offset`` 0 to 3) ``[shape=(2, n)]``.

    A tone at ``rate / 6`` of half scale whose middle period is one of ``rate / 4`` at full scale, phase-continuous; made
    at four times the rate, low-passed, and decimated from sample ``offset`` on.
    """
    fine = 4 * rate // 4  # a quarter of a second at four times the rate
    period = 24  # samples of one period of rate / 6
    before = (fine // 2) // period * period
    cycle = np.sin(2 * np.pi * np.arange(period) / period)
    wave = 0.5 * np.resize(cycle, fine)
    burst = np.sin(2 * np.pi * np.arange(16) / 16)
    wave = np.concatenate([wave[:before], burst, wave[before:-16]]) * _fades(fine, fine // 25)
    spectrum = np.fft.rfft(wave)
    place = np.arange(spectrum.shape[0]) / spectrum.shape[0]  # 1 is half of four times the rate
    spectrum *= np.clip((0.25 - place) / 0.02, 0.0, 1.0)
    return np.tile(np.fft.irfft(spectrum, fine)[offset::4].astype(np.float32), (2, 1))


def _fades(length: int, fade: int) -> NDArray[np.float64]:
    place = np.arange(length)
    return np.clip(np.minimum(place, length - 1 - place) / fade, 0.0, 1.0)
