"""Rhythms and melodies as short strings, one step after the other.

Rhythms, one character per step: ``X`` accent, ``x`` played, ``o`` soft, ``g`` ghost note, ``-`` holds on, ``.`` rest;
spaces and bar lines are free. Melodies, one word per step: a note (``D4``), several together (``D4+F4``), ``-`` holds
on, ``.`` rest, with ``!`` after an accented note and ``?`` after a soft one; bar lines are free here too.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from small_dataset_audio.dataset.demo.score.pitch import pitch_number

_STRENGTHS: Final = {"X": 1.0, "x": 0.8, "o": 0.5, "g": 0.28}
_ACCENTS: Final = {"!": 1.0, "?": 0.5}
_PLAIN: Final = 0.75
_HOLD: Final = "-"
_REST: Final = "."


@dataclass(frozen=True)
class Event:
    """One thing that is played.

    Attributes:
        beat: when, in beats from the start of the piece (or of the pattern, until it is placed).
        beats: for how long.
        pitch: pitch number; None for drums and noises.
        strength: how hard, 0-1.
    """

    beat: float
    beats: float
    pitch: int | None
    strength: float


def _steps(symbols: Iterable[str], step: float) -> list[tuple[str, float, float]]:
    """Return (symbol, beat, beats) of everything that is neither rest nor hold; holds lengthen what they follow."""
    played: list[tuple[str, float, float]] = []
    sounding = False
    for index, symbol in enumerate(symbols):
        if symbol == _HOLD:
            if not sounding:
                raise ValueError(f"Step {index + 1} holds a note, but none is sounding.")
            text, beat, beats = played[-1]
            played[-1] = (text, beat, beats + step)
        elif symbol == _REST:
            sounding = False
        else:
            played.append((symbol, index * step, step))
            sounding = True
    return played


def hits(text: str, step: float = 0.25) -> tuple[Event, ...]:
    """Return the events of a rhythm, without pitch.

    Raises:
        ValueError: a character has no meaning, or a hold follows nothing.
    """
    symbols = [character for character in text if character not in " |"]
    unknown = set(symbols) - {*_STRENGTHS, _HOLD, _REST}
    if unknown:
        raise ValueError(f"{min(unknown)!r} has no meaning in the rhythm {text!r}.")
    return tuple(Event(beat, beats, None, _STRENGTHS[symbol]) for symbol, beat, beats in _steps(symbols, step))


def line(text: str, step: float) -> tuple[Event, ...]:
    """Return the events of a melody or of a bass line.

    Raises:
        ValueError: a word is not a note, a hold follows nothing, or the bars before the last differ in length.
    """
    bars = [bar.split() for bar in text.split("|")]
    if len({len(bar) for bar in bars[:-1]}) > 1:
        raise ValueError(f"The bars have {[len(bar) for bar in bars]} steps; all but the last must be as long.")
    words = [word for bar in bars for word in bar]
    events = []
    for word, beat, beats in _steps(words, step):
        notes = word.rstrip("".join(_ACCENTS))
        strength = _ACCENTS.get(word[len(notes) :], _PLAIN)
        events += [Event(beat, beats, pitch_number(note), strength) for note in notes.split("+")]
    return tuple(events)


def place(events: Iterable[Event], bars: Iterable[int], beats_per_bar: int = 4) -> tuple[Event, ...]:
    """Return ``events`` once for each of ``bars`` (counted from 0), moved to where that bar starts."""
    pattern = tuple(events)
    return tuple(replace(event, beat=event.beat + bar * beats_per_bar) for bar in bars for event in pattern)


def rhythm(text: str, bars: Iterable[int], beats_per_bar: int = 4, step: float = 0.25) -> tuple[Event, ...]:
    """Return a rhythm, played in each of ``bars`` (counted from 0)."""
    return place(hits(text, step), bars, beats_per_bar)
