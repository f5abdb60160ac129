"""Plucked strings by the digital waveguide of Karplus & Strong (1983), as extended by Jaffe & Smith (1983)."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from small_dataset_audio.dataset.demo.sound.synthesis import Signal, Stroke, attack, filtered, release

_LAGRANGE_ORDER: Final = 3

_BODY: Final = (((90.0, 125.0), 0.9), ((180.0, 250.0), 0.7), ((380.0, 460.0), 0.4))
"""Bands in Hz, and their levels, in which a guitar's air and top plate resonate."""


def _fractional_delay(fraction: float) -> Signal:
    """Return a third-order Lagrange interpolator that delays by 1 + ``fraction`` samples ``[shape=(4,)]``.

    Source: Laakso et al., "Splitting the unit delay", IEEE Signal Processing Magazine 13(1), 1996.
    """
    delay = 1.0 + fraction
    places = np.arange(_LAGRANGE_ORDER + 1)
    return np.array([np.prod([(delay - k) / (n - k) for k in places if k != n]) for n in places])


def vibrate(excitation: Signal, frequency: float, loss: float, damping: float, length: int, rate: int) -> Signal:
    """Return a string set in motion by ``excitation`` ``[shape=(length,)]``.

    The loop delay is one period: an integer part, the half sample of the damping filter, and an interpolated rest. The
    loop is run a block of one delay at a time, because nothing within a block depends on the block itself.

    Args:
        excitation: what enters the string, at most one period.
        frequency: Hz.
        loss: gain of one round trip, below 1.
        damping: 0 bright, 0.5 dull; weight of the two-point average in the loop.
        length: samples.
        rate: samples per second.
    """
    wanted = rate / frequency - damping - 1.0
    whole = int(wanted)
    taps = loss * np.convolve(_fractional_delay(wanted - whole), [1 - damping, damping])
    reach = whole + taps.shape[0]
    string = np.zeros(reach + length)
    string[reach : reach + excitation.shape[0]] = excitation[:length]
    for start in range(reach + whole, reach + length, whole):
        stop = min(start + whole, reach + length)
        past = string[start - whole - taps.shape[0] + 1 : stop - whole]
        string[start:stop] += np.convolve(past, taps, mode="valid")
    return string[reach:]


@dataclass(frozen=True)
class SteelString:
    """A steel string on an acoustic guitar, under a fingertip.

    Attributes:
        pluck: where along the string it is plucked, 0-0.5.
        ring: seconds to -60 dB of a string at 110 Hz.
        damping: loss of high partials, 0 bright, 0.5 dull.
    """

    pluck: float = 0.19
    ring: float = 5.0
    damping: float = 0.22

    def __call__(self, stroke: Stroke) -> Signal:
        """Return one note; it rings until the finger comes back after ``stroke.seconds``."""
        length = stroke.samples(stroke.seconds + 0.05)
        period = int(stroke.rate / stroke.frequency)
        burst = filtered(stroke.noise(period), "lowpass", 700.0 + 3800.0 * stroke.strength**2, stroke.rate, order=1)
        burst = burst - np.roll(burst, max(1, round(self.pluck * period)))
        burst = (burst - burst.mean()) / burst.std()
        ring = self.ring * (110.0 / stroke.frequency) ** 0.35
        loss = 10 ** (-3 / (ring * stroke.frequency))
        sound = vibrate(burst, stroke.frequency, loss, self.damping, length, stroke.rate)
        sound = 0.7 * sound + sum(
            level * filtered(sound, "bandpass", band, stroke.rate, order=1) for band, level in _BODY
        )
        shaped = release(attack(sound, stroke.rate, 0.0007), stroke.rate, stroke.seconds, 0.04)
        return 0.3 * stroke.strength * shaped
