"""The tracks of a library as the report shows them."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from small_dataset_audio.dataset.entries import Entry
from small_dataset_audio.dataset.keys import key_name, key_of
from small_dataset_audio.dataset.report.drawing.draw import Drawn
from small_dataset_audio.dataset.report.links import slug


@dataclass(frozen=True)
class Piece:
    """One track.

    Attributes:
        entry: what is known of it.
        drawn: what is known of its drawing.
        numbers: name -> value, of every value that is a finite number.
        labels: name -> label -> probability.
        texts: name -> text; of lists, their parts with commas between.
    """

    entry: Entry
    drawn: Drawn = field(default_factory=Drawn)
    numbers: Mapping[str, float] = field(default_factory=dict)
    labels: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The track's name."""
        return self.entry.name

    @property
    def slug(self) -> str:
        """The name of its files in the report."""
        return slug(self.name)

    @property
    def page(self) -> str:
        """Its page, relative to the report's folder."""
        return f"tracks/{self.slug}.html"

    @property
    def tempo(self) -> float | None:
        """Beats per minute; None where there is no steady tempo."""
        return self.numbers.get("bpm") if self.numbers.get("bpm_is_defined", 1.0) else None

    @property
    def key(self) -> tuple[int, str] | None:
        """Tonic and mode, where a key was measured."""
        return key_of(self.entry.values)

    @property
    def key_name(self) -> str | None:
        """The key, as musicians write it."""
        return key_name(self.entry.values)

    @property
    def seconds(self) -> float | None:
        """How long it lasts: as decoded, or else as its file said when it was brought in."""
        if self.drawn.seconds is not None:
            return self.drawn.seconds
        audio = self.entry.provenance.get("audio", {})
        return _finite(audio.get("seconds")) if isinstance(audio, dict) else None


def piece_of(entry: Entry, drawn: Drawn) -> Piece:
    """Return a track as the report shows it."""
    numbers: dict[str, float] = {}
    labels: dict[str, dict[str, float]] = {}
    texts: dict[str, str] = {}
    for name, value in entry.values.items():
        number = _finite(value)
        if number is not None:
            numbers[name] = number
        elif isinstance(value, str):
            texts[name] = value
        elif isinstance(value, bool):
            texts[name] = "yes" if value else "no"
        elif isinstance(value, dict):
            weighed = {label: _finite(one) for label, one in value.items()}
            labels[name] = {label: one for label, one in weighed.items() if one is not None}
        elif isinstance(value, list):
            texts[name] = ", ".join(map(str, value))
    return Piece(entry, drawn, numbers, labels, texts)


def values_of(pieces: Iterable[Piece], name: str) -> list[float]:
    """Return the values called ``name`` of those tracks that have one; of ``bpm`` only where the tempo is steady."""
    found: Iterator[float | None]
    found = (piece.tempo if name == "bpm" else piece.numbers.get(name) for piece in pieces)
    return [value for value in found if value is not None]


def _finite(value: object) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
