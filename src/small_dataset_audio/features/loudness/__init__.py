"""Loudness: integrated loudness, loudness range, true peak and their ratio.

`weighting` holds the frequency weighting, `recursion` runs it over a signal, `meter` counts what is heard, `family`
turns that into features.
"""

from small_dataset_audio.features.loudness.family import FAMILY
from small_dataset_audio.features.loudness.meter import (
    Energy,
    channel_weights,
    energy,
    integrated,
    loudness_range,
    momentary,
    short_term,
)

__all__ = [
    "FAMILY",
    "Energy",
    "channel_weights",
    "energy",
    "integrated",
    "loudness_range",
    "momentary",
    "short_term",
]
