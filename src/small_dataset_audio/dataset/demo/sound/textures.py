"""Sounds that are not played on the beat: the dust of a record, a rise before a drop, air."""

from dataclasses import dataclass

import numpy as np

from small_dataset_audio.dataset.demo.sound.synthesis import Signal, Stroke, attack, filtered, release


@dataclass(frozen=True)
class Vinyl:
    """The surface of a worn record: a soft hiss and ``crackles`` clicks in a second."""

    crackles: float = 9.0
    hiss: float = 0.006

    def __call__(self, stroke: Stroke) -> Signal:
        """Return the surface noise for as long as the stroke lasts, stereo."""
        length = stroke.samples(stroke.seconds)
        hiss = np.stack([filtered(stroke.noise(length), "lowpass", 5200.0, stroke.rate, order=1) for _ in range(2)])
        dust = np.zeros((2, length))
        count = int(self.crackles * stroke.seconds)
        places = stroke.random.integers(0, length, count)
        sizes = 0.12 * stroke.random.exponential(1.0, count) * stroke.random.choice([-1.0, 1.0], count)
        sides = stroke.random.random(count)
        dust[0, places] = sizes * sides
        dust[1, places] = sizes * (1 - sides)
        crackle = filtered(dust, "bandpass", (900.0, 6500.0), stroke.rate, order=1)
        return attack(stroke.strength * (self.hiss * hiss + crackle), stroke.rate, 0.3)


@dataclass(frozen=True)
class Rise:
    """Noise that grows and gets brighter until the stroke ends."""

    def __call__(self, stroke: Stroke) -> Signal:
        """Return the rise, stereo."""
        length = stroke.samples(stroke.seconds)
        grown = np.linspace(0.0, 1.0, length)
        noise = stroke.random.standard_normal((2, length))
        dark = filtered(noise, "bandpass", (300.0, 1500.0), stroke.rate, order=1)
        bright = filtered(noise, "highpass", 4000.0, stroke.rate)
        sound = stroke.strength * grown**2 * ((1 - grown) * dark + grown * bright)
        return release(sound, stroke.rate, stroke.seconds - 0.01, 0.01)


@dataclass(frozen=True)
class Air:
    """A slow breath of filtered noise."""

    def __call__(self, stroke: Stroke) -> Signal:
        """Return the breath, stereo."""
        length = stroke.samples(stroke.seconds)
        noise = stroke.random.standard_normal((2, length))
        breath = 0.5 - 0.5 * np.cos(2 * np.pi * 3 * np.linspace(0.0, 1.0, length))
        return stroke.strength * breath * filtered(noise, "bandpass", (350.0, 1400.0), stroke.rate, order=1)
