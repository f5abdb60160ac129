"""Undertow: drum & bass, 172 BPM, F minor. A broken beat with ghost notes, a growling bass, wide pads."""

from typing import Final

from small_dataset_audio.dataset.demo.arrangement import Echo, Form, Master, Part, Piece, Strip
from small_dataset_audio.dataset.demo.score.accompaniment import arpeggio, comp, held, roots
from small_dataset_audio.dataset.demo.score.patterns import Event, rhythm
from small_dataset_audio.dataset.demo.score.pitch import pitch_number
from small_dataset_audio.dataset.demo.sound.drums import Cymbal, Hat, Kick, Snare
from small_dataset_audio.dataset.demo.sound.keys import Bars, Plucked, Saws, SynthBass
from small_dataset_audio.dataset.demo.sound.textures import Rise

_DROP: Final = "Fm9 | % | Dbmaj7 | % | Bbm9 | % | C7sus4 | C7"
_FORM: Final = Form(
    bpm=172.0,
    key="F minor",
    bars=24,
    chords=f"Fm9 | % | Dbmaj7 | C7 | {_DROP} | Fm9 | % | Dbmaj7 | C7 | {_DROP} | Fm9",
    seed=1720,
    lead_in=0.15,
)
_CHORDS: Final = _FORM.spans
_DROPS: Final = (*range(4, 12), *range(16, 24))
_ODD, _EVEN = _DROPS[0::2], _DROPS[1::2]
_QUIET: Final = (*range(4), *range(12, 16))
_END: Final = (Event(_FORM.last_beat, 2.0, None, 1.0),)

PIECE: Final = Piece(
    title="Undertow",
    form=_FORM,
    parts=(
        Part(
            "kick",
            "kick",
            Kick(low=54.0, top=260.0, fall=0.018, ring=0.24, click=0.35, drive=2.0),
            (
                *rhythm("X.........X.....", _ODD),
                *rhythm("X.....x...X.....", _EVEN),
                *rhythm("X...............", range(2, 4)),
                *_END,
            ),
            Strip(gain=-3.5),
        ),
        Part(
            "snare",
            "snare",
            Snare(tone=204.0, wires=0.75, ring=0.24),
            (
                *rhythm("....X..g.g..X..g", _ODD),
                *rhythm("....X..g.o..X.go", [bar for bar in _EVEN if bar not in {11, 23}]),
                *rhythm("....X..g.ooxX.xx", [11, 23]),
                *rhythm("........o.o.xxXX", [3, 15]),
            ),
            Strip(gain=-6.0, room=0.1),
            variants=4,
        ),
        Part(
            "hat",
            "hat",
            Hat(0.05),
            (*rhythm("x.o.x.o.x.o.x.og", _DROPS), *rhythm("o.g.o.g.o.g.o.gg", range(1, 4))),
            Strip(gain=-7.0, pan=0.15),
            variants=4,
        ),
        Part(
            "ride",
            "ride",
            Cymbal(0.9, wash=0.1),
            rhythm("x...x...x...x...", range(16, 24)),
            Strip(gain=-11.0, pan=-0.3),
            variants=3,
        ),
        Part(
            "crash",
            "crash",
            Cymbal(2.6, wash=0.5, bloom=0.004),
            (*rhythm("x", [4, 16]), *_END),
            Strip(gain=-11.0, room=0.2),
        ),
        Part(
            "sub",
            "notes",
            SynthBass(edge=0.1, ring=0.3),
            (
                *roots(_CHORDS, rhythm("x-----..x---..o-", _ODD), pitch_number("E1")),
                *roots(_CHORDS, rhythm("x---..x-----....", _EVEN), pitch_number("E1")),
                *roots(_CHORDS, _END, pitch_number("E1")),
            ),
            Strip(gain=-11.0, duck=0.5, lowpass=220.0),
        ),
        Part(
            "reese",
            "notes",
            Saws(voices=4, detune=26.0, swell=0.01, fall=0.05, width=0.6),
            (
                *roots(_CHORDS, rhythm("x-----..x---..o-", _ODD), pitch_number("E2")),
                *roots(_CHORDS, rhythm("x---..x-----....", _EVEN), pitch_number("E2")),
            ),
            Strip(
                gain=-7.5,
                duck=0.4,
                highpass=90.0,
                sweep=tuple((4.0 * bar, 450.0 if bar % 2 else 2400.0) for bar in range(25)),
            ),
        ),
        Part(
            "pad",
            "notes",
            Saws(voices=5, detune=13.0, swell=0.4, fall=0.6),
            (*held(_CHORDS, range(24), pitch_number("F3")), *comp(_CHORDS, _END, pitch_number("F3"), rootless=False)),
            Strip(
                gain=-18.0,
                room=0.5,
                duck=0.3,
                highpass=200.0,
                sweep=((0, 700.0), (16, 3600.0), (17, 2200.0), (48, 1800.0), (64, 6000.0), (65, 2600.0), (96, 3400.0)),
            ),
        ),
        Part(
            "stabs",
            "notes",
            Plucked(ring=0.5, closing=0.1, bright=1.0),
            comp(_CHORDS, rhythm("..x..x..........", range(17, 24, 2)), pitch_number("Ab3")),
            Strip(gain=-12.0, room=0.45, highpass=300.0, echo=Echo(0.75, 0.5, 0.5)),
        ),
        Part(
            "bells",
            "notes",
            Bars(ratios=(1.0, 2.76, 5.4), levels=(1.0, 0.3, 0.12), ring=1.8),
            (
                *arpeggio(_CHORDS, rhythm("x..x..x..x..x.x.", _QUIET), (0, 2, 4, 5, 3, 1), pitch_number("F4")),
                *arpeggio(_CHORDS, rhythm("x.....x.....x...", range(4, 12)), (4, 2, 3), pitch_number("F4")),
            ),
            Strip(gain=-15.0, pan=0.2, room=0.5, echo=Echo(0.75, 0.5, 0.5)),
        ),
        Part("rise", "texture", Rise(), (Event(48.0, 16.0, None, 0.8),), Strip(gain=-14.0, room=0.2)),
    ),
    master=Master(level=-10.5, warmth=1.2, room=1.8),
)
