"""From beats to seconds: what each part plays and when. The sound and the truth are both made from this."""

import zlib
from dataclasses import dataclass

import numpy as np

from small_dataset_audio.dataset.demo.arrangement import Form, Part, Piece

_OFF_BEAT = 1e-6


@dataclass(frozen=True)
class Onset:
    """One note or hit in time: seconds, pitch number (None for drums) and strength 0-1."""

    start: float
    seconds: float
    pitch: int | None
    strength: float


def generator(piece: Piece, purpose: str) -> np.random.Generator:
    """Return the random generator of one purpose in one piece: adding a part does not change the others."""
    return np.random.default_rng([piece.form.seed, zlib.crc32(purpose.encode())])


def onsets(piece: Piece, part: Part) -> tuple[Onset, ...]:
    """Return what a part plays, in order of time.

    Notes on the beat are exactly on the true beat; others stray by the part's looseness. Nothing starts before the file.

    Raises:
        ValueError: something is to be played after the end of the piece.
    """
    random = generator(piece, f"timing of {part.name}")
    form, grid = piece.form, piece.form.grid
    events = sorted(part.events, key=lambda event: (event.beat, event.pitch or 0))
    played = []
    for event in events:
        stray = random.normal(0.0, part.looseness) if part.looseness else 0.0
        on_beat = abs(event.beat - round(event.beat)) < _OFF_BEAT
        start = max(0.0, grid.seconds(event.beat) + (0.0 if on_beat else stray))
        if start >= form.seconds:
            raise ValueError(f"{part.name} plays at beat {event.beat}, after the end of {piece.title}.")
        stop = grid.seconds(event.beat + event.beats)
        played.append(Onset(start, min(stop, form.seconds) - start, event.pitch, event.strength))
    return tuple(sorted(played, key=lambda onset: onset.start))


def all_onsets(piece: Piece) -> dict[str, tuple[Onset, ...]]:
    """Return what every part plays, by the part's name."""
    return {part.name: onsets(piece, part) for part in piece.parts}


def chord_times(form: Form) -> tuple[tuple[float, float, str], ...]:
    """Return (start, stop, symbol) of the chords in seconds; the last one lasts until the end of the piece."""
    starts = [form.grid.seconds(span.beat) for span in form.spans]
    return tuple(
        (start, stop, span.chord.symbol)
        for start, stop, span in zip(starts, [*starts[1:], form.seconds], form.spans, strict=True)
    )
