"""Paper Umbrella: lo-fi hip hop, 86 BPM, Bb major. Swung sixteenths, ghost notes, a tine piano, a dusty record."""

from typing import Final

from small_dataset_audio.dataset.demo.arrangement import Echo, Form, Master, Part, Piece, Strip
from small_dataset_audio.dataset.demo.score.accompaniment import comp, roots
from small_dataset_audio.dataset.demo.score.grid import Swing
from small_dataset_audio.dataset.demo.score.patterns import Event, line, place, rhythm
from small_dataset_audio.dataset.demo.score.pitch import pitch_number
from small_dataset_audio.dataset.demo.sound.drums import Hat, Kick, Snare
from small_dataset_audio.dataset.demo.sound.keys import Bars, ElectricPiano, SynthBass
from small_dataset_audio.dataset.demo.sound.textures import Vinyl

_A: Final = "Bbmaj9 | Gm9 | Cm9 | F13"
_B: Final = "Ebmaj9 | Dm7 Gm7 | Cm9 | F9sus4 F9"
_FORM: Final = Form(
    bpm=86.0,
    key="Bb major",
    bars=12,
    chords=f"{_A} | {_B} | {_A} | Bbmaj9",
    seed=860,
    lead_in=0.35,
    tail=3.5,
    swing=Swing(0.5, 0.6),
)
_CHORDS: Final = _FORM.spans
_END: Final = (Event(_FORM.last_beat, 4.0, None, 0.8),)
_ODD, _EVEN = range(0, 12, 2), range(1, 12, 2)

_TUNE: Final = """
    . . D5 - F5? - G5 - | A5! - F5? - D5 - Bb4? - | C5 - Eb5 - D5? C5 Bb4? - | C5 - - - A4 - - -
    | D5! - - C5? D5 - F5 - | D5 - - - Bb4? - A4 - | G4 - Bb4? - D5 - Eb5? D5 | C5 - - - A4? - C5 -
    | D5 - - - - - - -
"""

PIECE: Final = Piece(
    title="Paper Umbrella",
    form=_FORM,
    parts=(
        Part(
            "kick",
            "kick",
            Kick(low=52.0, top=140.0, fall=0.02, ring=0.34, click=0.1, drive=2.2),
            (
                *rhythm("X.....x...x.....", range(2, 12, 2)),
                *rhythm("X......x..x..o..", range(3, 12, 2)),
                *rhythm("X...............", [0]),
                *rhythm("X.............x.", [1]),
            ),
            Strip(gain=-5.0, lowpass=3500.0),
        ),
        Part(
            "snare",
            "snare",
            Snare(tone=172.0, wires=0.6, ring=0.24, dull=6500.0),
            (*rhythm("....x..g.g..x...", range(2, 12, 2)), *rhythm("....x..g.o..x.gg", range(3, 12, 2))),
            Strip(gain=-2.0, lowpass=8000.0, room=0.12),
            variants=3,
            looseness=0.004,
        ),
        Part(
            "hat",
            "hat",
            Hat(0.055, edge=5200.0),
            (*rhythm("x.o.x.og", _ODD, step=0.5), *rhythm("x.ogx.o.x.o.xgoo", _EVEN)),
            Strip(gain=-3.0, pan=0.25, lowpass=11000.0),
            variants=4,
            looseness=0.003,
        ),
        Part(
            "bass",
            "notes",
            SynthBass(edge=0.18, ring=0.3, snap=0.006),
            (
                *roots(_CHORDS, rhythm("x----.o-..x---..", _ODD), pitch_number("F1")),
                *roots(_CHORDS, rhythm("x-----..x----.o.", _EVEN), pitch_number("F1")),
                *roots(_CHORDS, _END, pitch_number("F1")),
            ),
            Strip(gain=-11.5, lowpass=900.0),
        ),
        Part(
            "electric piano",
            "notes",
            ElectricPiano(body=1.9, tine=0.55),
            (
                *comp(_CHORDS, rhythm("x---------o---..", _ODD), pitch_number("C4"), rootless=False),
                *comp(_CHORDS, rhythm("x------.x-----..", _EVEN), pitch_number("C4"), rootless=False),
                *comp(_CHORDS, _END, pitch_number("C4"), rootless=False),
                *roots(_CHORDS, rhythm("o---------......", range(12)), pitch_number("F2")),
                *roots(_CHORDS, _END, pitch_number("F2")),
            ),
            Strip(gain=-15.0, room=0.2, lowpass=5500.0, autopan=(3.4, 0.28), chorus=1.0),
            looseness=0.003,
        ),
        Part(
            "vibraphone",
            "notes",
            Bars(ring=3.0, pulse=5.2),
            place(line(_TUNE, 0.5), [4]),
            Strip(gain=-8.5, pan=-0.2, room=0.35, lowpass=5000.0, echo=Echo(0.75, 0.35, 0.3)),
            looseness=0.006,
        ),
        Part("record", "texture", Vinyl(), (Event(-1.0, 60.0, None, 1.0),), Strip(gain=3.0)),
    ),
    master=Master(level=-15.0, warmth=1.6, room=1.3),
)
