"""Juniper: one steel-string guitar, 96 BPM, E minor, fingerpicked by a human who does not play to a metronome.

The chords are fingerings, lowest string first, as in a songbook; the picking is written string by string.
"""

from typing import Final

from small_dataset_audio.dataset.demo.arrangement import Form, Master, Part, Piece, Strip
from small_dataset_audio.dataset.demo.score.patterns import Event
from small_dataset_audio.dataset.demo.sound.strings import SteelString

_OPEN: Final = {6: 40, 5: 45, 4: 50, 3: 55, 2: 59, 1: 64}
"""Pitch numbers of the open strings E2 A2 D3 G3 B3 E4, by their number on the guitar."""

_SHAPES: Final = {
    "Em": "022000",
    "C": "x32010",
    "G": "320003",
    "D/F#": "200232",
    "Am": "x02210",
    "B7": "x21202",
}
_LOW: Final = {"Em": (6, 4), "C": (5, 4), "G": (6, 4), "D/F#": (6, 4), "Am": (5, 4), "B7": (5, 4)}
"""The strings between which the thumb alternates, by chord."""

_ROLLING: Final = "b+1 3 a 2 b 3 a 2"
_OPENING: Final = "b 3 a 2 b+1 3 a 2"

_BARS: Final = (
    ("Em", _OPENING),
    ("Em", "b+1 3 a 2 b+2:3 3 a 2"),
    ("C", _ROLLING),
    ("G", "b+1 3 a 2 b+2 3 a 2:1"),
    ("Em", "b+1 3 a 1:3 b+1:2 3 a 2"),
    ("C", "b+1:3 2 a 1 b 2 a 3"),
    ("Am", "b+1 3 a 2 b+2:3 3 a 2"),
    ("B7", "b+1 3 a 2 b 3 a 4"),
    ("Em", _ROLLING),
    ("G", "b+1 3 a 2 b+1:2 3 a 2"),
    ("D/F#", "b+1 3 a 2 b+2 3 a 2"),
    ("B7", "b+1 3 a 2 b . a ."),
)
_STRUM: Final = 0.035
"""Beats between the strings of the closing chord, as the thumb sweeps across them."""


def _pitch(chord: str, string: int, fret: str) -> int:
    return _OPEN[string] + int(fret or _SHAPES[chord][6 - string])


def _plucks() -> list[tuple[float, int, int, float]]:
    """Return (beat, string, pitch, strength) of everything that is picked, the closing strum included."""
    plucks = []
    for bar, (chord, picking) in enumerate(_BARS):
        for step, fingers in enumerate(picking.split()):
            for finger in fingers.replace(".", "").split("+"):
                name, _, fret = finger.partition(":")
                if not name:
                    continue
                thumb = name in "ab"
                string = _LOW[chord]["ba".index(name)] if thumb else int(name)
                strength = (0.85 if name == "b" else 0.7) if thumb else (0.8 if fret else 0.6)
                plucks.append((4.0 * bar + 0.5 * step, string, _pitch(chord, string, fret), strength))
    closing = 4.0 * len(_BARS)
    strum = [(closing + _STRUM * place, string, _pitch("Em", string, ""), 0.7) for place, string in enumerate(_OPEN)]
    return plucks + strum


def _ringing() -> tuple[Event, ...]:
    """Return the plucks as events: a string sounds until it is plucked again, or its chord ends a bar later."""
    plucks = sorted(_plucks())
    events = []
    for beat, string, pitch, strength in plucks:
        again = [other for other, same, _, _ in plucks if same == string and other > beat]
        events.append(Event(beat, min([*again, beat + 4.0]) - beat, pitch, strength))
    return tuple(events)


PIECE: Final = Piece(
    title="Juniper",
    form=Form(
        bpm=96.0,
        key="E minor",
        bars=len(_BARS),
        chords=" | ".join([*(chord for chord, _ in _BARS), "Em"]),
        seed=960,
        lead_in=0.25,
        tail=3.0,
        sway=0.006,
    ),
    parts=(Part("guitar", "notes", SteelString(), _ringing(), Strip(room=0.12), variants=1000, looseness=0.006),),
    master=Master(level=-19.0, room=0.9, channels=1),
)
