"""How sharp and how booming a sound is, in points: regressions on what `ear.bark` reads of specific loudness.

Models: AudioCommons deliverable D5.8 (Pearce, Brookes & Mason); sharpness after Zwicker & Fastl, booming after Hatano & Hashimoto.
"""

import numpy as np

from small_dataset_audio.features.timbral.ear.bark import BarkLoudness

SHARPNESS, SHARPNESS_OFFSET = 102.50508921364404, 34.432655185001735
"""Points per decade of sharpness, and points at 1 acum."""
BOOMING, BOOMING_LOW, BOOMING_OFFSET = 43.67402696195865, -10.90054738389845, 26.836530575185435
"""Points per decade of booming index and of low Bark level, and points at 1."""


def sharpness(bark: BarkLoudness) -> float | None:
    """Return the sharpness in points; None where nothing is loud enough to be heard."""
    if not bark.sharpness > 0.0:
        return None
    return float(SHARPNESS * np.log10(bark.sharpness) + SHARPNESS_OFFSET)


def booming(bark: BarkLoudness) -> float | None:
    """Return the booming in points; None where nothing under 280 Hz is loud enough to be heard."""
    if not min(bark.booming, bark.low) > 0.0:
        return None
    return float(BOOMING * np.log10(bark.booming) + BOOMING_LOW * np.log10(bark.low) + BOOMING_OFFSET)
