"""Night Tram: house, 124 BPM, D minor. Four on the floor, claps, off-beat hats, and pads that breathe with the kick."""

from typing import Final

from small_dataset_audio.dataset.demo.arrangement import Echo, Form, Master, Part, Piece, Strip
from small_dataset_audio.dataset.demo.score.accompaniment import arpeggio, comp, held, roots
from small_dataset_audio.dataset.demo.score.patterns import Event, line, place, rhythm
from small_dataset_audio.dataset.demo.score.pitch import pitch_number
from small_dataset_audio.dataset.demo.sound.drums import Clap, Cymbal, Hat, Kick
from small_dataset_audio.dataset.demo.sound.keys import Bars, Plucked, Saws, SynthBass
from small_dataset_audio.dataset.demo.sound.textures import Rise

_LOOP: Final = "Dm9 | Bbmaj7 | Gm9 | A7sus4 A7"
_FORM: Final = Form(
    bpm=124.0,
    key="D minor",
    bars=18,
    chords=f"{_LOOP} | {_LOOP} | {_LOOP} | Gm9 | A7sus4 A7 | {_LOOP} | Dm9",
    seed=1240,
)
_CHORDS: Final = _FORM.spans
_INTRO, _MAIN, _BREAK, _LAST = range(4), range(4, 12), range(12, 14), range(14, 18)
_FULL: Final = (*_MAIN, *_LAST)
_END: Final = (Event(_FORM.last_beat, 2.0, None, 1.0),)

_HOOK: Final = """
    A4! - . F4 . . G4? A4 | F4 - . D4 . . F4? G4
    | D4 - . G4 . . A4? Bb4 | A4! - . G4 C#5 - A4? E4
"""

PIECE: Final = Piece(
    title="Night Tram",
    form=_FORM,
    parts=(
        Part(
            "kick",
            "kick",
            Kick(),
            (
                *rhythm("X...X...X...X...", (*_INTRO, *range(4, 11), *range(14, 18))),
                *rhythm("X...X...X...", [11]),
                *_END,
            ),
            Strip(gain=-3.0),
        ),
        Part("clap", "snare", Clap(), rhythm("....x.......x...", _FULL), Strip(gain=-3.0, room=0.16), variants=3),
        Part(
            "closed hat",
            "hat",
            Hat(0.06),
            (*rhythm("o.o.o.o.o.o.o.o.", range(2, 4)), *rhythm("o.xgo.xgo.xgo.xx", _FULL)),
            Strip(gain=-6.0, pan=0.2),
            variants=4,
        ),
        Part("open hat", "hat", Hat(0.24), rhythm("..x...x...x...x.", _FULL), Strip(gain=-8.0, pan=-0.15), variants=4),
        Part(
            "crash",
            "crash",
            Cymbal(2.4, wash=0.5, bloom=0.004),
            (*rhythm("x", [4, 14]), *_END),
            Strip(gain=-11.0, room=0.2),
        ),
        Part(
            "bass",
            "notes",
            SynthBass(edge=0.55, ring=0.35),
            (
                *roots(_CHORDS, rhythm("..x...x-..x..xo.", _FULL), pitch_number("F1")),
                *roots(_CHORDS, _END, pitch_number("F1")),
            ),
            Strip(gain=-10.5, duck=0.55, lowpass=2600.0),
        ),
        Part(
            "stabs",
            "notes",
            Plucked(ring=0.55, closing=0.1, bright=1.0, detune=11.0),
            comp(_CHORDS, rhythm("x..x..x...o..x..", (*_INTRO, *_FULL)), pitch_number("A3")),
            Strip(
                gain=-12.0,
                room=0.3,
                duck=0.35,
                highpass=300.0,
                sweep=((0, 700.0), (15, 4000.0), (16, 9000.0), (72, 12000.0)),
                echo=Echo(0.75, 0.42, 0.5),
                chorus=1.2,
            ),
        ),
        Part(
            "pad",
            "notes",
            Saws(voices=5, detune=16.0, swell=0.12, fall=0.3),
            (*held(_CHORDS, range(18), pitch_number("D3")), *comp(_CHORDS, _END, pitch_number("D3"), rootless=False)),
            Strip(
                gain=-18.0,
                room=0.35,
                duck=0.85,
                highpass=220.0,
                sweep=((0, 500.0), (16, 2600.0), (47, 3600.0), (48, 900.0), (56, 6500.0), (57, 3600.0), (72, 4500.0)),
            ),
        ),
        Part(
            "arpeggio",
            "notes",
            Bars(ratios=(1.0, 2.0, 3.0, 5.0), levels=(1.0, 0.5, 0.35, 0.2), ring=1.3),
            arpeggio(_CHORDS, rhythm("x.xx.xx.x.xx.xxo", (*range(8, 18),)), (0, 2, 4, 6, 3, 5, 1), pitch_number("D4")),
            Strip(gain=-12.5, pan=-0.25, room=0.35, duck=0.3, echo=Echo(0.75, 0.5, 0.55)),
        ),
        Part(
            "lead",
            "notes",
            Plucked(ring=0.8, closing=0.07, bright=0.95, detune=6.0),
            place(line(_HOOK, 0.5), (8, 14)),
            Strip(gain=-10.5, pan=0.15, room=0.3, lowpass=7500.0, echo=Echo(0.5, 0.4, 0.35)),
        ),
        Part("rise", "texture", Rise(), (Event(48.0, 8.0, None, 0.8),), Strip(gain=-14.0, room=0.2)),
    ),
    master=Master(level=-10.5, warmth=1.1, room=1.6),
)
