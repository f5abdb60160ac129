"""How bright a sound is: its share of power above 2 kHz, and the centroid of its power above 100 Hz.

Model: AudioCommons deliverable D5.8 (Pearce, Brookes & Mason). Both measures are of the long-term average spectrum: weighting each
frame's ratio or centroid by the frame's power, as the model says, is the ratio or centroid of the sum.
"""

from typing import Final

import numpy as np

from small_dataset_audio.features.timbral.filters import LOWEST, Floats, power_response
from small_dataset_audio.features.timbral.recording import RATE

HIGH: Final = 2000.0
"""Hz above which sound is bright."""
CENTROID_LOWEST: Final = 100.0
"""Hz above which the centroid is taken."""
RATIO, CENTROID, OFFSET = 4.613128018020465, 17.378889309312974, 17.434733750553022
"""Points per decade of the ratio, points per decade of the centroid in Hz, and points at 1 and 1 Hz."""


def brightness(power: Floats) -> float | None:
    """Return the brightness in points of an average power spectrum from 0 Hz to half the rate ``[shape=(bins,)]``.

    None where there is no power above 20 Hz.
    """
    frequency = np.linspace(0.0, RATE / 2.0, power.shape[0])
    heard = power * power_response(frequency, LOWEST, "highpass")
    heard[1:-1] *= 2.0
    high = np.sum(heard * power_response(frequency, HIGH, "highpass"))
    upper = heard * power_response(frequency, CENTROID_LOWEST, "highpass")
    if not high > 0.0:
        return None
    centroid = np.sum(upper * frequency) / np.sum(upper)
    return float(RATIO * np.log10(high / np.sum(heard)) + CENTROID * np.log10(centroid) + OFFSET)
