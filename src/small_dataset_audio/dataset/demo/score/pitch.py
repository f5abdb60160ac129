"""Note names, pitch numbers and frequencies.

Pitch numbers are those of MIDI: middle C (C4) is 60 and A4 is 69, tuned to 440 Hz (ISO 16) in equal temperament.
"""

import re
from typing import Final

SEMITONES: Final = 12
_TUNING_HZ: Final = 440.0
_TUNING_PITCH: Final = 69
_LETTERS: Final = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_ACCIDENTALS: Final = {"": 0, "#": 1, "b": -1}
_NOTE: Final = re.compile(r"([A-G][#b]?)(-?\d+)")


def pitch_class(name: str) -> int:
    """Return the pitch class 0-11 (C is 0) of a note name without octave, such as ``Bb`` or ``F#``.

    Raises:
        ValueError: the name is not a letter A-G with at most one ``#`` or ``b``.
    """
    letter, accidental = name[:1], name[1:]
    if letter not in _LETTERS or accidental not in _ACCIDENTALS:
        raise ValueError(f"{name!r} is not a note name: write a letter A-G, then nothing, # or b.")
    return (_LETTERS[letter] + _ACCIDENTALS[accidental]) % SEMITONES


def pitch_number(name: str) -> int:
    """Return the pitch number of a note name with its octave: ``C4`` is 60, ``Cb4`` is 59.

    Raises:
        ValueError: the name is not a note name followed by an octave number.
    """
    match = _NOTE.fullmatch(name)
    if match is None:
        raise ValueError(f"{name!r} is not a note: write a note name and an octave, such as Bb3.")
    note, octave = match.groups()
    natural = pitch_class(note[0])
    return SEMITONES * (int(octave) + 1) + natural + _ACCIDENTALS[note[1:]]


def frequency(pitch: float) -> float:
    """Return the frequency of a pitch number in Hz."""
    return float(_TUNING_HZ * 2.0 ** ((pitch - _TUNING_PITCH) / SEMITONES))
