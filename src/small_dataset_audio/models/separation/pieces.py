"""Cutting a recording into pieces that overlap, and putting what a network makes of them together again.

The weights of a piece form a triangle, and every sample is divided by the weights that it got: over an overlap, one piece
fades into the next, linearly. What stands alone, such as the beginning, is not faded. This is Demucs' own way (Défossez,
"Hybrid Spectrogram and Waveform Source Separation", 2021, and its reference implementation), also in that a piece that
would end behind the recording's end is given the sound before it instead of silence, as far as there is any.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from small_dataset_audio.audio.clip import Samples
from small_dataset_audio.audio.spool import Spool, give_back


@dataclass(frozen=True)
class Piece:
    """One piece of a recording.

    Attributes:
        start: the first sample that it counts for.
        length: how many it counts for.
        begin: the first sample that the network is given, which may lie before the recording.
    """

    start: int
    length: int
    begin: int


def pieces(total: int, segment: int, overlap: float) -> Iterator[Piece]:
    """Yield the pieces of a recording of ``total`` samples, each of which the network is given ``segment`` samples for."""
    for start in range(0, total, max(1, int((1 - overlap) * segment))):
        length = min(segment, total - start)
        yield Piece(start, length, start - (segment - length) // 2)


@dataclass(frozen=True)
class Level:
    """What is taken from a recording before a network hears it: an offset, then a scale."""

    offset: float = 0.0
    scale: float = 1.0


def cut(samples: Samples, begin: int, segment: int, level: Level) -> Samples:
    """Return ``segment`` samples from ``begin`` on, at the level; silence where there is no recording."""
    found = np.zeros((samples.shape[0], segment), dtype=np.float32)
    first, last = max(begin, 0), min(begin + segment, samples.shape[1])
    if first < last:
        part = samples[:, first:last]
        found[:, first - begin : last - begin] = (part - np.float32(level.offset)) / np.float32(level.scale)
        give_back(part)
    return found


class OverlapAdd:
    """Puts pieces together, in order, and hands on what no later piece changes.

    Args:
        rows: sources times channels.
        segment: samples of one piece.
        spool: takes what is finished.
    """

    def __init__(self, rows: int, segment: int, spool: Spool) -> None:
        half = segment // 2
        ramp = np.concatenate([np.arange(1, half + 1), np.arange(segment - half, 0, -1)])
        self._window = (ramp / ramp.max()).astype(np.float32)
        self._sum = np.zeros((rows, segment), dtype=np.float32)
        self._weight = np.zeros(segment, dtype=np.float32)
        self._spool = spool
        self._base = 0
        self._end = 0

    def add(self, piece: Piece, made: Samples) -> None:
        """Add what was made of ``piece`` ``[shape=(rows, segment)]``."""
        self._hand_on(piece.start)
        inside = piece.start - piece.begin
        window = self._window[: piece.length]
        self._sum[:, : piece.length] += window * made[:, inside : inside + piece.length]
        self._weight[: piece.length] += window
        self._end = piece.start + piece.length

    def finish(self) -> None:
        """Hand on the rest."""
        self._hand_on(self._end)

    def _hand_on(self, until: int) -> None:
        count = until - self._base
        if count == 0:
            return
        self._spool.append(self._sum[:, :count] / self._weight[:count])
        for array in (self._sum, self._weight):
            array[..., :-count] = array[..., count:].copy()
            array[..., -count:] = 0
        self._base = until
