"""A small copy of a recording that every browser plays."""

from pathlib import Path
from typing import Final

import numpy as np

from small_dataset_audio.audio.clip import Clip, Samples
from small_dataset_audio.audio.encode import writing
from small_dataset_audio.audio.resample import resample
from small_dataset_audio.audio.spool import blocks

SUFFIX: Final = ".mp3"
"""Of all formats the one that plays everywhere."""
RATES: Final = (44_100, 48_000, 32_000)
"""Hz; others are resampled to the first. The lower rates of MP3 are not for music."""
PLAYED: Final = frozenset({".wav", ".flac", ".mp3", ".m4a", ".aac", ".ogg", ".oga", ".opus", ".weba"})
"""Suffixes that current browsers play; Safari has played Ogg since version 18.4."""


def write_preview(path: Path, clip: Clip) -> None:
    """Put a small copy of ``clip`` at ``path``; of more than two channels it holds the mean, twice.

    Raises:
        AudioError: it cannot be encoded.
        StoreError: it cannot be written.
    """
    rate = clip.rate if clip.rate in RATES else RATES[0]
    samples = resample(clip.samples, clip.rate, rate)
    channels = min(samples.shape[0], 2)
    with writing(path, rate, channels) as writer:
        for _, block in blocks(samples):
            writer.write(np.clip(_to_stereo(block), -1.0, 1.0))


def _to_stereo(block: Samples) -> Samples:
    if block.shape[0] <= 2:  # noqa: PLR2004 - mono and stereo stay what they are
        return block
    return np.repeat(block.mean(axis=0, keepdims=True), 2, axis=0)
