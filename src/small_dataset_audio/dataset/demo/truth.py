"""What is true of a composed piece."""

from collections.abc import Iterable
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from small_dataset_audio.dataset.demo.arrangement import DRUMS, Piece
from small_dataset_audio.dataset.demo.schedule import all_onsets, chord_times

_DECIMALS: Final = 6
_Time = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class ChordTime(BaseModel):
    """A chord and when it sounds, in seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    start: _Time
    stop: _Time
    symbol: str


class Truth(BaseModel):
    """What an analysis of a piece should find. All times are seconds from the start of the file.

    Attributes:
        title: of the piece.
        seconds: duration of the file.
        bpm: tempo in beats per minute.
        meter: such as ``4/4``.
        key: tonic and scale, such as ``Bb major``.
        beats: times of the beats.
        downbeats: times of the first beats of the bars; each of them is also in ``beats``.
        chords: the lead sheet, in time.
        drums: hits of kick, snare (with claps and brushes), hat, ride and crash; empty where a drum is not played.
        notes: times at which notes begin, by instrument; a chord counts once.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    seconds: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    bpm: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    meter: Annotated[str, Field(pattern=r"^\d+/\d+$")]
    key: Annotated[str, Field(pattern=r"^[A-G][b#]? (major|minor)$")]
    beats: tuple[_Time, ...]
    downbeats: tuple[_Time, ...]
    chords: tuple[ChordTime, ...]
    drums: dict[str, tuple[_Time, ...]]
    notes: dict[str, tuple[_Time, ...]]

    @property
    def tonic(self) -> str:
        """The key's first note."""
        return self.key.split()[0]

    @property
    def scale(self) -> str:
        """``major`` or ``minor``."""
        return self.key.split()[1]

    @property
    def onsets(self) -> tuple[float, ...]:
        """Every time at which a drum is hit or a note begins, ascending."""
        return _distinct(time for group in (self.drums, self.notes) for times in group.values() for time in times)


def _distinct(times: Iterable[float]) -> tuple[float, ...]:
    return tuple(sorted({round(float(time), _DECIMALS) for time in times}))


def truth_of(piece: Piece) -> Truth:
    """Return what is true of a piece; it follows from the score alone, without synthesis."""
    form = piece.form
    schedule = all_onsets(piece)
    drums: dict[str, list[float]] = {drum: [] for drum in DRUMS}
    notes: dict[str, tuple[float, ...]] = {}
    for part in piece.parts:
        starts = [onset.start for onset in schedule[part.name]]
        if part.role == "notes":
            notes[part.name] = _distinct(starts)
        elif part.role != "texture":
            drums[part.role] += starts
    return Truth(
        title=piece.title,
        seconds=round(piece.samples / piece.master.rate, _DECIMALS),
        bpm=form.bpm,
        meter="/".join(str(number) for number in form.meter),
        key=form.key,
        beats=_distinct(form.grid.beats),
        downbeats=_distinct(form.grid.downbeats),
        chords=tuple(
            ChordTime(start=round(start, _DECIMALS), stop=round(stop, _DECIMALS), symbol=symbol)
            for start, stop, symbol in chord_times(form)
        ),
        drums={drum: _distinct(times) for drum, times in drums.items()},
        notes=notes,
    )
