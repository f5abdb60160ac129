"""Chord symbols, and how a player would lay their notes out.

A progression is written as on a lead sheet: bars between ``|``, one or more symbols in a bar (they share it equally),
``%`` for "as the bar before".
"""

import re
from dataclasses import dataclass
from typing import Final

from small_dataset_audio.dataset.demo.score.pitch import SEMITONES, pitch_class

_QUALITIES: Final = {
    "": (0, 4, 7),
    "6": (0, 4, 7, 9),
    "69": (0, 4, 7, 9, 14),
    "7": (0, 4, 7, 10),
    "9": (0, 4, 7, 10, 14),
    "13": (0, 4, 7, 10, 14, 21),
    "7sus4": (0, 5, 7, 10),
    "9sus4": (0, 5, 7, 10, 14),
    "add9": (0, 4, 7, 14),
    "maj7": (0, 4, 7, 11),
    "maj9": (0, 4, 7, 11, 14),
    "m": (0, 3, 7),
    "m6": (0, 3, 7, 9),
    "m7": (0, 3, 7, 10),
    "m9": (0, 3, 7, 10, 14),
}
"""Chord qualities as semitones above the root."""

_TRIAD: Final = 3
_SYMBOL: Final = re.compile(r"([A-G][#b]?)([^/]*)(?:/([A-G][#b]?))?")


@dataclass(frozen=True)
class Chord:
    """A chord symbol, understood.

    Attributes:
        symbol: as written, such as ``D/F#``.
        root: pitch class of the root.
        intervals: semitones above the root, ascending.
        bass: pitch class of the lowest note.
    """

    symbol: str
    root: int
    intervals: tuple[int, ...]
    bass: int

    @property
    def pitch_classes(self) -> tuple[int, ...]:
        """Pitch classes in the order of the intervals, root first."""
        return tuple((self.root + interval) % SEMITONES for interval in self.intervals)

    def voicing(self, low: int, *, rootless: bool = False) -> tuple[int, ...]:
        """Return the chord's notes in the octave that starts at ``low``, ascending.

        Keeping every chord in the same octave makes the voices move by the smallest steps from chord to chord.

        Args:
            low: pitch number of the lowest place.
            rootless: leave the root to the bass player, as pianists do in chords of more than three notes.
        """
        classes = self.pitch_classes[1:] if rootless and len(self.intervals) > _TRIAD else self.pitch_classes
        return tuple(sorted(above(tone, low) for tone in classes))


@dataclass(frozen=True)
class Span:
    """A chord and its place: ``beat`` counts from 0 at the start of the piece, ``beats`` is its length."""

    beat: float
    beats: float
    chord: Chord


def above(tone: int, low: int) -> int:
    """Return the lowest pitch number at or above ``low`` that has the pitch class ``tone``."""
    return low + (tone - low) % SEMITONES


def chord(symbol: str) -> Chord:
    """Return the chord that a symbol such as ``Bbmaj9`` or ``D/F#`` stands for.

    Raises:
        ValueError: the symbol's root or quality is not known.
    """
    match = _SYMBOL.fullmatch(symbol)
    if match is None or match[2] not in _QUALITIES:
        raise ValueError(f"{symbol!r} is not a chord symbol this notation knows.")
    root = pitch_class(match[1])
    return Chord(symbol, root, _QUALITIES[match[2]], pitch_class(match[3]) if match[3] else root)


def progression(text: str, beats_per_bar: int) -> tuple[Span, ...]:
    """Return the chords of a lead sheet with their places.

    Raises:
        ValueError: a bar is empty, a symbol is not known, or the first bar says "as the bar before".
    """
    spans: list[Span] = []
    symbols: list[str] = []
    for bar, content in enumerate(text.split("|")):
        symbols = symbols if content.strip() == "%" else content.split()
        if not symbols:
            raise ValueError(f"Bar {bar + 1} of the progression is empty.")
        beats = beats_per_bar / len(symbols)
        spans += [Span(bar * beats_per_bar + i * beats, beats, chord(symbol)) for i, symbol in enumerate(symbols)]
    return tuple(spans)


def chord_at(spans: tuple[Span, ...], beat: float) -> Chord:
    """Return the chord that sounds at ``beat``; the first before the start, the last after the end."""
    sounding = [span.chord for span in spans if span.beat <= beat]
    return sounding[-1] if sounding else spans[0].chord
