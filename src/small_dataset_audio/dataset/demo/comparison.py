"""How close an analysis came to the truth of a piece.

Beats follow the convention of the field: an estimate within 70 ms of a true beat finds it, one for one (Dixon, 2001;
`mir_eval.beat.f_measure`). Keys are related as in the MIREX audio key detection task. Nothing is left out at the start.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from small_dataset_audio.dataset.demo.score.pitch import SEMITONES, pitch_class
from small_dataset_audio.dataset.demo.truth import Truth

BEAT_WINDOW: Final = 0.07
"""Seconds within which a beat is found."""

TEMPO_TOLERANCE: Final = 4.0
"""Percent within which two tempi are called the same (Gouyon et al., 2006)."""

GOOD_F_MEASURE: Final = 0.9
"""From here on the beats are called right: nine in ten of both kinds agree."""

_FIFTH: Final = 7
_TO_RELATIVE_MINOR: Final = 9
_NOT_MEASURED: Final = "not measured"

TempoRelation = Literal["same", "double", "half", "triple", "third", "other"]
KeyRelation = Literal["same", "fifth", "relative", "parallel", "other"]

_TEMPO_LEVELS: Final[tuple[tuple[TempoRelation, float], ...]] = (
    ("same", 1.0),
    ("double", 2.0),
    ("half", 0.5),
    ("triple", 3.0),
    ("third", 1 / 3),
)
_TEMPO_VERDICTS: Final[Mapping[TempoRelation, str]] = {
    "double": "double time",
    "half": "half time",
    "triple": "three times as fast",
    "third": "three times as slow",
}
_KEY_VERDICTS: Final[Mapping[KeyRelation, str]] = {
    "same": "same key",
    "fifth": "a fifth above",
    "relative": "its relative",
    "parallel": "its parallel",
    "other": "another key",
}


@dataclass(frozen=True)
class Heard:
    """What an analysis found; None for what it could not measure.

    Attributes:
        bpm: tempo.
        beats: times of the beats in seconds, ascending.
        key: such as ``D minor``.
    """

    bpm: float | None = None
    beats: Sequence[float] | None = None
    key: str | None = None


@dataclass(frozen=True)
class BeatScore:
    """How well beats were found.

    Attributes:
        found: true beats with an estimate of their own within the window.
        true: number of true beats.
        estimated: number of estimates.
    """

    found: int
    true: int
    estimated: int

    @property
    def recall(self) -> float:
        """Share of the true beats that were found; 0 where there are none."""
        return self.found / self.true if self.true else 0.0

    @property
    def precision(self) -> float:
        """Share of the estimates that are right; 0 where there are none."""
        return self.found / self.estimated if self.estimated else 0.0

    @property
    def f_measure(self) -> float:
        """Harmonic mean of precision and recall; 0 where nothing was found."""
        return 2 * self.found / (self.true + self.estimated) if self.found else 0.0


@dataclass(frozen=True)
class Row:
    """One line of the table of a piece.

    Attributes:
        quantity: ``tempo``, ``beats`` or ``key``.
        true: what is true, in words.
        measured: what was measured, in words; None where nothing was.
        verdict: how the two agree, in words.
        good: whether a musician would call it right.
        figures: the same in numbers and names, for reports.
    """

    quantity: Literal["tempo", "beats", "key"]
    true: str
    measured: str | None
    verdict: str
    good: bool
    figures: Mapping[str, float | str]


def tempo_error(true: float, measured: float) -> float:
    """Return by how many percent of the true tempo the measured one is off; negative where it is slow."""
    return 100.0 * (measured - true) / true


def tempo_relation(true: float, measured: float) -> TempoRelation:
    """Return at which metrical level the tempo was found, within `TEMPO_TOLERANCE`."""
    for name, factor in _TEMPO_LEVELS:
        if abs(tempo_error(true * factor, measured)) <= TEMPO_TOLERANCE:
            return name
    return "other"


def beat_score(true: Sequence[float], estimated: Sequence[float], window: float = BEAT_WINDOW) -> BeatScore:
    """Return how many beats were found, each estimate counting for one beat at most.

    Going through the true beats in order and giving each the earliest free estimate in its window finds the most pairs,
    because all windows are equally wide.

    Args:
        true: seconds, ascending.
        estimated: seconds, ascending.
        window: seconds on either side.
    """
    found = free = 0
    for beat in true:
        free = bisect_left(estimated, beat - window, lo=free)
        if free < len(estimated) and estimated[free] <= beat + window:
            found += 1
            free += 1
    return BeatScore(found, len(true), len(estimated))


def key_relation(true: str, measured: str) -> KeyRelation:
    """Return how a measured key is related to the true one, whatever their spelling.

    ``fifth`` is the same scale a perfect fifth above, ``relative`` has the same key signature, ``parallel`` has the
    same tonic.

    Raises:
        ValueError: one of them is not a tonic followed by ``major`` or ``minor``.
    """
    (tonic, scale), (other, other_scale) = _key(true), _key(measured)
    up = (other - tonic) % SEMITONES
    if scale == other_scale:
        relations: dict[int, KeyRelation] = {0: "same", _FIFTH: "fifth"}
    else:
        relative = _TO_RELATIVE_MINOR if scale == "major" else SEMITONES - _TO_RELATIVE_MINOR
        relations = {0: "parallel", relative: "relative"}
    return relations.get(up, "other")


def _key(name: str) -> tuple[int, str]:
    tonic, _, scale = name.partition(" ")
    if scale not in {"major", "minor"}:
        raise ValueError(f"{name!r} is not a key: write a note name, then major or minor.")
    return pitch_class(tonic), scale


def compare(truth: Truth, heard: Heard) -> tuple[Row, Row, Row]:
    """Return the lines of the table for one piece: tempo, beats, key."""
    return _tempo_row(truth.bpm, heard.bpm), _beats_row(truth.beats, heard.beats), _key_row(truth.key, heard.key)


def _tempo_row(true: float, measured: float | None) -> Row:
    text = f"{true:g} BPM"
    if measured is None:
        return Row("tempo", text, None, _NOT_MEASURED, good=False, figures={})
    relation = tempo_relation(true, measured)
    error = tempo_error(true, measured)
    off = f"{abs(error):.1f} % {'fast' if error > 0 else 'slow'}"
    figures: dict[str, float | str] = {"error_percent": error, "relation": relation}
    return Row(
        "tempo",
        text,
        f"{measured:.1f} BPM",
        _TEMPO_VERDICTS.get(relation, off),
        good=relation == "same",
        figures=figures,
    )


def _beats_row(true: Sequence[float], estimated: Sequence[float] | None) -> Row:
    text = f"{len(true)} beats"
    if estimated is None:
        return Row("beats", text, None, _NOT_MEASURED, good=False, figures={})
    score = beat_score(true, estimated)
    figures = {"f_measure": score.f_measure, "precision": score.precision, "recall": score.recall}
    verdict = f"{score.found} of {score.true} found, F-measure {score.f_measure:.2f}"
    return Row("beats", text, f"{score.estimated} beats", verdict, score.f_measure >= GOOD_F_MEASURE, figures)


def _key_row(true: str, measured: str | None) -> Row:
    if measured is None:
        return Row("key", true, None, _NOT_MEASURED, good=False, figures={})
    relation = key_relation(true, measured)
    return Row("key", true, measured, _KEY_VERDICTS[relation], good=relation == "same", figures={"relation": relation})
