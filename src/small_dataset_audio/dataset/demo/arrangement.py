"""What a piece is made of: parts with an instrument and a place in the mix, and how the file is to be written."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePath
from typing import Final, Literal

from small_dataset_audio.dataset.demo.score.chords import Span, progression
from small_dataset_audio.dataset.demo.score.grid import STRAIGHT, Grid, Swing
from small_dataset_audio.dataset.demo.score.patterns import Event
from small_dataset_audio.dataset.demo.sound.synthesis import Instrument

Drum = Literal["kick", "snare", "hat", "ride", "crash"]
DRUMS: Final[tuple[Drum, ...]] = ("kick", "snare", "hat", "ride", "crash")
"""The drums whose hits the truth lists. Claps and brushes are the snare's; open and closed hats are one."""

Role = Drum | Literal["notes", "texture"]
"""What a part is to the truth: a drum, an instrument with pitch, or a sound without onsets."""


@dataclass(frozen=True)
class Echo:
    """Repeats: ``beats`` apart, each ``feedback`` times the one before, mixed in at ``level``."""

    beats: float
    feedback: float
    level: float


@dataclass(frozen=True)
class Strip:
    """One channel of the mixing desk.

    Attributes:
        gain: dB.
        pan: from -1 (left) to 1 (right).
        spread: how far low and high notes are apart, as on a piano seen from the stool.
        room: share sent to the reverberation.
        lowpass: Hz.
        highpass: Hz.
        sweep: (beat, Hz) points between which a low-pass filter moves.
        duck: how far the kick pushes this channel down, 0-1.
        echo: repeats.
        chorus: depth in milliseconds, 0 for none.
        autopan: swings per second and depth 0-1.
    """

    gain: float = 0.0
    pan: float = 0.0
    spread: float = 0.0
    room: float = 0.0
    lowpass: float | None = None
    highpass: float | None = None
    sweep: tuple[tuple[float, float], ...] = ()
    duck: float = 0.0
    echo: Echo | None = None
    chorus: float = 0.0
    autopan: tuple[float, float] | None = None


@dataclass(frozen=True)
class Part:
    """One player.

    Attributes:
        name: as the truth lists it.
        role: which kind of onsets these are.
        instrument: what is played.
        events: when and what.
        strip: where it stands in the mix.
        variants: how many takes of the same note are made; they are used in turn.
        looseness: standard deviation, in seconds, of notes off the beat, for a human player.
    """

    name: str
    role: Role
    instrument: Instrument
    events: tuple[Event, ...]
    strip: Strip = Strip()
    variants: int = 1
    looseness: float = 0.0


@dataclass(frozen=True)
class Form:
    """The frame of a piece: what is true of it before a note is played.

    Attributes:
        bpm: beats per minute.
        meter: beats per bar and the note value of the beat.
        key: tonic and scale, such as ``D minor``.
        bars: full bars; after them comes one closing downbeat.
        chords: the lead sheet (see `score.chords.progression`), one bar longer than ``bars`` for the closing chord.
        lead_in: seconds before the first beat.
        tail: seconds after the closing downbeat.
        swing: inequality of the notes within a beat.
        sway: human straying of the beat in seconds (standard deviation).
        seed: fixes everything that is drawn at random in this piece.
    """

    bpm: float
    key: str
    bars: int
    chords: str
    seed: int
    meter: tuple[int, int] = (4, 4)
    lead_in: float = 0.1
    tail: float = 2.5
    swing: Swing = STRAIGHT
    sway: float = 0.0

    @cached_property
    def spans(self) -> tuple[Span, ...]:
        """The chords with their places."""
        return progression(self.chords, self.meter[0])

    @property
    def last_beat(self) -> int:
        """The closing downbeat."""
        return self.bars * self.meter[0]

    @cached_property
    def grid(self) -> Grid:
        """The beats in seconds."""
        return Grid(self.bpm, self.meter[0], self.last_beat + 1, self.lead_in, self.swing, self.sway, self.seed)

    @property
    def seconds(self) -> float:
        """Duration."""
        return float(self.grid.beats[-1]) + self.tail


@dataclass(frozen=True)
class Master:
    """How the finished piece is delivered.

    Attributes:
        level: RMS in dBFS before the limiter, both channels together.
        warmth: amount of soft saturation on the sum, 0 for none.
        room: reverberation time in seconds.
        rate: samples per second.
        channels: 1 or 2.
        suffix: file format, with the dot.
        subtype: sample format as libsndfile names it.
    """

    level: float
    warmth: float = 0.0
    room: float = 1.5
    rate: int = 44100
    channels: int = 2
    suffix: str = ".flac"
    subtype: str = "PCM_16"


@dataclass(frozen=True)
class Piece:
    """A composition: title, frame, players, and delivery."""

    title: str
    form: Form
    parts: tuple[Part, ...]
    master: Master

    @property
    def samples(self) -> int:
        """Length of its recording in samples."""
        return round(self.form.seconds * self.master.rate)

    @property
    def file_name(self) -> PurePath:
        """Name of its audio file."""
        return PurePath(f"{self.title}{self.master.suffix}")
