"""Keyboards, mallets, basses and pads: instruments with pitch that are not plucked strings.

Most are modal: a sum of damped partials whose high ones die first, which is what struck and plucked things do.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from small_dataset_audio.dataset.demo.sound.synthesis import (
    Signal,
    Stroke,
    attack,
    decay,
    filtered,
    harmonics,
    mixed,
    partials,
    release,
    sawtooth,
    times,
)

_MIDDLE_C_HZ: Final = 261.6
_CLICKLESS: Final = 0.0015
"""Seconds of attack that take the click out of a wave that starts anywhere."""


@dataclass(frozen=True)
class ElectricPiano:
    """Tine piano by frequency modulation (Chowning, 1973): a mellow body and a short bell-like tine on top."""

    body: float = 1.3
    tine: float = 0.22
    ring: float = 4.5

    def __call__(self, stroke: Stroke) -> Signal:
        """Return one note; harder strokes are brighter, not only louder."""
        high = stroke.frequency / _MIDDLE_C_HZ
        length = stroke.samples(stroke.seconds + 0.25)
        phase = 2 * np.pi * stroke.frequency * times(length, stroke.rate)
        index = self.body * (0.35 + stroke.strength) / (0.6 + 0.4 * high)
        bark = np.sin(phase + index * decay(length, stroke.rate, 1.6) * np.sin(phase))
        bell = np.sin(phase + 0.9 * decay(length, stroke.rate, 0.5) * np.sin(14.0 * phase))
        ring = self.ring / np.sqrt(max(high, 0.25))
        sound = bark * decay(length, stroke.rate, ring)
        sound += self.tine * stroke.strength * bell * decay(length, stroke.rate, 0.9)
        return release(attack(stroke.strength * sound, stroke.rate, _CLICKLESS), stroke.rate, stroke.seconds, 0.2)


@dataclass(frozen=True)
class Piano:
    """Acoustic piano: stretched partials, two strings a little apart, and the thump of the hammer."""

    count: int = 14

    def __call__(self, stroke: Stroke) -> Signal:
        """Return one note; the felt of the hammer takes the high partials out of soft ones."""
        high = stroke.frequency / _MIDDLE_C_HZ
        length = stroke.samples(stroke.seconds + 0.35)
        numbers = np.arange(1, self.count + 1)
        tones = harmonics(stroke.frequency, self.count, stretch=4e-4 * high)
        struck = np.abs(np.sin(np.pi * numbers / 8.0)) + 0.12
        levels = struck * np.exp(-numbers * (0.62 - 0.34 * stroke.strength) * (0.7 + 0.3 * high)) * 1.6
        decays = 6.0 / (high**0.55 * (1 + 0.28 * (numbers - 1)))
        strings = partials(tones, levels, decays, length, stroke.rate)
        strings += 0.6 * partials(tones * 1.0005, levels, decays * 1.7, length, stroke.rate)
        thump = stroke.noise(stroke.samples(0.05)) * decay(stroke.samples(0.05), stroke.rate, 0.04)
        sound = mixed(strings, 0.10 * stroke.strength * filtered(thump, "lowpass", 900.0, stroke.rate))
        return release(attack(stroke.strength * sound, stroke.rate, 0.001), stroke.rate, stroke.seconds, 0.3)


@dataclass(frozen=True)
class Bars:
    """Struck bars: vibraphone, or with other ratios a bell.

    Attributes:
        ratios: partials over the fundamental; a tuned vibraphone bar has 1, 4 and about 10.
        levels: their amplitudes at full strength.
        ring: seconds to -60 dB of the fundamental at middle C.
        soft: seconds of attack.
        pulse: tremolo in Hz (the rotating discs), 0 for none.
    """

    ratios: tuple[float, ...] = (1.0, 4.0, 9.9)
    levels: tuple[float, ...] = (1.0, 0.22, 0.07)
    ring: float = 4.0
    soft: float = 0.002
    pulse: float = 0.0

    def __call__(self, stroke: Stroke) -> Signal:
        """Return one note."""
        high = stroke.frequency / _MIDDLE_C_HZ
        length = stroke.samples(stroke.seconds + 0.6)
        ratios = np.asarray(self.ratios)
        levels = np.asarray(self.levels) * stroke.strength ** np.sqrt(ratios)
        decays = self.ring / np.sqrt(max(high, 0.25)) / ratios**0.6
        sound = partials(stroke.frequency * ratios, levels, decays, length, stroke.rate)
        sound *= 1 - 0.3 * np.sin(np.pi * self.pulse * times(length, stroke.rate)) ** 2
        return release(attack(sound, stroke.rate, self.soft), stroke.rate, stroke.seconds, 0.55)


@dataclass(frozen=True)
class Plucked:
    """A synthesiser's pluck or stab: a few sawtooth waves out of tune, whose overtones die away like a closing filter.

    Attributes:
        ring: seconds to -60 dB of the fundamental.
        closing: how much faster each overtone dies than the one below it.
        bright: how little the level of overtones falls at the start (0 dull, 1 sawtooth).
        detune: of the outer waves, in cents.
    """

    ring: float = 0.9
    closing: float = 0.35
    bright: float = 0.8
    detune: float = 9.0
    count: int = 24

    def __call__(self, stroke: Stroke) -> Signal:
        """Return one note."""
        length = stroke.samples(min(stroke.seconds, self.ring) + 0.12)
        numbers = np.arange(1, self.count + 1, dtype=np.float64)
        bright = self.bright * (0.55 + 0.45 * stroke.strength)
        levels = numbers**-1.0 * np.exp(-(1 - bright) * 0.5 * (numbers - 1))
        decays = self.ring / (1 + self.closing * (numbers - 1))
        sound = np.zeros(length)
        for cents in (-self.detune, 0.0, self.detune):
            tones = harmonics(stroke.frequency * 2 ** (cents / 1200), self.count)
            sound += partials(tones, levels, decays, length, stroke.rate)
        return release(attack(0.5 * stroke.strength * sound, stroke.rate, 0.001), stroke.rate, stroke.seconds, 0.1)


@dataclass(frozen=True)
class UprightBass:
    """A double bass played with the fingers: a round modal string with a short, woody start."""

    def __call__(self, stroke: Stroke) -> Signal:
        """Return one note."""
        length = stroke.samples(stroke.seconds + 0.12)
        numbers = np.arange(1, 13, dtype=np.float64)
        tones = harmonics(stroke.frequency, 12, stretch=8e-5)
        plucked = np.abs(np.sin(np.pi * numbers * 0.21))
        levels = plucked * numbers**-0.85 * np.exp(-0.16 * (1.25 - stroke.strength) * numbers)
        decays = 2.4 / (1 + 0.45 * (numbers - 1))
        strings = partials(tones, levels, decays, length, stroke.rate)
        finger = stroke.noise(stroke.samples(0.03)) * decay(stroke.samples(0.03), stroke.rate, 0.025)
        sound = mixed(strings, 0.12 * filtered(finger, "bandpass", (500.0, 1800.0), stroke.rate))
        return release(attack(stroke.strength * sound, stroke.rate, 0.003), stroke.rate, stroke.seconds, 0.1)


@dataclass(frozen=True)
class SynthBass:
    """A bass of one sine below and sawtooth overtones above.

    Attributes:
        edge: amount of overtones.
        ring: seconds to -60 dB of the overtones.
        hold: seconds to -60 dB of the sine.
        snap: seconds of attack.
    """

    edge: float = 0.5
    ring: float = 0.5
    hold: float = 8.0
    snap: float = 0.003

    def __call__(self, stroke: Stroke) -> Signal:
        """Return one note."""
        length = stroke.samples(stroke.seconds + 0.06)
        numbers = np.arange(1, 19, dtype=np.float64)
        decays = self.ring / (1 + 0.25 * (numbers - 1))
        over = partials(harmonics(stroke.frequency, 18), numbers**-1.0, decays, length, stroke.rate)
        low = np.sin(2 * np.pi * stroke.frequency * times(length, stroke.rate))
        low *= decay(length, stroke.rate, self.hold)
        sound = np.tanh(1.4 * (low + self.edge * over)) * stroke.strength
        return release(attack(sound, stroke.rate, self.snap), stroke.rate, stroke.seconds, 0.05)


@dataclass(frozen=True)
class Saws:
    """Several sawtooth waves out of tune, spread over the stereo field: pads, and the growling bass of drum & bass.

    Attributes:
        voices: number of waves.
        detune: of the outermost waves, in cents.
        swell: seconds of attack.
        fall: seconds of release.
        under: level of a sine an octave below, in the middle.
        width: 0 mono, 1 wide.
    """

    voices: int = 5
    detune: float = 14.0
    swell: float = 0.25
    fall: float = 0.5
    under: float = 0.0
    width: float = 1.0

    def __call__(self, stroke: Stroke) -> Signal:
        """Return one note, stereo."""
        length = stroke.samples(stroke.seconds + self.fall)
        sound = np.zeros((2, length))
        for place in np.linspace(-1.0, 1.0, self.voices):
            tone = stroke.frequency * 2 ** (place * self.detune / 1200)
            wave = sawtooth(tone, length, stroke.rate, stroke.random.random())
            angle = (1 + self.width * place) * np.pi / 4
            sound += wave * np.array([[np.cos(angle)], [np.sin(angle)]])
        sound *= stroke.strength / np.sqrt(self.voices)
        if self.under:
            sound += self.under * np.sin(np.pi * stroke.frequency * times(length, stroke.rate))
        return release(attack(sound, stroke.rate, self.swell), stroke.rate, stroke.seconds, self.fall)
