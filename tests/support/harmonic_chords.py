"""Notes, chords and pieces whose pitch content is known."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.features.spectra import Spectra

Signal = NDArray[np.float32]

C4 = 60
"""MIDI number of middle C."""
MAJOR = (0, 4, 7)
MINOR = (0, 3, 7)


def hertz(note: float, cents: float = 0.0) -> float:
    """Return the frequency of a MIDI note, detuned by ``cents``."""
    return float(440.0 * 2.0 ** ((note - 69.0 + cents / 100.0) / 12.0))


def notes(
    midi: Iterable[float],
    seconds: float,
    rate: int = 22050,
    cents: float = 0.0,
    peak: float = 0.1,
    partials: Sequence[float] = (1.0,),
) -> Signal:
    """Return several notes at once ``[shape=(1, n)]``: per partial, its amplitude relative to the first."""
    t = np.arange(round(seconds * rate)) / rate
    wave = np.zeros(t.shape[0])
    for number, note in enumerate(midi):
        for index, amplitude in enumerate(partials):
            frequency = (index + 1) * hertz(note, cents)
            if frequency < rate / 2:
                wave += peak * amplitude * np.sin(2.0 * np.pi * frequency * t + 0.7 * number + index)
    return wave.astype(np.float32)[np.newaxis]


def progression(
    roots: Sequence[tuple[int, tuple[int, ...]]], seconds: float, rate: int = 22050, cents: float = 0.0
) -> Signal:
    """Return one chord after the other, each with its root in the bass, decaying harmonics and short fades."""
    parts = []
    for root, chord in roots:
        partials = tuple(0.6**k for k in range(6))
        part = notes([48 + root % 12 + step for step in chord], seconds, rate, cents, 0.1, partials)
        part += notes([36 + root % 12], seconds, rate, cents, 0.15, partials)
        fade = np.minimum(1.0, np.minimum(np.arange(part.shape[1]), np.arange(part.shape[1])[::-1]) / (0.01 * rate))
        parts.append(part * fade.astype(np.float32))
    return np.concatenate(parts, axis=1)


def cadence(tonic: int, scale: str, seconds: float = 1.0, rate: int = 22050, cents: float = 0.0) -> Signal:
    """Return I IV V I twice, in major or (with a major dominant) in minor ``[shape=(1, 8 * seconds * rate)]``."""
    home = MAJOR if scale == "major" else MINOR
    return progression([(tonic, home), (tonic + 5, home), (tonic + 7, MAJOR), (tonic, home)] * 2, seconds, rate, cents)


def spectra(samples: Signal, rate: int = 22050) -> Spectra:
    """Return the shared transforms of ``samples`` ``[shape=(channels, n)]``."""
    return Spectra(Clip(np.ascontiguousarray(samples, dtype=np.float32), rate))
