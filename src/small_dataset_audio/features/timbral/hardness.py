"""How hard a sound is: how sudden, how strong, how wide and how high its attacks are, its middle loudness and percussive share.

Model: AudioCommons deliverable D5.8 (Pearce, Brookes & Mason).
"""

from typing import Final

import numpy as np

from small_dataset_audio.features.timbral.attacks.attack import Attacks
from small_dataset_audio.features.timbral.ear.bark import BarkLoudness

BANDWIDTH, CENTROID, MIDDLE = 12.079781720638145, 18.52100377170042, 14.139883645260355
"""Points per decade of attack bandwidth and attack centroid in Hz, and of the middle Bark level."""
PERCUSSIVE, STRENGTH, TIME = 5.567690321917516, 3.9346817690405635, -4.326890461087848
"""Points per decade of percussive share, of attack strength in dB, and of attack time in s."""
OFFSET: Final = -85.60352209068202
"""Points at the origin."""
LEAST_CENTROID: Final = 200.0
"""Hz; a mean attack centroid under this, and none at all, counts as this."""


def hardness(attacks: Attacks, bandwidth: float, bark: BarkLoudness, percussive: float) -> float:
    """Return the hardness in points.

    Args:
        attacks: how the attacks run; at least one has an attack time.
        bandwidth: that the attacks reach, in Hz.
        bark: specific loudness.
        percussive: share of the percussive part.
    """
    centroid = max(float(attacks.centroid.mean()), LEAST_CENTROID) if attacks.centroid.size else LEAST_CENTROID
    return float(
        BANDWIDTH * np.log10(bandwidth)
        + CENTROID * np.log10(centroid)
        + MIDDLE * np.log10(bark.middle)
        + PERCUSSIVE * np.log10(percussive)
        + STRENGTH * np.log10(attacks.strength.mean())
        + TIME * attacks.log_seconds.mean()
        + OFFSET
    )
