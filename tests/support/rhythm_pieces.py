"""Small pieces of music whose beats, bars and onsets are known."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from support.signals import Signal

Times = NDArray[np.float64]
RATE = 22050

KICK, SNARE, HAT = "kick", "snare", "hat"
Pattern = dict[str, Sequence[float]]
"""Instrument -> places in a bar, in beats."""

ROCK: Pattern = {KICK: (0, 2, 2.5), SNARE: (1, 3), HAT: tuple(np.arange(0, 4, 0.5))}
SWING: Pattern = {HAT: (0, 1, 5 / 3, 2, 3, 11 / 3), KICK: (0, 2), SNARE: (1, 3)}
WALTZ: Pattern = {KICK: (0,), SNARE: (1, 2), HAT: (0, 1, 2)}
HOUSE: Pattern = {KICK: (0, 1, 2, 3), HAT: (0.5, 1.5, 2.5, 3.5), SNARE: (1, 3)}
SLOW_SIX: Pattern = {HAT: tuple(np.arange(0, 2, 1 / 3)), KICK: (0,), SNARE: (1,)}


@dataclass(frozen=True)
class Piece:
    """A piece and its truth; times in seconds."""

    samples: Signal
    beats: Times
    downbeats: Times
    onsets: Times


def beat_times(count: int, bpm: float, end_bpm: float | None = None, human: float = 0.0, seed: int = 0) -> Times:
    """Return ``count`` beats from 0.2 s on: steady, or gliding to ``end_bpm``, with a tempo that wanders by ``human``."""
    generator = np.random.default_rng(seed)
    tempo = np.geomspace(bpm, end_bpm or bpm, count - 1)
    wander = np.cumsum(generator.normal(0.0, human, count - 1))
    wander -= np.linspace(0.0, wander[-1], count - 1)
    return 0.2 + np.concatenate(([0.0], np.cumsum(60.0 / tempo * np.exp(wander))))


def _hit(instrument: str, rate: int, generator: np.random.Generator) -> NDArray[np.float64]:
    t = np.arange(int(0.2 * rate)) / rate
    hiss = generator.standard_normal(t.size)
    if instrument == KICK:
        return np.asarray(0.9 * np.exp(-t / 0.06) * np.sin(2 * np.pi * (50 * t + 4 * (1 - np.exp(-t / 0.02)))))
    if instrument == SNARE:
        return np.asarray(0.5 * np.exp(-t / 0.04) * (0.6 * hiss + np.sin(2 * np.pi * 190 * t)))
    return np.asarray(0.25 * np.exp(-t / 0.015) * np.diff(hiss, prepend=0.0))


def _add(wave: NDArray[np.float64], sound: NDArray[np.float64], start: int) -> None:
    stop = min(wave.size, start + sound.size)
    if 0 <= start < stop:
        wave[start:stop] += sound[: stop - start]


def drums(pattern: Pattern, beats: Times, per_bar: int = 4, rate: int = RATE, jitter: float = 0.0) -> Piece:
    """Return a drummer who plays ``pattern`` in every bar; ``jitter`` is the standard deviation of the hits in seconds."""
    generator = np.random.default_rng(1)
    index = np.arange(beats.size)
    wave = np.zeros(int((beats[-1] + 1.0) * rate))
    onsets = []
    for bar in range(0, beats.size - per_bar + 1, per_bar):
        for instrument, places in pattern.items():
            for place in places:
                moment = float(np.interp(bar + place, index, beats)) + generator.normal(0.0, jitter)
                onsets.append(moment)
                _add(wave, _hit(instrument, rate, generator), round(moment * rate))
    whole = beats[: beats.size - beats.size % per_bar]
    samples = (0.5 * wave / np.abs(wave).max()).astype(np.float32)[np.newaxis]
    return Piece(samples, whole, whole[::per_bar], np.unique(np.round(onsets, 4)))


def _note(midi: float, seconds: float, rate: int) -> NDArray[np.float64]:
    t = np.arange(int(seconds * rate)) / rate
    frequency = 440.0 * 2.0 ** ((midi - 69.0) / 12.0)
    partials = sum(np.sin(2 * np.pi * k * frequency * t) / k for k in range(1, 7) if k * frequency < rate / 2)
    return np.asarray(partials * np.exp(-t / 0.5) * np.minimum(1.0, (seconds - t) / 0.02))


def piano(beats: Times, per_bar: int = 4, rate: int = RATE, jitter: float = 0.0) -> Piece:
    """Return a pianist without a drummer: bass and chord on the first beat of a bar, broken chords in eighths above."""
    generator = np.random.default_rng(2)
    index = np.arange(beats.size)
    wave = np.zeros(int((beats[-1] + 1.0) * rate))
    onsets = []
    roots = (48, 45, 41, 43)
    for bar in range(beats.size // per_bar):
        root = roots[bar % len(roots)]
        for half in range(2 * per_bar):
            place = bar * per_bar + half / 2
            moment = float(np.interp(place, index, beats)) + generator.normal(0.0, jitter)
            onsets.append(moment)
            tones = [root, root + 12, root + 16, root + 19] if half == 0 else [root + (12, 16, 19, 16)[half % 4]]
            strength = 1.0 if half == 0 else 0.7 if half % 2 == 0 else 0.45
            for tone in tones:
                _add(wave, strength * _note(tone, 0.6, rate), round(moment * rate))
    whole = beats[: beats.size - beats.size % per_bar]
    samples = (0.5 * wave / np.abs(wave).max()).astype(np.float32)[np.newaxis]
    return Piece(samples, whole, whole[::per_bar], np.array(onsets))


def events(moments: Times, seconds: float, rate: int = RATE, seed: int = 3) -> Signal:
    """Return tones and knocks of random pitch and strength at ``moments`` ``[shape=(1, n)]``."""
    generator = np.random.default_rng(seed)
    wave = np.zeros(int(seconds * rate))
    t = np.arange(int(0.15 * rate)) / rate
    for moment in moments:
        pitch = np.sin(2 * np.pi * generator.uniform(150.0, 2000.0) * t)
        colour = pitch if generator.random() < 0.5 else generator.standard_normal(t.size)
        _add(wave, generator.uniform(0.2, 1.0) * np.exp(-t / 0.04) * colour, round(float(moment) * rate))
    return (0.2 * wave).astype(np.float32)[np.newaxis]
