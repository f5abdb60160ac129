"""The beat grid: where each beat of a piece falls, in seconds."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

SECONDS_PER_MINUTE: Final = 60.0


@dataclass(frozen=True)
class Swing:
    """How unequal a pair of notes is played.

    Attributes:
        pair: length of the pair in beats: 1 for swung eighths, 0.5 for swung sixteenths.
        ratio: share of the first note: 0.5 is straight, 2/3 is a triplet.
    """

    pair: float
    ratio: float

    def warp(self, beat: float) -> float:
        """Return where a notated beat is played; pair boundaries stay where they are."""
        whole, part = divmod(beat / self.pair, 1.0)
        first_half = 2 * part * self.ratio
        second_half = self.ratio + (2 * part - 1) * (1 - self.ratio)
        return float((whole + (first_half if 2 * part < 1 else second_half)) * self.pair)


STRAIGHT: Final = Swing(1.0, 0.5)
"""No swing at all."""


@dataclass(frozen=True)
class Grid:
    """The beats of one piece.

    Attributes:
        bpm: beats per minute; with `sway`, the tempo that the player stays around.
        beats_per_bar: beats in a bar.
        count: number of beats, the closing one included.
        lead_in: seconds before the first beat.
        swing: the inequality of the notes within a beat.
        sway: standard deviation, in seconds, by which a human player's beats stray from the metronome.
        seed: fixes what `sway` draws.
    """

    bpm: float
    beats_per_bar: int
    count: int
    lead_in: float
    swing: Swing = STRAIGHT
    sway: float = 0.0
    seed: int = 0

    @cached_property
    def beats(self) -> NDArray[np.float64]:
        """Times of the beats in seconds ``[shape=(count,)]``."""
        metronome = self.lead_in + np.arange(self.count) * SECONDS_PER_MINUTE / self.bpm
        strayed = np.random.default_rng(self.seed).normal(0.0, self.sway, self.count)
        return np.asarray(metronome + np.clip(strayed, -2 * self.sway, 2 * self.sway), dtype=np.float64)

    @property
    def downbeats(self) -> NDArray[np.float64]:
        """Times of the first beats of the bars in seconds."""
        return self.beats[:: self.beats_per_bar]

    def seconds(self, beat: float) -> float:
        """Return the time of a place in the piece, which may lie between beats, before the first or after the last."""
        played = self.swing.warp(beat)
        last = self.count - 1
        if 0 <= played <= last:
            return float(np.interp(played, np.arange(self.count), self.beats))
        edge = 0 if played < 0 else last
        return float(self.beats[edge] + (played - edge) * SECONDS_PER_MINUTE / self.bpm)
