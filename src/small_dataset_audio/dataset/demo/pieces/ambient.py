"""Slow Harbour: ambient, 72 BPM, Eb major. No drums: pads, a soft arpeggio, a bell, and a very large room."""

from typing import Final

from small_dataset_audio.dataset.demo.arrangement import Echo, Form, Master, Part, Piece, Strip
from small_dataset_audio.dataset.demo.score.accompaniment import arpeggio, comp, held, roots
from small_dataset_audio.dataset.demo.score.patterns import Event, line, rhythm
from small_dataset_audio.dataset.demo.score.pitch import pitch_number
from small_dataset_audio.dataset.demo.sound.keys import Bars, Saws, SynthBass
from small_dataset_audio.dataset.demo.sound.textures import Air

_FORM: Final = Form(
    bpm=72.0,
    key="Eb major",
    bars=9,
    chords="Ebmaj9 | Cm9 | Abmaj9 | Bb9sus4 | Ebmaj9 | Gm7 | Abmaj9 | Fm9 | Bb9sus4 Bb9 | Ebadd9",
    seed=720,
    lead_in=0.5,
    tail=6.0,
)
_CHORDS: Final = _FORM.spans
_END: Final = (Event(_FORM.last_beat, 6.0, None, 0.7),)
_UP_AND_DOWN: Final = (0, 2, 3, 4, 5, 4, 3, 2)

_BELL: Final = """
    . . . . | . . . . | G5 - - Bb5? | - - F5 - | Eb5 - - - | . . D5? F5
    | C6 - - Bb5? | - - Ab5 - | F5 - D5? - | G5 - - - - -
"""

PIECE: Final = Piece(
    title="Slow Harbour",
    form=_FORM,
    parts=(
        Part(
            "pad",
            "notes",
            Saws(voices=5, detune=9.0, swell=0.7, fall=1.8),
            (*held(_CHORDS, range(9), pitch_number("Eb3")), *comp(_CHORDS, _END, pitch_number("Eb3"), rootless=False)),
            Strip(
                gain=-19.5,
                room=0.6,
                highpass=110.0,
                sweep=((-1, 380.0), (16, 900.0), (24, 1500.0), (30, 1900.0), (36, 900.0), (42, 350.0)),
                chorus=1.6,
            ),
        ),
        Part(
            "low",
            "notes",
            SynthBass(edge=0.06, ring=1.0, snap=0.12),
            (
                *roots(_CHORDS, rhythm("x---", range(8), step=1.0), pitch_number("G1")),
                *roots(_CHORDS, rhythm("x-x-", [8], step=1.0), pitch_number("G1")),
                *roots(_CHORDS, _END, pitch_number("G1")),
            ),
            Strip(gain=-13.5, lowpass=300.0),
        ),
        Part(
            "arpeggio",
            "notes",
            Bars(ratios=(1.0, 2.0, 3.0, 4.0), levels=(1.0, 0.35, 0.15, 0.05), ring=2.2, soft=0.004),
            arpeggio(_CHORDS, rhythm("xoxoxoxo", range(9), step=0.5), _UP_AND_DOWN, pitch_number("Eb4")),
            Strip(gain=-7.0, pan=-0.35, spread=0.8, room=0.45, echo=Echo(0.75, 0.45, 0.4)),
        ),
        Part(
            "bell",
            "notes",
            Bars(ratios=(1.0, 2.76, 5.4, 8.9), levels=(1.0, 0.25, 0.1, 0.04), ring=5.0),
            line(_BELL, 1.0),
            Strip(gain=-13.0, pan=0.2, room=0.8, echo=Echo(1.5, 0.4, 0.35)),
        ),
        Part("air", "texture", Air(), (Event(-1.0, 60.0, None, 0.6),), Strip(gain=-30.0, room=0.3)),
    ),
    master=Master(level=-21.5, room=4.2, rate=48000, suffix=".wav", subtype="PCM_24"),
)
