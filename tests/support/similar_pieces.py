"""Short pieces whose copies, shifted or faster, are played anew: what relates them is known exactly."""

from pathlib import Path

import numpy as np

from small_dataset_audio.dataset.layout import Track
from support.signals import Signal, write_audio

RATE = 11025
_BEAT = 0.25


def melody(seed: int, seconds: float = 28.0, *, semitones: float = 0.0, faster: float = 1.0) -> Signal:
    """Return a piece for two voices, the same notes for the same seed ``[shape=(1, n)]``.

    Args:
        seed: draws the notes, all of C minor, at 240 notes a minute.
        seconds: how long it lasts at its own tempo.
        semitones: how much higher it is played.
        faster: how many times faster.
    """
    generator = np.random.default_rng(seed)
    scale = np.array([0, 2, 3, 5, 7, 8, 10])
    length = round(seconds / faster * RATE)
    wave = np.zeros(length)
    for octave in (60, 72):
        for step in range(int(seconds / _BEAT)):
            pitch = octave + int(generator.choice(scale)) + semitones
            held = int(generator.integers(1, 4))
            if generator.random() < 0.3:
                continue
            start = round(step * _BEAT / faster * RATE)
            n = min(round(held * _BEAT / faster * RATE), length - start)
            t = np.arange(n) / RATE
            hertz = 440 * 2 ** ((pitch - 69) / 12)
            partials = sum(np.sin(2 * np.pi * k * hertz * t) / k for k in (1, 2, 3))
            wave[start : start + n] += 0.1 * partials * np.minimum(1, 100 * t) * np.exp(-4 * t)
    return wave[None].astype(np.float32)


def piece(library: Path, name: str, samples: Signal, *, rate: int = RATE, subtype: str = "PCM_16") -> Track:
    """Return a new track with this recording."""
    folder = library / name
    folder.mkdir(parents=True)
    write_audio(folder / "full_mix.flac", samples, rate, subtype)
    return Track(folder)
