"""Which multiple of the pulse is the beat: the metrical level and its phase.

A pulse can be tapped at twice or half its speed, in threes, and on the off-beat. Each way is a candidate; a log-linear
model of five terms says how likely people tap it: a resonance of the tempo, about one onset per beat, and how strong the
bass, the whole spectrum and the attacks are where the beats would be.

Sources: van Noorden and Moelants, "Resonance in the perception of musical pulse", JNMR 1999 (the tempo term); Parncutt,
"A perceptual model of pulse salience", Music Perception 1994 (candidates weighed by accent and tempo). The weights were
fitted by maximum likelihood to 224 varied pieces, real and synthetic, and checked with each kind of piece left out in turn.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.features.rhythm.accents import Strengths, at
from small_dataset_audio.features.rhythm.lines import Curve
from small_dataset_audio.features.rhythm.spectrum import FRAME_RATE

CANDIDATES = ((1, 0), (2, 0), (2, 1), (3, 0), (3, 1), (3, 2), (4, 0), (4, 2), (6, 0), (6, 2), (6, 4))
"""Strides and offsets in half pulses: twice as fast; as it is, and off it; dotted; every second pulse; every third."""
FEWEST_BEATS = 4
"""Candidates with fewer beats are not considered."""

TEMPO_CENTRE_BPM = 105.0
WEIGHTS = np.array([-4.1, -1.9, 1.67, 1.36, 1.52])
"""Of the squared logarithm of the tempo's ratio to the centre (a resonance 36 % wide), of the squared logarithm of the
onsets per beat, and of the mean strength of bass, whole spectrum and attacks at the beats."""


@dataclass(frozen=True)
class Level:
    """The beats, and how sure the choice of the level is.

    Attributes:
        frames: position of each beat in frames, not necessarily whole ``[shape=(n,)]``.
        probability: of this level and phase among all candidates, 0..1.
        tempo_probability: of this tempo, whatever the phase.
    """

    frames: Curve
    probability: float
    tempo_probability: float


def halves(pulse: NDArray[np.intp]) -> Curve:
    """Return the pulse with the frames half-way between neighbours ``[shape=(2 * pulses - 1,)]``."""
    return np.interp(np.arange(2 * pulse.shape[0] - 1) / 2.0, np.arange(pulse.shape[0]), pulse)


def terms(beats: Curve, strengths: Strengths, onset_rate: float) -> NDArray[np.float64]:
    """Return the terms of the model for one candidate, in the order of `WEIGHTS`."""
    period = float(np.median(np.diff(beats))) / FRAME_RATE
    tempo = np.log(60.0 / period / TEMPO_CENTRE_BPM) ** 2
    crowding = np.log(onset_rate * period) ** 2
    return np.array(
        [tempo, crowding, *(at(curve, beats).mean() for curve in (strengths.low, strengths.full, strengths.high))]
    )


def choose(pulse: NDArray[np.intp], strengths: Strengths, onset_rate: float) -> Level | None:
    """Return the most likely level, or None where the piece is too short for any.

    ``onset_rate`` is in onsets per second, more than 0.
    """
    grid = halves(pulse)
    candidates = [(stride, grid[offset::stride]) for stride, offset in CANDIDATES]
    candidates = [(stride, beats) for stride, beats in candidates if beats.shape[0] >= FEWEST_BEATS]
    if not candidates:
        return None
    scores = np.array([terms(beats, strengths, onset_rate) @ WEIGHTS for _, beats in candidates])
    odds = np.exp(scores - scores.max())
    odds /= odds.sum()
    stride, beats = candidates[int(odds.argmax())]
    same_tempo = np.array([other == stride for other, _ in candidates])
    return Level(beats, float(odds.max()), float(odds[same_tempo].sum()))
