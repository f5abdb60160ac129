"""Drums without weights: three bands of the spectrum stand for kick, snare and hi-hat. Approximate.

What rises in the lowest octaves is the kick, what rises in the middle and as noise is the snare, what rises at the top is
the hi-hat, cymbals among it; each after what the others leave there is taken away. Toms are taken for one of the three,
and soft strokes under loud ones are missed. Meant for a drum stem; in a full mix a bass is taken for a kick now and then.
`benchmarks/drums.py` says how well it hears.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.models.transcription.frames import FRAME_RATE, Bands, centres
from small_dataset_audio.models.transcription.hits import HAT, KICK, NO_STROKES, SNARE, Strokes, Transcription
from small_dataset_audio.models.transcription.rises import LATENCY, loudness, rises, strokes
from small_dataset_audio.models.transcription.velocity import levels, velocities

NAME: Final = "dsp"
HEARD: Final = (KICK, SNARE, HAT)

# The numbers below were chosen on annotated drum recordings, stems and mixes, human and programmed.
LOW_HZ, BODY_HZ, MIDDLE_HZ, NOISE_HZ, TOP_HZ = (35, 130), (150, 350), (350, 1500), (1500, 7000), (7000, 17000)
BODY_SHARE: Final = 0.8
"""Of the snare's tone: the rest is its middle."""
NOISE_SHARE: Final = 0.7
"""Of the snare, as an exponent: both tone and noise must rise."""
KICK_IN_SNARE, TONE_IN_KICK, SNARE_IN_HAT = 0.4, 0.6, 0.2
"""What is taken away: the kick's beater, the tone of snare and bass, the snare's wires."""
SHARES: Final = (0.5, 0.65, 0.15)
"""How strong a stroke must be, beside the strong ones of the same drum: kick, snare, hi-hat."""


def transcribe(clip: Clip) -> Transcription:
    """Return the strokes heard in ``clip``, best a drum stem."""
    loud = loudness(clip)
    if loud is None:
        return Transcription(dict.fromkeys((drum.name for drum in HEARD), NO_STROKES), NAME)
    curves, level = [], []
    for bands, rise in rises(clip, loud):
        curves.append(_curves(rise))
        level.append(levels(bands, HEARD))
    curve, loudly = np.concatenate(curves), np.concatenate(level)
    heard = {}
    for index, (drum, share) in enumerate(zip(HEARD, SHARES, strict=True)):
        frames = strokes(curve[:, index], share)
        times = np.maximum(frames / FRAME_RATE - LATENCY, 0.0)
        heard[drum.name] = Strokes(times, velocities(loudly[:, index], frames))
    return Transcription(heard, NAME)


def _curves(rise: Bands) -> NDArray[np.float32]:
    """Return how much a kick, a snare and a hi-hat rise ``[shape=(frames, 3)]``."""
    frequencies = centres()

    def within(span: tuple[int, int]) -> NDArray[np.float32]:
        inside = (frequencies >= span[0]) & (frequencies < span[1])
        return np.asarray(rise[:, inside].mean(axis=1), dtype=np.float32)

    low, body, middle, noise, top = (within(span) for span in (LOW_HZ, BODY_HZ, MIDDLE_HZ, NOISE_HZ, TOP_HZ))
    tone = BODY_SHARE * body + (1.0 - BODY_SHARE) * middle
    snare = np.maximum(noise**NOISE_SHARE * tone ** (1.0 - NOISE_SHARE) - KICK_IN_SNARE * low, 0.0)
    kick = np.maximum(low - TONE_IN_KICK * np.maximum(body, middle), 0.0)
    hat = np.maximum(top - SNARE_IN_HAT * snare, 0.0)
    return np.stack([kick, snare, hat], axis=1).astype(np.float32)
