"""The envelopes of a sound: one that follows its peaks sample by sample, and its RMS in short blocks."""

from typing import Final

import numpy as np

from small_dataset_audio.audio.spool import Spool, folder_of
from small_dataset_audio.features.timbral.frames import Line, stretch
from small_dataset_audio.features.timbral.recording import RATE

STEP: Final = 8
"""Samples per value of the peak envelope."""
HOLD: Final = RATE // 100 // STEP
"""Steps (10 ms) for which a peak is held before the envelope begins to fall."""
DECAY: Final = 0.1
"""Seconds in which the envelope falls from the sound's highest peak to zero, along a straight line."""

_LANE: Final = 2048
"""Steps that one lane of the computation is long."""
_LANES: Final = 512
"""Lanes that run side by side."""
_TILE: Final = 128
"""Steps of every lane that are turned into rows together, so that they stay in the processor's cache."""
_BLOCK: Final = 1 << 13
"""Steps whose samples are rectified together."""
_WARM_UP: Final = -(-(HOLD + int(DECAY * RATE / STEP) + 1) // _TILE) * _TILE
"""Steps before a lane after which nothing of the past is left: whole hold and decay."""


def peak_envelope(line: Line, peak: float, before: int = 0) -> Line:
    """Return the sample-and-hold envelope of ``line`` in steps of `STEP` samples ``[shape=((before + n) // STEP up,)]``.

    It jumps up with the rectified signal at once, holds for `HOLD` steps after the last one that reached it, and then falls along
    a straight line until the signal reaches it again; where it meets a lower peak on its way, it follows that without holding.
    Of each step, the highest sample counts.

    It lies where ``line`` lies: on disk, if that is long.

    The rule is sequential, but forgets. So the signal is cut into lanes that each begin early enough to have forgotten what was
    before, and all lanes go through their steps side by side.

    Args:
        line: the sound ``[shape=(n,)]``.
        peak: its highest absolute value.
        before: samples of silence put before it, a multiple of `STEP`.
    """
    fall = np.float32(STEP * peak / (DECAY * RATE))
    steps = -(-line.shape[0] // STEP)
    envelope = Spool(1, before // STEP + steps, folder_of(line))
    envelope.append(np.zeros((1, before // STEP), dtype=np.float32))
    for first in range(0, steps, _LANES * _LANE):
        length = min(steps - first, _LANES * _LANE)
        lanes = -(-length // _LANE)
        part = _peaks(line, first - _WARM_UP, first + lanes * _LANE)
        ahead = np.lib.stride_tricks.sliding_window_view(part, _WARM_UP + _LANE)[::_LANE]
        made = np.empty((lanes, _LANE), dtype=np.float32)
        follower = _Follower(lanes, fall)
        for tile in range(0, _WARM_UP + _LANE, _TILE):
            rows = ahead[:, tile : tile + _TILE].T.copy()
            follower.follow(rows)
            if tile >= _WARM_UP:
                made[:, tile - _WARM_UP : tile - _WARM_UP + _TILE] = rows.T
        envelope.append(made.reshape(1, -1)[:, :length])
    return np.asarray(envelope.finish()[0])


def _peaks(line: Line, first: int, last: int) -> Line:
    """Return the highest absolute value of each step from ``first`` to ``last`` ``[shape=(last - first,)]``."""
    peaks = np.zeros(last - first, dtype=np.float32)
    for start in range(first, last, _BLOCK):
        stop = min(start + _BLOCK, last)
        rectified = np.abs(stretch(line, start * STEP, stop * STEP))
        made = peaks[start - first : stop - first]
        for place in range(STEP):
            np.maximum(made, rectified[place::STEP], out=made)
    return peaks


class _Follower:
    """The state of the envelopes of several lanes."""

    def __init__(self, lanes: int, fall: np.float32) -> None:
        self._fall = fall
        self._now = 0
        self._level = np.zeros(lanes, dtype=np.float32)
        self._held_until = np.zeros(lanes, dtype=np.int32)

    def follow(self, rows: Line) -> None:
        """Turn peaks ``[shape=(n, lanes)]`` into the envelopes of their lanes, in place."""
        reached = np.empty(rows.shape[1], dtype=np.bool_)
        lower = np.empty(rows.shape[1], dtype=np.float32)
        level, held_until = self._level, self._held_until
        for now, row in enumerate(rows, self._now):
            np.greater_equal(row, level, out=reached)
            np.multiply(held_until < now, self._fall, out=lower)
            np.subtract(level, lower, out=lower)
            np.maximum(row, lower, out=row)
            np.copyto(held_until, now + HOLD, where=reached)
            level = row
        self._now += rows.shape[0]
        self._level = level.copy()


def rms_envelope(line: Line, block: int) -> Line:
    """Return the RMS of successive blocks of ``line`` ``[shape=(blocks,)]``; the last one may be shorter."""
    whole = line.shape[0] // block * block
    blocks = line[:whole].reshape(-1, block)
    power = np.einsum("ij,ij->i", blocks, blocks) / np.float32(block)
    rest = line[whole:]
    if rest.size:
        power = np.append(power, np.dot(rest, rest) / np.float32(rest.size))
    return np.asarray(np.sqrt(power))
