"""What a transcription of drums is: which drum was hit when, how loudly, and who says so."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.float64]
"""Moments in seconds from the start of the recording ``[shape=(n,)]``, ascending."""
Velocities = NDArray[np.int64]
"""MIDI velocities 1..127 ``[shape=(n,)]``."""


@dataclass(frozen=True)
class Drum:
    """One class of drum sounds.

    Attributes:
        name: what `.INFO`, the settings and the documents call it.
        note: its note on the percussion channel (General MIDI level 1, percussion key map).
        low_hz: lower end of the frequencies in which its strokes are measured.
        high_hz: their upper end.
    """

    name: str
    note: int
    low_hz: float
    high_hz: float


KICK: Final = Drum("kick", 35, 35.0, 120.0)
SNARE: Final = Drum("snare", 38, 150.0, 4000.0)
TOM: Final = Drum("tom", 47, 70.0, 400.0)
HAT: Final = Drum("hat", 42, 6000.0, 16000.0)
CYMBAL: Final = Drum("cymbal", 49, 3000.0, 16000.0)
DRUMS: Final = (KICK, SNARE, TOM, HAT, CYMBAL)
"""In the order in which they are listed everywhere, which is also that of ADTOF's outputs."""


@dataclass(frozen=True)
class Strokes:
    """The strokes on one drum.

    Attributes:
        times: seconds, ascending ``[shape=(n,)]``.
        velocities: how loudly, 1..127 ``[shape=(n,)]``; see `velocity`.
    """

    times: Times
    velocities: Velocities


NO_STROKES: Final = Strokes(np.empty(0), np.empty(0, dtype=np.int64))


@dataclass(frozen=True)
class Transcription:
    """What one way of listening heard.

    Attributes:
        strokes: drum name -> its strokes, for each drum that this way can tell, in the order of `DRUMS`.
        backend: which way it was: ``adtof``, ``drumsep`` or ``dsp``.
    """

    strokes: Mapping[str, Strokes]
    backend: str

    @property
    def count(self) -> int:
        """How many strokes there are in all."""
        return sum(strokes.times.size for strokes in self.strokes.values())
