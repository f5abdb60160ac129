"""What of the statistics stands on the first page, in sentences."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from small_dataset_audio.dataset.report.groups import series_of
from small_dataset_audio.dataset.report.numerals import measured, numeral, plural, unit_of

if TYPE_CHECKING:
    from small_dataset_audio.dataset.statistics.summary import Statistics

_PAIRS: Final = 3
_CLUSTERS: Final = 3
_OUTLIERS: Final = 4
_CHOSEN: Final = 5
_NOTES: Final = 1
_ENOUGH: Final = 10
"""Tracks under which of some thousand pairs of numbers many are correlated by chance."""


def highlights(statistics: "Statistics") -> list[str]:
    """Return the sentences: what to condition on, what goes together, which tracks stand apart."""
    return [*_chosen(statistics), *_together(statistics), *_apart(statistics), *_notes(statistics)]


def _chosen(statistics: "Statistics") -> Iterator[str]:
    chosen = statistics.selection.chosen[:_CHOSEN]
    if chosen:
        yield f"Worth conditioning a generator on: {', '.join(one.name for one in chosen)}."


def _together(statistics: "Statistics") -> Iterator[str]:
    relations = statistics.relations
    for cluster in relations.clusters[:_CLUSTERS]:
        names = [name for name in cluster.names if series_of(name) is None]
        if len(names) > 1:
            yield f"{', '.join(names[:-1])} and {names[-1]} say nearly the same: one of them is enough."
    if relations.chance is not None and len(statistics.table.tracks) >= _ENOUGH:
        telling = [
            pair
            for pair in relations.pairs
            if pair.spearman is not None
            and abs(pair.spearman) > relations.chance
            and series_of(pair.a) is None
            and series_of(pair.b) is None
        ]
        for pair in telling[:_PAIRS]:
            way = "rise together" if (pair.spearman or 0.0) > 0 else "go opposite ways"
            yield f"{pair.a} and {pair.b} {way} (rank correlation {numeral(pair.spearman or 0.0, 2)}, {plural(pair.tracks, 'track')})."


def _apart(statistics: "Statistics") -> Iterator[str]:
    """Yield the tracks that lie farthest from the others, each in the number in which it does most."""
    found = [
        (abs(placed.score or 0.0), placed.track, placed.value, number)
        for name, number in statistics.numbers.items()
        if number.declared is not None and series_of(name) is None
        for placed in number.outliers
    ]
    named: set[str] = set()
    for _, track, value, number in sorted(found, key=lambda one: -one[0]):
        if track not in named and len(named) < _OUTLIERS:
            named.add(track)
            text = f"{measured(value, number.declared)} {unit_of(number.declared)}".strip()
            middle = measured(number.facts["median"], number.declared)
            yield f"{track} stands apart in {number.name}: {text}, where the middle of the library is {middle}."


def _notes(statistics: "Statistics") -> list[str]:
    notes = dict.fromkeys([*statistics.selection.notes, *statistics.relations.notes])
    return list(notes)[:_NOTES]
