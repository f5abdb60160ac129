"""Kitchen Waltz: jazz waltz, 3/4 at 150 BPM, G major. Swung eighths, walking bass, ride cymbal, brushes, piano."""

from typing import Final

from small_dataset_audio.dataset.demo.arrangement import Form, Master, Part, Piece, Strip
from small_dataset_audio.dataset.demo.score.accompaniment import comp
from small_dataset_audio.dataset.demo.score.grid import Swing
from small_dataset_audio.dataset.demo.score.patterns import Event, line, rhythm
from small_dataset_audio.dataset.demo.score.pitch import pitch_number
from small_dataset_audio.dataset.demo.sound.drums import Brush, Cymbal, Hat, Kick
from small_dataset_audio.dataset.demo.sound.keys import Piano, UprightBass

_FORM: Final = Form(
    bpm=150.0,
    key="G major",
    bars=24,
    chords=(
        "Gmaj7 | Em7 | Am7 | D7 | Gmaj7 | G7 | Cmaj7 | Cm6 |"
        "Bm7 | E7 | Am7 | D7 | Gmaj7 | E7 | Am7 | D7 |"
        "Gmaj7 | G7 | Cmaj7 | Cm6 | Bm7 | Am7 | D7 | G6 | G69"
    ),
    seed=1500,
    meter=(3, 4),
    lead_in=0.2,
    tail=3.0,
    swing=Swing(1.0, 0.64),
)
_BEATS: Final = 3
_CHORDS: Final = _FORM.spans
_END: Final = (Event(_FORM.last_beat, 5.0, None, 0.8),)

_WALK: Final = """
    G2 B2 D3 | E2 G2 B2 | A2 C3 E3 | D3 C3 F#2 | G2 D3 B2 | G2 F2 D2 | C2 E2 G2 | C3 A2 Eb2
    | B2 F#2 D2 | E2 G#2 B2 | A2 E2 C3 | D3 A2 F#2 | G2 B2 D3 | E3 D3 G#2 | A2 C3 E3 | D3 A2 F#2
    | G2 D2 B2 | G2 B2 F2 | C3 B2 G2 | C2 Eb2 A2 | B2 A2 F#2 | A2 E2 C2 | D2 E2 F#2 | G2 D2 F#2
    | G1! - - -
"""

_TUNE: Final = """
    . . D5 - B4? D5 | G5! - - - F#5? E5 | E5 - C5 - A4? C5 | F#5! - - - E5? D5
    | D5 - B4 - G4? B4 | F5! - - - D5? B4 | E5 - - - G5 - | Eb5! - - - D5? C5
    | D5 - F#5 - A5 - | G#5! - - - E5? B4 | C5 - E5 - G5 E5? | F#5 - - - D5? A4
    | B4 - D5 - F#5 D5? | E5! - - D5 B4? G#4 | A4 - C5 - E5 C5? | D5 - - - . .
    | . . D5 - B4? D5 | F5! - - - D5? B4 | E5 - G5 - B5! G5? | A5 - - G5 Eb5? C5
    | D5 - F#5 - D5 B4? | C5 - E5 - C5 A4? | F#5! - E5 D5? C5 A4 | G4 - - - . .
    | D5! - - - - - - -
"""

PIECE: Final = Piece(
    title="Kitchen Waltz",
    form=_FORM,
    parts=(
        Part(
            "ride",
            "ride",
            Cymbal(1.3, wash=0.06),
            (*rhythm("x.xox.", range(24), _BEATS, 0.5), *_END),
            Strip(gain=-10.0, pan=0.3, room=0.12, highpass=1200.0),
            variants=3,
            looseness=0.003,
        ),
        Part(
            "pedal hat",
            "hat",
            Hat(0.05, edge=4500.0),
            rhythm(".x.", range(24), _BEATS, 1.0),
            Strip(gain=-12.0, pan=-0.2, room=0.1),
            variants=3,
        ),
        Part(
            "brush",
            "snare",
            Brush(),
            (*rhythm("...o..", range(0, 24, 2), _BEATS, 0.5), *rhythm(".g...o", range(1, 24, 2), _BEATS, 0.5)),
            Strip(gain=-6.0, pan=-0.1, room=0.15),
            variants=4,
            looseness=0.004,
        ),
        Part(
            "kick",
            "kick",
            Kick(low=62.0, top=120.0, fall=0.015, ring=0.3, click=0.08, drive=1.1),
            (*rhythm("o", range(24), _BEATS), *_END),
            Strip(gain=-11.0, room=0.1),
        ),
        Part("bass", "notes", UprightBass(), line(_WALK, 1.0), Strip(gain=-8.0, pan=-0.05, room=0.06), looseness=0.004),
        Part(
            "comping",
            "notes",
            Piano(),
            (
                *comp(_CHORDS, rhythm("..x-..", range(0, 24, 2), _BEATS, 0.5), pitch_number("B3")),
                *comp(_CHORDS, rhythm("o..x-.", range(1, 24, 2), _BEATS, 0.5), pitch_number("B3")),
                *comp(_CHORDS, _END, pitch_number("B3")),
            ),
            Strip(gain=-19.5, spread=0.5, room=0.18),
            looseness=0.004,
        ),
        Part("melody", "notes", Piano(), line(_TUNE, 0.5), Strip(gain=-13.5, spread=0.5, room=0.2), looseness=0.004),
    ),
    master=Master(level=-18.5, room=1.1),
)
