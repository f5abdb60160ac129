"""Composing: from a piece to its sound and its truth."""

from dataclasses import dataclass

import numpy as np

from small_dataset_audio.audio.clip import Samples
from small_dataset_audio.dataset.demo.arrangement import Piece
from small_dataset_audio.dataset.demo.mixdown import recorded
from small_dataset_audio.dataset.demo.schedule import all_onsets
from small_dataset_audio.dataset.demo.truth import Truth, truth_of


@dataclass(frozen=True, eq=False)
class Composition:
    """A composed piece.

    Attributes:
        samples: float32 ``[shape=(channels, n)]``, full scale at 1.0.
        rate: samples per second.
        truth: what an analysis should find.
    """

    samples: Samples
    rate: int
    truth: Truth


def compose(piece: Piece) -> Composition:
    """Return the sound and the truth of a piece; the same every time on the same machine."""
    samples = recorded(piece, all_onsets(piece)).astype(np.float32)
    return Composition(samples, piece.master.rate, truth_of(piece))
