"""Drums and cymbals, in the manner of drum machines: swept sines, damped modes and bands of noise."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from small_dataset_audio.dataset.demo.sound.synthesis import (
    Signal,
    Stroke,
    attack,
    decay,
    filtered,
    mixed,
    partials,
    release,
    times,
)

_HAT_HZ: Final = (2051.0, 3043.0, 3687.0, 5224.0, 5402.0, 8011.0)
"""Square waves of the metallic sound; no two are in a simple ratio, so no pitch is heard."""

_CYMBAL_SEED: Final = 1895
"""Fixes the modes of the ride and crash cymbals: the same instruments in every piece."""


@dataclass(frozen=True)
class Kick:
    """A bass drum: a sine that falls from ``top`` to ``low`` Hz, with a click of ``click`` and a ring of ``ring`` seconds."""

    low: float = 48.0
    top: float = 210.0
    fall: float = 0.028
    ring: float = 0.42
    click: float = 0.25
    drive: float = 1.6

    def __call__(self, stroke: Stroke) -> Signal:
        """Return one hit."""
        length = stroke.samples(self.ring)
        t = times(length, stroke.rate)
        phase = self.low * t + (self.top - self.low) * self.fall * (1 - np.exp(-t / self.fall))
        body = np.sin(2 * np.pi * phase) * decay(length, stroke.rate, 1.4 * self.ring)
        body = np.tanh(self.drive * body) / np.tanh(self.drive)
        tick = stroke.noise(stroke.samples(0.012)) * decay(stroke.samples(0.012), stroke.rate, 0.01)
        tick = filtered(tick, "bandpass", (1800.0, 7000.0), stroke.rate)
        sound = mixed(body, self.click * stroke.strength * tick)
        return release(stroke.strength * sound, stroke.rate, 0.7 * self.ring, 0.3 * self.ring)


@dataclass(frozen=True)
class Snare:
    """A snare drum: two modes of the skin and the rattle of the wires.

    Attributes:
        tone: lower mode in Hz.
        wires: level of the rattle.
        ring: seconds to -60 dB of the rattle.
        dull: upper edge of the rattle in Hz.
    """

    tone: float = 186.0
    wires: float = 0.55
    ring: float = 0.26
    dull: float = 11000.0

    def __call__(self, stroke: Stroke) -> Signal:
        """Return one hit; soft hits are darker."""
        length = stroke.samples(self.ring + 0.05)
        modes = np.array([self.tone, self.tone * 1.78])
        skin = partials(modes, np.array([0.8, 0.4]), np.array([0.22, 0.14]), length, stroke.rate)
        edge = self.dull * (0.4 + 0.6 * stroke.strength)
        rattle = filtered(stroke.noise(length), "bandpass", (900.0, edge), stroke.rate)
        rattle *= decay(length, stroke.rate, self.ring * (0.5 + 0.5 * stroke.strength))
        snap = filtered(stroke.noise(length), "highpass", 3500.0, stroke.rate) * decay(length, stroke.rate, 0.03)
        sound = skin + self.wires * rattle + 0.3 * stroke.strength * snap
        return release(stroke.strength * sound, stroke.rate, self.ring, 0.05)


@dataclass(frozen=True)
class Clap:
    """Hands: three quick bursts of a noise band and its tail. The first burst is the time of the hit."""

    ring: float = 0.28
    spread: float = 0.009

    def __call__(self, stroke: Stroke) -> Signal:
        """Return one clap."""
        length = stroke.samples(self.ring + 0.05)
        t = times(length, stroke.rate)
        envelope = 0.75 * decay(length, stroke.rate, self.ring)
        for burst in range(3):
            since = t - burst * self.spread
            envelope += np.where(since >= 0, np.exp(-np.maximum(since, 0) / 0.0035), 0.0)
        noise = stroke.noise(length)
        sound = filtered(noise, "bandpass", (850.0, 3400.0), stroke.rate)
        sound += 0.25 * filtered(noise, "highpass", 5000.0, stroke.rate)
        return release(stroke.strength * envelope * sound, stroke.rate, self.ring, 0.05)


@dataclass(frozen=True)
class Hat:
    """A hi-hat: square waves and noise above 7 kHz; ``ring`` seconds to -60 dB tell closed from open."""

    ring: float = 0.07
    edge: float = 7000.0

    def __call__(self, stroke: Stroke) -> Signal:
        """Return one hit."""
        length = stroke.samples(self.ring + 0.01)
        t = times(length, stroke.rate)
        offset = stroke.random.random()
        metal = np.sum([np.sign(np.sin(2 * np.pi * (f * t + offset))) for f in _HAT_HZ], axis=0) / len(_HAT_HZ)
        sound = filtered(metal + 0.5 * stroke.noise(length), "highpass", self.edge, stroke.rate, order=4)
        sound *= decay(length, stroke.rate, self.ring * (0.6 + 0.4 * stroke.strength))
        return release(stroke.strength * sound, stroke.rate, self.ring, 0.01)


@dataclass(frozen=True)
class Cymbal:
    """A ride or crash cymbal: many damped modes and a wash of noise.

    Attributes:
        ring: seconds to -60 dB of the lower modes.
        wash: level of the noise; high for a crash.
        bloom: seconds until the noise is at its loudest.
    """

    ring: float = 1.6
    wash: float = 0.2
    bloom: float = 0.001

    def __call__(self, stroke: Stroke) -> Signal:
        """Return one hit."""
        length = stroke.samples(self.ring)
        modes = np.random.default_rng(_CYMBAL_SEED)
        tones = np.sort(np.exp(modes.uniform(np.log(1900.0), np.log(15000.0), 36)))
        levels = modes.uniform(0.4, 1.0, 36) * (tones / 4000.0) ** -0.2 / 10
        decays = self.ring * (tones / 1900.0) ** -0.35 * modes.uniform(0.5, 1.0, 36)
        sound = partials(tones, levels, decays, length, stroke.rate)
        noise = filtered(stroke.noise(length), "highpass", 5500.0, stroke.rate) * decay(
            length, stroke.rate, 0.7 * self.ring
        )
        sound += self.wash * attack(noise, stroke.rate, self.bloom)
        tip = filtered(stroke.noise(stroke.samples(0.02)), "highpass", 3000.0, stroke.rate)
        sound = mixed(sound, 0.25 * tip * decay(tip.shape[0], stroke.rate, 0.015))
        return release(stroke.strength * sound, stroke.rate, 0.6 * self.ring, 0.4 * self.ring)


@dataclass(frozen=True)
class Brush:
    """A wire brush tapped on a snare drum."""

    ring: float = 0.16

    def __call__(self, stroke: Stroke) -> Signal:
        """Return one tap."""
        length = stroke.samples(self.ring + 0.03)
        wires = filtered(stroke.noise(length), "bandpass", (1400.0, 7500.0), stroke.rate) * decay(
            length, stroke.rate, self.ring
        )
        skin = partials(np.array([205.0]), np.array([0.35]), np.array([0.12]), length, stroke.rate)
        return release(attack(stroke.strength * (wires + skin), stroke.rate, 0.002), stroke.rate, self.ring, 0.03)
