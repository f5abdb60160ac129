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
from small_dataset_audio.features.rhythm.lines import Curve
from small_dataset_audio.features.rhythm.spectrum import FRAME_RATE

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

    def __init__(self, curve: Curve, periods: NDArray[np.intp]) -> None:
        self.curve = curve
        self.periods = periods
        self.longest = int(periods.max())

    def scores(self, start: int) -> Scores:
        """Return the score of a pulse at each of the next `CHUNK` frames from ``start`` on, for each period before it."""
        stop = min(start + CHUNK, self.curve.shape[0])
        pulse, half, quarter, third = self._parts(start, stop)

        def back(part: NDArray[np.float32], frames: float) -> NDArray[np.float32]:
            """Return ``part`` as it was so many frames before each frame of the chunk ``[shape=(stop - start,)]``."""
            offset = self.longest - round(frames)
            return part[offset : stop - start + offset]

        result = np.empty((stop - start, self.periods.shape[0]), dtype=np.float32)
        for column, period in enumerate(self.periods.tolist()):
            duple = back(half, period / 2) + back(quarter, period / 4) + back(quarter, 3 * period / 4)
            triple = back(third, period / 3) + back(third, 2 * period / 3)
            result[:, column] = back(pulse, 0) + np.maximum(duple, triple)
        return result

    def _parts(self, start: int, stop: int) -> list[NDArray[np.float32]]:
        """Return what each frame scores as pulse, half, quarter and third, from the longest period before ``start`` on.

        Before the first frame that is 0.
        """
        from scipy.ndimage import maximum_filter1d  # noqa: PLC0415 - half a second that looking a stage up must not cost

        reach = TOLERANCE_FRAMES // 2
        first = max(0, start - self.longest)
        margin = min(first, reach)
        read = self.curve[first - margin : stop + reach]
        here = slice(margin, margin + stop - first)
        alone, near = read[here], maximum_filter1d(read, TOLERANCE_FRAMES)[here]
        parts = [
            np.pad((offset + slope * source).astype(np.float32), (first - start + self.longest, 0))
            for (offset, slope), source in ((ON_PULSE, alone), (ON_HALF, near), (ON_QUARTER, near), (ON_THIRD, near))
        ]
        give_back(read)
        return parts


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
    total = curve.shape[0]
    places = _Places(curve, periods)
    kept = places.longest + int(periods.min())
    best = np.zeros((kept, periods.shape[0]), dtype=np.float32)
    step = Table(periods.shape[0], total, folder, np.int8)
    reached = np.full((int(periods.min()), periods.shape[0] + 2 * LARGEST_CHANGE), -np.inf, dtype=np.float32)
    choices = np.lib.stride_tricks.sliding_window_view(reached, 2 * LARGEST_CHANGE + 1, axis=1)
    cost = (TEMPO_CHANGE * TEMPO_STEP * np.abs(np.arange(-LARGEST_CHANGE, LARGEST_CHANGE + 1))).astype(np.float32)
    columns, inside = np.arange(periods.shape[0]), slice(LARGEST_CHANGE, -LARGEST_CHANGE)
    end, end_score = (0, 0), -np.inf
    scores = places.scores(0)
    held = 0
    for start in range(0, total, reached.shape[0]):
        rows = np.arange(start, min(total, start + reached.shape[0]))
        if rows[-1] >= held + scores.shape[0]:
            held = start
            scores = places.scores(start)
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
