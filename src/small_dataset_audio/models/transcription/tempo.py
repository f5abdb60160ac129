"""A tempo map from measured beats, so that every beat lies on a quarter note and every downbeat on a bar line.

A beat is a quarter note. Beats that are missing in a gap are counted on at the tempo around it, as a musician would.
Before the first beat there is a pick-up, as long as the music needs; its length is rounded to a 64th note, and its own
tempo takes up the rest, so that the first beat stays exactly where it was measured.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.models.transcription.hits import Times

TICKS: Final = 960
"""Ticks per quarter note: what most sequencers use themselves; at 120 BPM a tick is half a millisecond."""
DEFAULT_MICROSECONDS: Final = 500_000
"""Per quarter note where a file names no tempo: 120 BPM (Standard MIDI Files 1.0, "Set Tempo")."""
USUAL_METRE: Final = 4
"""Quarters in a bar where a file names no metre (Standard MIDI Files 1.0, "Time Signature")."""
GAP: Final = 1.75
"""An interval this many times longer than its neighbours' median has beats missing in it."""
NEIGHBOURS: Final = 8
"""Intervals on either side that tell the tempo around a gap."""
SLOWEST_MICROSECONDS: Final = 0xFFFFFF
"""Per quarter note: what three bytes hold, 3.6 BPM."""
AT_ONCE: Final = 0.005
"""A first beat within so many seconds begins the file: a pick-up as short would need a tempo that no sequencer has."""
_SIXTY_FOURTHS: Final = 16
"""In a quarter note."""
_MICROSECONDS: Final = 1_000_000


@dataclass(frozen=True)
class Tempo:
    """From ``tick`` on a quarter note lasts ``microseconds``."""

    tick: int
    microseconds: int


@dataclass(frozen=True)
class Metre:
    """From ``tick`` on a bar has ``numerator`` notes of the length 1/``denominator``."""

    tick: int
    numerator: int
    denominator: int


@dataclass(frozen=True)
class TempoMap:
    """Where moments lie in bars and beats.

    Attributes:
        tempi: changes of tempo, ascending; none: 120 BPM from the beginning.
        metres: changes of metre, ascending; none: nothing is known of bars.
        moments: seconds at which something is fixed, ascending ``[shape=(n,)]``.
        ticks: the ticks there ``[shape=(n,)]``.
    """

    tempi: tuple[Tempo, ...]
    metres: tuple[Metre, ...]
    moments: Times
    ticks: Times

    def tick(self, seconds: Times) -> Times:
        """Return the ticks at some moments ``[shape=(n,)]``, whole numbers; the last tempo goes on for ever."""
        index = np.clip(np.searchsorted(self.moments, seconds, side="right") - 1, 0, self.moments.size - 2)
        start, stop = self.moments[index], self.moments[index + 1]
        share = (seconds - start) / (stop - start)
        return np.round(self.ticks[index] + share * (self.ticks[index + 1] - self.ticks[index]))


def tempo_map(beats: Times, downbeats: Times) -> TempoMap:
    """Return the tempo map of measured ``beats``; without at least two of them, 120 BPM and no metre.

    Args:
        beats: seconds, ascending ``[shape=(n,)]``.
        downbeats: those of them that begin a bar ``[shape=(m,)]``; may be empty.
    """
    counted = bridged(np.unique(beats))
    if counted.size < 2:  # noqa: PLR2004 - one beat has no tempo
        seconds = DEFAULT_MICROSECONDS / _MICROSECONDS
        return TempoMap((), (), np.array([0.0, seconds]), np.array([0.0, float(TICKS)]))
    bars = np.flatnonzero(np.isin(counted, downbeats))
    lead = _lead_in(counted)
    ticks = lead + TICKS * np.arange(counted.size, dtype=np.float64)
    moments = counted
    if lead:
        moments, ticks = np.concatenate(([0.0], counted)), np.concatenate(([0.0], ticks))
    return TempoMap(_tempi(moments, ticks), _metres(bars, lead), moments, ticks)


def bridged(beats: Times) -> Times:
    """Return ``beats`` with those added that are missing in gaps, evenly ``[shape=(n,)]``."""
    intervals = np.diff(beats)
    counted = [beats[:1]]
    for index, interval in enumerate(intervals):
        around = intervals[max(0, index - NEIGHBOURS) : index + NEIGHBOURS + 1]
        usual = float(np.median(around))
        steps = round(interval / usual) if interval > GAP * usual else 1
        steps = max(steps, int(interval * _MICROSECONDS / SLOWEST_MICROSECONDS) + 1)
        counted.append(beats[index] + interval * np.arange(1, steps + 1) / steps)
        counted[-1][-1] = beats[index + 1]
    return np.concatenate(counted)


def _usual(bars: NDArray[np.intp]) -> int:
    """Return the most common number of beats in a bar."""
    lengths = np.diff(bars)
    return int(np.bincount(lengths).argmax()) if lengths.size else USUAL_METRE


def _lead_in(beats: Times) -> int:
    """Return the ticks before the first beat, a whole number of 64th notes that are no slower than the first beat."""
    if beats[0] < AT_ONCE:
        return 0
    return math.ceil(_SIXTY_FOURTHS * float(beats[0] / (beats[1] - beats[0]))) * TICKS // _SIXTY_FOURTHS


def _tempi(moments: Times, ticks: Times) -> tuple[Tempo, ...]:
    """Return the tempo of each span; the rounding to microseconds never adds up."""
    tempi: list[Tempo] = []
    reached = 0.0
    for index in range(moments.size - 1):
        quarters = (ticks[index + 1] - ticks[index]) / TICKS
        microseconds = round((moments[index + 1] * _MICROSECONDS - reached) / quarters)
        reached += microseconds * quarters
        if not tempi or tempi[-1].microseconds != microseconds:
            tempi.append(Tempo(int(ticks[index]), microseconds))
    return tuple(tempi)


def _metres(bars: NDArray[np.intp], lead: int) -> tuple[Metre, ...]:
    """Return the metres: a pick-up of what does not fill a bar, the usual bars, and every bar that differs.

    Args:
        bars: indices of the beats that begin a bar ``[shape=(m,)]``; without any, bars are counted from the first beat.
        lead: ticks before the first beat.
    """
    usual = _usual(bars)
    first = lead + TICKS * (int(bars[0]) if bars.size else 0)
    pick_up = first % (usual * TICKS)
    metres = [_pick_up(pick_up)] if pick_up else []
    lengths = [usual, *np.diff(bars).tolist()] if bars.size else [usual]
    starts = [pick_up, *(lead + TICKS * bars).tolist()]
    for start, length in zip(starts, lengths, strict=False):
        if not metres or (metres[-1].numerator, metres[-1].denominator) != (length, USUAL_METRE):
            metres = [metre for metre in metres if metre.tick != start]
            metres.append(Metre(int(start), length, USUAL_METRE))
    return tuple(metres)


def _pick_up(ticks: int) -> Metre:
    """Return the metre of a first bar that is only so long, in the largest note values that fit."""
    sixty_fourths = ticks * _SIXTY_FOURTHS // TICKS
    shorten = math.gcd(sixty_fourths, _SIXTY_FOURTHS)
    return Metre(0, sixty_fourths // shorten, USUAL_METRE * _SIXTY_FOURTHS // shorten)
