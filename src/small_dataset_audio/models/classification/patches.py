"""Patches: the pieces of a mel spectrogram that Discogs-EffNet looks at, 128 frames (2 s) every 62 (1 s)."""

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np

from small_dataset_audio.models.classification.melspectrogram import BANDS, Frames

PATCH: Final = 128
"""Frames in a patch."""
PATCH_HOP: Final = 62
"""Frames from one patch to the next, as the authors' own predictor steps."""


def patches(pieces: Iterable[Frames]) -> Iterator[Frames]:
    """Yield patches ``[shape=(PATCH, BANDS)]``, ``(frames - PATCH) // PATCH_HOP + 1`` of them.

    What is left after the last whole patch (at most 61 frames, 1 s) is not looked at, as with the authors. Of fewer than
    `PATCH` frames one patch is made by repeating them; of none, none.

    Args:
        pieces: the frames, cut anywhere ``[shape=(n, BANDS)]``.
    """
    waiting: Frames = np.empty((0, BANDS), dtype=np.float32)
    whole = False
    for piece in pieces:
        waiting = np.concatenate([waiting, piece])
        while waiting.shape[0] >= PATCH:
            whole = True
            yield waiting[:PATCH]
            waiting = waiting[PATCH_HOP:]
    if not whole and waiting.shape[0]:
        yield waiting[np.arange(PATCH) % waiting.shape[0]]
