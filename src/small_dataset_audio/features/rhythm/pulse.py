"""The pulse: the most likely sequence of evenly spaced accents, whose tempo may drift.

A hidden semi-Markov model. A state is a pulse with the period before it; a pulse is scored by how accented its own
frame is and by how its period is filled (halves and quarters, or thirds), a change of period costs in proportion to the
logarithm of the ratio, and each second costs according to how unusual its tempo is. Viterbi decoding finds the best path
over the whole piece at once, so that a weak passage is carried by its neighbours. Because no period is shorter than
`SHORTEST` frames, that many frames are decoded at a time.

Sources: Krebs, Böck and Widmer, "An efficient state-space model for joint tempo and meter tracking", ISMIR 2015 (the
states); Ellis, "Beat tracking by dynamic programming", JNMR 2007 (scoring pulses and period ratios).
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.audio.spool import Table, give_back
from small_dataset_audio.features.rhythm.accents import TOLERANCE_FRAMES
from small_dataset_audio.features.rhythm.spectrum import FRAME_RATE, Curve

Scores = NDArray[np.float32]
"""Log-likelihoods ``[shape=(frames, periods)]``."""

SLOWEST_BPM, FASTEST_BPM = 40.0, 250.0
TEMPO_STEP = 0.025
"""Ratio between neighbouring tempi, as a logarithm: 2.5 %, less than what is heard as a change of tempo."""
USUAL_BPM, TEMPO_SPREAD = 90.0, 0.45
"""Mean and standard deviation (of the logarithm) of the tempo prior of the pulse; `level` decides which pulse is the beat."""
TEMPO_CHANGE = 38.0
"""Cost of a change of period, per unit of the logarithm of the ratio."""
LARGEST_CHANGE = 10
"""Largest change of period from pulse to pulse, in steps of `TEMPO_STEP`: 28 %."""

ON_PULSE = (-1.5, 2.0)
ON_HALF = (-0.1, 0.25)
ON_QUARTER = (0.05, -0.1)
ON_THIRD = (-0.2, 0.2)
"""Log-likelihood ratio of an accent ``x`` at a place in the period: ``a + b * x``."""

CHUNK = 2048
"""Frames whose scores are held at a time."""


@dataclass(frozen=True)
class Pulse:
    """A sequence of pulses.

    Attributes:
        frames: the frame of each pulse ``[shape=(n,)]``.
        accents: the accent curve that was tracked ``[shape=(frames,)]``.
        score: log-likelihood ratio per second.
    """

    frames: NDArray[np.intp]
    accents: Curve
    score: float


def tempo_grid() -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Return the tempi in BPM, fastest first, and their periods in frames ``[shape=(periods,)]``."""
    steps = int(np.ceil(np.log(FASTEST_BPM / SLOWEST_BPM) / TEMPO_STEP))
    tempi = SLOWEST_BPM * np.exp(TEMPO_STEP * np.arange(steps, -1, -1))
    return tempi, np.round(60.0 * FRAME_RATE / tempi).astype(np.intp)


class _Places:
    """Scores the accents at the pulse and at its subdivisions."""

    def __init__(self, curve: Curve, longest: int) -> None:
        from scipy.ndimage import maximum_filter1d  # noqa: PLC0415 - half a second that looking a stage up must not cost

        near = maximum_filter1d(curve, TOLERANCE_FRAMES)
        self.longest = longest
        self.pulse, self.half, self.quarter, self.third = (
            np.pad((offset + slope * source).astype(np.float32), (longest, 0))
            for (offset, slope), source in (
                (ON_PULSE, curve),
                (ON_HALF, near),
                (ON_QUARTER, near),
                (ON_THIRD, near),
            )
        )
        for scores in (self.half, self.quarter, self.third):
            scores[:longest] = 0.0

    def scores(self, start: int, stop: int, periods: NDArray[np.intp]) -> Scores:
        """Return the score of a pulse at each frame from ``start`` to ``stop``, for each period before it."""

        def back(curve: NDArray[np.float32], frames: float) -> NDArray[np.float32]:
            offset = self.longest - round(frames)
            return curve[start + offset : stop + offset]

        result = np.empty((stop - start, periods.shape[0]), dtype=np.float32)
        for column, period in enumerate(periods.tolist()):
            duple = back(self.half, period / 2) + back(self.quarter, period / 4) + back(self.quarter, 3 * period / 4)
            triple = back(self.third, period / 3) + back(self.third, 2 * period / 3)
            result[:, column] = back(self.pulse, 0) + np.maximum(duple, triple)
        return result


def decode(curve: Curve, folder: Path | None = None) -> Pulse:
    """Return the most likely pulse in a curve of accents (see `accents.accents`) ``[shape=(frames,)]``.

    Where there is none to be heard, it is an arbitrary one: see `clarity`.

    Args:
        curve: the accents.
        folder: where the steps of the decoder lie, 7 kB per second; None for memory.
    """
    tempi, periods = tempo_grid()
    unusual = -0.5 * (np.log(tempi / USUAL_BPM) / TEMPO_SPREAD) ** 2
    frames, score = _decode(curve, periods, (unusual * periods / FRAME_RATE).astype(np.float32), folder)
    return Pulse(frames, curve, score * FRAME_RATE / curve.shape[0])


def _decode(
    curve: Curve, periods: NDArray[np.intp], prior: NDArray[np.float32], folder: Path | None
) -> tuple[NDArray[np.intp], float]:
    """Return the frames of the best path ``[shape=(n,)]`` and its score.

    ``best[t % kept, k]`` is the score of the best path that reaches frame ``t`` and goes on with period ``k``; ``step`` says
    by how many periods it changed there.
    """
    total, longest = curve.shape[0], int(periods.max())
    places = _Places(curve, longest)
    kept = longest + int(periods.min())
    best = np.zeros((kept, periods.shape[0]), dtype=np.float32)
    step = Table(periods.shape[0], total, folder, np.int8)
    reached = np.full((int(periods.min()), periods.shape[0] + 2 * LARGEST_CHANGE), -np.inf, dtype=np.float32)
    choices = np.lib.stride_tricks.sliding_window_view(reached, 2 * LARGEST_CHANGE + 1, axis=1)
    cost = (TEMPO_CHANGE * TEMPO_STEP * np.abs(np.arange(-LARGEST_CHANGE, LARGEST_CHANGE + 1))).astype(np.float32)
    columns, inside = np.arange(periods.shape[0]), slice(LARGEST_CHANGE, -LARGEST_CHANGE)
    end, end_score = (0, 0), -np.inf
    scores = places.scores(0, min(total, CHUNK), periods)
    held = 0
    for start in range(0, total, reached.shape[0]):
        rows = np.arange(start, min(total, start + reached.shape[0]))
        if rows[-1] >= held + scores.shape[0]:
            held = start
            scores = places.scores(start, min(total, start + CHUNK), periods)
        before = rows[:, np.newaxis] - periods
        path = np.where(before >= 0, best[before.clip(0) % kept, columns] + prior, np.float32(0.0))
        path += scores[start - held : start - held + rows.size]
        reached[: rows.size, inside] = path
        options = choices[: rows.size] - cost
        chosen = options.argmax(axis=2)
        step.append((chosen - LARGEST_CHANGE).astype(np.int8))
        best[rows % kept] = np.take_along_axis(options, chosen[..., np.newaxis], axis=2)[..., 0]
        final = np.where(rows[:, np.newaxis] + periods >= total, path, -np.inf)
        if final.max() > end_score:
            row, column = np.unravel_index(final.argmax(), final.shape)
            end, end_score = (int(rows[row]), int(column)), float(final.max())
    return _trace(step.finish(), periods, end), end_score


def _trace(step: NDArray[np.int8], periods: NDArray[np.intp], end: tuple[int, int]) -> NDArray[np.intp]:
    """Return the frames of the path that ends at ``(frame, period)`` ``end``, first to last."""
    frame, column = end
    path = [frame]
    while frame - periods[column] >= 0:
        frame -= int(periods[column])
        column += int(step[frame, column])
        give_back(step[frame : path[-1]])
        path.append(frame)
    return np.array(path[::-1], dtype=np.intp)
