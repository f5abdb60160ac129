"""Tracks on disk: layout, the .INFO store, and how recordings come in."""

from small_dataset_audio.dataset.identity import audio_identity

__all__ = ["audio_identity"]
