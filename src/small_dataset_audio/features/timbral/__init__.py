"""Timbre: the AudioCommons models of brightness, roughness, hardness, depth, booming, reverberation, sharpness and warmth.

How it hangs together: `heard` brings every recording to one line at one rate and loudness; `ear` is the model of specific loudness, `attacks`
finds onsets and how they rise; `shortframes` is the one pass over the short-term spectrum. Each model has a module of its name that turns
those into points, except sharpness and booming, which only weight specific loudness (`ear.points`). `family` says what is measured, and why anything
is missing.
"""

from small_dataset_audio.features.timbral.family import FAMILY

__all__ = ["FAMILY"]
