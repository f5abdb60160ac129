"""Thirty sounds made by rule, as different as instruments and mixes are, for comparing timbral models with a reference.

Every one is the same to the last bit but one on every machine: the noise comes from NumPy's legacy generator, whose stream
is frozen. All are at 44.1 kHz, where the reference neither resamples nor refuses.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import signal

RATE: Final = 44100

Wave = NDArray[np.float64]


def clock(seconds: float) -> Wave:
    """Return the time of each sample ``[shape=(n,)]``."""
    return np.arange(round(seconds * RATE)) / RATE


def hiss(seconds: float, seed: int) -> Wave:
    """Return white Gaussian noise with an RMS of 1 ``[shape=(n,)]``."""
    return np.asarray(np.random.RandomState(seed).standard_normal(round(seconds * RATE)))


def coloured(seconds: float, seed: int, slope_db: float) -> Wave:
    """Return Gaussian noise whose spectrum changes by ``slope_db`` per octave above 20 Hz ``[shape=(n,)]``."""
    spectrum = np.fft.rfft(hiss(seconds, seed))
    frequencies = np.fft.rfftfreq(round(seconds * RATE), 1 / RATE)
    spectrum *= (np.maximum(frequencies, 20.0) / 20.0) ** (slope_db / 6.0206)
    spectrum[frequencies < 20.0] = 0.0
    return np.asarray(np.fft.irfft(spectrum, round(seconds * RATE)))


def band(wave: Wave, low: float, high: float, order: int = 2) -> Wave:
    """Return ``wave`` between two frequencies in Hz."""
    return np.asarray(signal.sosfilt(signal.butter(order, [low, high], "band", fs=RATE, output="sos"), wave))


def partials(seconds: float, fundamental: float, strengths: Wave, decay: float = np.inf, stretch: float = 0.0) -> Wave:
    """Return harmonics that fall off with time, the higher the faster ``[shape=(n,)]``; ``stretch`` makes them inharmonic."""
    t = clock(seconds)
    wave = np.zeros_like(t)
    for i, strength in enumerate(strengths, 1):
        frequency = fundamental * i * np.sqrt(1.0 + stretch * i * i)
        if frequency < 0.45 * RATE:
            wave += strength * np.sin(2 * np.pi * frequency * t + i * i) * np.exp(-t * np.sqrt(i) / decay)
    return wave


def saw(seconds: float, fundamental: float) -> Wave:
    """Return a band-limited sawtooth ``[shape=(n,)]``."""
    return partials(seconds, fundamental, 1.0 / np.arange(1, int(0.45 * RATE / fundamental) + 1))


def placed(seconds: float, times: Wave | list[float], notes: list[Wave]) -> Wave:
    """Return ``notes`` in turn, one at each of ``times`` in seconds ``[shape=(n,)]``."""
    wave = np.zeros(round(seconds * RATE))
    for i, time in enumerate(times):
        start = round(time * RATE)
        note = notes[i % len(notes)][: wave.shape[0] - start]
        wave[start : start + note.shape[0]] += note
    return wave


def faded(wave: Wave, attack: float, release: float) -> Wave:
    """Return ``wave`` with raised-cosine flanks of ``attack`` and ``release`` seconds."""
    out = wave.copy()
    up, down = round(attack * RATE), round(release * RATE)
    out[:up] *= 0.5 - 0.5 * np.cos(np.pi * np.arange(up) / up)
    out[out.shape[0] - down :] *= 0.5 + 0.5 * np.cos(np.pi * np.arange(down) / down)
    return out


def in_a_room(dry: Wave, reverberation_time: float, wet: float, seed: int) -> Wave:
    """Return ``dry`` with an exponentially decaying noise tail (60 dB in ``reverberation_time`` seconds)."""
    t = clock(1.5 * reverberation_time)
    tail = hiss(1.5 * reverberation_time, seed) * 10.0 ** (-3.0 * t / reverberation_time)
    tail /= np.sqrt(np.sum(tail**2))
    return np.asarray(dry + wet * signal.fftconvolve(dry, tail)[: dry.shape[0]])


def kick(depth: float = 50.0) -> Wave:
    """Return a bass drum: a sine that falls to ``depth`` Hz ``[shape=(n,)]``."""
    t = clock(0.5)
    sweep = 2 * np.pi * (depth * t + 4.0 * (1.0 - np.exp(-t / 0.03)))
    return np.asarray(np.sin(sweep) * np.exp(-t / 0.12))


def snare(seed: int = 5) -> Wave:
    """Return a snare drum ``[shape=(n,)]``."""
    t = clock(0.3)
    return 0.5 * np.sin(2 * np.pi * 190 * t) * np.exp(-t / 0.05) + 0.4 * hiss(0.3, seed) * np.exp(-t / 0.07)


def hat(seed: int = 6) -> Wave:
    """Return a closed hi-hat ``[shape=(n,)]``."""
    return band(hiss(0.12, seed), 6000, 16000) * np.exp(-clock(0.12) / 0.03)


def drums(seconds: float, beat: float = 0.5) -> Wave:
    """Return bass drum, snare and hi-hat in 4/4 ``[shape=(n,)]``."""
    beats = np.arange(0.05, seconds, beat)
    wave = placed(seconds, beats[::2], [kick()]) + placed(seconds, beats[1::2], [snare()])
    return wave + 0.4 * placed(seconds, np.arange(0.05, seconds, beat / 2), [hat()])


def plucked(fundamental: float, seconds: float = 1.2) -> Wave:
    """Return a plucked string ``[shape=(n,)]``."""
    strengths = np.array([np.sin(np.pi * i * 0.2) / i for i in range(1, 40)])
    return faded(partials(seconds, fundamental, strengths, 0.6, 2e-5), 0.002, 0.05)


def chord(seconds: float, fundamentals: tuple[float, ...], harmonics: int = 8) -> Wave:
    """Return sustained notes with falling harmonics ``[shape=(n,)]``."""
    strengths = 1.0 / np.arange(1, harmonics + 1) ** 1.3
    notes: list[Wave] = [partials(seconds, f, np.asarray(strengths)) for f in fundamentals]
    return np.asarray(np.sum(notes, axis=0))


def spoken(seconds: float, seed: int) -> Wave:
    """Return syllables: pulses through two formants, with pauses ``[shape=(n,)]``."""
    t = clock(seconds)
    pitch = np.cumsum(120 + 15 * np.sin(2 * np.pi * 0.7 * t)) / RATE
    pulses = np.diff(np.floor(pitch), prepend=0.0) + 0.01 * hiss(seconds, seed)
    voice = band(pulses, 500, 900) + 0.5 * band(pulses, 1100, 1700) + 0.2 * band(pulses, 2300, 3200)
    gate = np.clip(4.0 * np.sin(2 * np.pi * 2.3 * t), 0.0, 1.0)
    return np.asarray(voice * signal.lfilter([0.02], [1.0, -0.98], gate))


def tune(seconds: float) -> Wave:
    """Return a melody of plucked strings ``[shape=(n,)]``."""
    notes = [plucked(220.0 * 2 ** (k / 12)) for k in (0, 3, 7, 12, 10, 7, 5, 3)]
    return placed(seconds, np.arange(0.1, seconds, 0.3), notes)


def band_playing(seconds: float) -> Wave:
    """Return drums, bass, chords and tune together ``[shape=(n,)]``."""
    bass = placed(
        seconds, np.arange(0.05, seconds, 0.25), [faded(saw(0.24, f), 0.005, 0.05) for f in (55.0, 55.0, 65.4, 49.0)]
    )
    return (
        drums(seconds) + 0.3 * band(bass, 30, 500) + 0.08 * chord(seconds, (220.0, 261.6, 329.6)) + 0.2 * tune(seconds)
    )


def wide(seconds: float) -> Wave:
    """Return a mix with strings to the left, keys to the right and noise that is in neither middle ``[shape=(2, n)]``."""
    middle = band_playing(seconds)
    left, right = 0.25 * tune(seconds), 0.1 * chord(seconds, (440.0, 523.3))
    air = 0.01 * coloured(seconds, 31, -3.0)
    return np.stack([middle + left + air, middle + right - air])


def _sounds() -> dict[str, Callable[[], Wave]]:
    t3 = clock(3.0)
    return {
        "white noise": lambda: hiss(3.0, 1),
        "pink noise": lambda: coloured(3.0, 2, -3.0),
        "red noise": lambda: coloured(3.0, 3, -6.0),
        "blue noise": lambda: coloured(3.0, 4, 3.0),
        "low sine": lambda: np.sin(2 * np.pi * 60.0 * t3),
        "sine": lambda: faded(np.sin(2 * np.pi * 440.0 * t3), 0.05, 0.1),
        "high sine": lambda: faded(np.sin(2 * np.pi * 4000.0 * t3), 0.01, 0.1),
        "sawtooth": lambda: faded(saw(3.0, 110.0), 0.01, 0.2),
        "rough tone": lambda: (1.0 + np.cos(2 * np.pi * 70.0 * t3)) * np.sin(2 * np.pi * 1000.0 * t3),
        "sweep": lambda: np.asarray(signal.chirp(t3, 40.0, 3.0, 12000.0, "logarithmic")),
        "cluster": lambda: chord(3.0, (220.0, 233.1, 246.9, 261.6), 12),
        "pad": lambda: faded(chord(5.0, (110.0, 164.8, 220.0, 277.2)), 1.5, 1.5),
        "organ": lambda: placed(
            5.0, np.arange(0.0, 5.0, 1.0), [faded(chord(0.95, (f, 2 * f, 4 * f), 6), 0.02, 0.05) for f in (130.8, 174.6, 196.0)]
        ),
        "tune": lambda: tune(5.0),
        "bells": lambda: placed(5.0, np.arange(0.2, 5.0, 0.8), [partials(2.5, f, np.ones(7), 0.9, 0.3) for f in (520.0, 660.0)]),
        "marimba": lambda: placed(
            4.0, np.arange(0.1, 4.0, 0.21), [partials(0.5, f, np.array([1, 0, 0, 0.3, 0, 0, 0, 0, 0.1]), 0.12) for f in (196.0, 262.0, 330.0)]
        ),
        "clicks": lambda: placed(4.0, np.arange(0.2, 4.0, 0.4), [np.exp(-clock(0.01) / 0.0005) * np.cos(2 * np.pi * 3000 * clock(0.01))]),
        "kicks": lambda: placed(5.0, np.arange(0.1, 5.0, 0.5), [kick()]),
        "one kick": lambda: placed(1.0, [0.05], [kick(45.0)]),
        "one snare": lambda: placed(0.8, [0.02], [snare(7)]),
        "hats": lambda: placed(4.0, np.arange(0.1, 4.0, 0.15), [hat(8), 0.5 * hat(9)]),
        "drums": lambda: drums(6.0),
        "drums in a room": lambda: in_a_room(drums(6.0), 0.9, 0.7, 10),
        "drums in a hall": lambda: in_a_room(drums(6.0, 1.0), 2.2, 1.5, 11),
        "bass": lambda: band(placed(5.0, np.arange(0.05, 5.0, 0.4), [faded(saw(0.38, f), 0.01, 0.05) for f in (41.2, 55.0, 49.0)]), 30, 400),
        "distorted guitar": lambda: np.tanh(
            6.0 * placed(5.0, np.arange(0.05, 5.0, 0.5), [plucked(f, 0.5) + plucked(1.5 * f, 0.5) for f in (82.4, 98.0, 110.0)])
        ),
        "voice": lambda: spoken(5.0, 12),
        "voice in a room": lambda: in_a_room(spoken(5.0, 12), 0.6, 0.8, 13),
        "band": lambda: band_playing(8.0),
        "wide band": lambda: wide(6.0),
    }  # fmt: skip


SOUNDS: Final = _sounds()
"""Name -> maker of the sound."""


def make(name: str) -> NDArray[np.float32]:
    """Return the sound ``name``, its peak at 0.7 ``[shape=(channels, n)]``."""
    wave = np.atleast_2d(SOUNDS[name]())
    return np.asarray(0.7 * wave / np.abs(wave).max(), dtype=np.float32)
