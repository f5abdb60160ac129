"""Onsets, beats, downbeats and what follows from them."""

from small_dataset_audio.features.rhythm.family import FAMILY

__all__ = ["FAMILY"]
