"""A recording as caption models take it: one channel at 16 kHz, no longer than they can hear."""

import io
from typing import Final

import numpy as np
import soundfile
from numpy.typing import NDArray

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.models.heard import Heard

RATE: Final = 16000
"""Samples per second that Audio Flamingo 3 and Music Flamingo hear."""


def start_of(clip: Clip, seconds: float) -> NDArray[np.float32]:
    """Return the mean of the channels at `RATE` of the first ``seconds`` of ``clip`` ``[shape=(n,)]``."""
    most = round(seconds * RATE)
    first = Clip(clip.samples[:, : round(seconds * clip.rate)], clip.rate, clip.path)
    parts = list(Heard(first, RATE))
    return np.concatenate(parts)[:most] if parts else np.zeros(0, dtype=np.float32)


def as_flac(samples: NDArray[np.float32]) -> bytes:
    """Return ``samples`` ``[shape=(n,)]`` at `RATE` as a FLAC file of 16 bits, which llama-server takes."""
    file = io.BytesIO()
    soundfile.write(file, np.clip(samples, -1.0, 1.0), RATE, format="FLAC", subtype="PCM_16")
    return file.getvalue()
