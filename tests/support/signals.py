"""Signals whose features follow from their definition."""

from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

Signal = NDArray[np.float32]


def tone(
    seconds: float,
    rate: int = 44100,
    frequency: float = 440.0,
    peak: float = 0.5,
    channels: int = 1,
    phase: float = 0.0,
) -> Signal:
    """Return a sine ``[shape=(channels, n)]``, in phase in all channels."""
    t = np.arange(round(seconds * rate)) / rate
    wave = (peak * np.sin(2 * np.pi * frequency * t + phase)).astype(np.float32)
    return np.tile(wave, (channels, 1))


def silence(seconds: float, rate: int = 44100, channels: int = 1) -> Signal:
    """Return digital silence ``[shape=(channels, n)]``."""
    return np.zeros((channels, round(seconds * rate)), dtype=np.float32)


def noise(seconds: float, rate: int = 44100, rms: float = 0.1, channels: int = 1, seed: int = 0) -> Signal:
    """Return white Gaussian noise ``[shape=(channels, n)]``, independent in each channel."""
    generator = np.random.default_rng(seed)
    return (rms * generator.standard_normal((channels, round(seconds * rate)))).astype(np.float32)


def clicks(
    times: NDArray[np.float64], seconds: float, rate: int = 44100, peak: float = 0.8, channels: int = 1
) -> Signal:
    """Return short decaying 2 kHz bursts at ``times`` ``[shape=(channels, n)]``."""
    length = round(seconds * rate)
    wave = np.zeros(length, dtype=np.float32)
    t = np.arange(int(0.03 * rate)) / rate
    burst = (peak * np.exp(-t / 0.005) * np.sin(2 * np.pi * 2000 * t)).astype(np.float32)
    for time in times:
        start = round(float(time) * rate)
        if 0 <= start < length:
            stop = min(length, start + burst.shape[0])
            wave[start:stop] += burst[: stop - start]
    return np.tile(wave, (channels, 1))


def write_audio(path: Path, samples: Signal, rate: int = 44100, subtype: str | None = None) -> Path:
    """Write ``samples`` ``[shape=(channels, n)]`` in the format that the suffix of ``path`` names; return ``path``."""
    soundfile.write(path, samples.T, rate, subtype=subtype)
    return path
