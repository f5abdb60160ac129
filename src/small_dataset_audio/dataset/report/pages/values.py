"""All values of one track: with unit, range and what made them; and what is absent, and why."""

from collections.abc import Mapping, Sequence
from typing import Final

from small_dataset_audio.dataset.declared import Declared
from small_dataset_audio.dataset.provenance import StageRecord
from small_dataset_audio.dataset.report.groups import SERIES, apart, grouped, listed
from small_dataset_audio.dataset.report.markup import Child, Html, code, joined, tag
from small_dataset_audio.dataset.report.numerals import UNORDERED, measured, numeral, plural, unit_of
from small_dataset_audio.dataset.report.pages.frame import section, table
from small_dataset_audio.dataset.report.portrait.pieces import Piece

_BY_HAND: Final = "not by sda"

MadeBy = Mapping[str, StageRecord]
"""Value -> the stage that made it."""


def makers(piece: Piece) -> dict[str, StageRecord]:
    """Return value -> the stage that made it."""
    made = {}
    for name, record in piece.entry.provenance.get("stages", {}).items():
        stage = piece.entry.stage(name)
        if stage is not None:
            made.update(dict.fromkeys(record.get("made", []), stage))
    return made


def by(name: str, made_by: MadeBy) -> str:
    """Return who made a value, in words."""
    stage = made_by.get(name)
    return _BY_HAND if stage is None else f"{stage.name}, version {stage.version}"


def values(piece: Piece, declared: Mapping[str, Declared], made_by: MadeBy) -> list[Html]:
    """Return a section for each group of numbers."""
    sections = []
    for heading, names in grouped(
        [*declared, *(name for name in piece.numbers if name not in declared)], declared
    ).items():
        single, series = apart(name for name in names if name in piece.numbers)
        folded = [
            tag(
                "details",
                tag("summary", f"{SERIES[kind]} ({len(them)} values)"),
                _table(piece, them, declared, made_by, SERIES[kind]),
            )
            for kind, them in series.items()
        ]
        if single or folded:
            shown = _table(piece, single, declared, made_by, heading) if single else None
            sections.append(section(heading, shown, *folded))
    return sections


def _table(piece: Piece, names: Sequence[str], declared: Mapping[str, Declared], made_by: MadeBy, caption: str) -> Html:
    def row(name: str) -> list[Child]:
        feature, value = declared.get(name), piece.numbers[name]
        words = code(name, title=None if feature is None else feature.meaning)
        text = tonic if name == "tonic" and tonic else measured(value, feature)
        return [words, text, unit_of(feature), _place(value, feature), by(name, made_by)]

    tonic = None if piece.key_name is None else piece.key_name.partition(" ")[0]  # Eb in Eb major, D# in D# minor

    return table(
        ("number", "value", "unit", "in its range", "by"),
        map(row, names),
        numbers=(1,),
        caption=caption,
        class_="values",
    )


def _place(value: float, feature: Declared | None) -> Html | None:
    """Return where a value lies in its declared range."""
    if feature is None or feature.kind == "flag" or feature.unit in UNORDERED:
        return None
    part = (value - feature.low) / (feature.high - feature.low)
    outside = not 0 <= part <= 1
    return joined(
        (
            tag("span", numeral(feature.low), class_="end"),
            tag("span", class_="place outside" if outside else "place", style=f"--p:{min(max(part, 0.0), 1.0):.4f}"),
            tag("span", numeral(feature.high), class_="end"),
            tag("small", "outside", class_="bad") if outside else None,
        )
    )


def absent(piece: Piece, declared: Mapping[str, Declared]) -> Html | None:
    """Return what is absent, by the reason why."""
    if piece.entry.problem is not None:
        return None
    stages = piece.entry.provenance.get("stages", {})
    reasons: dict[str, list[str]] = {}
    for name, feature in declared.items():
        if name in piece.numbers or feature.group == "crop":
            continue
        reason = piece.entry.why_absent(name)
        if reason is None and feature.stage not in stages:
            reason = f"the stage {feature.stage} has not run on this track"
        reasons.setdefault(reason or "no stage said why", []).append(name)
    if not reasons:
        return None
    rows = ((listed(names), reason) for reason, names in reasons.items())
    count = sum(map(len, reasons.values()))
    inside = table(("absent", "because"), rows, caption="What is absent", class_="absent")
    return section(
        "What is absent",
        tag("details", tag("summary", f"{plural(count, 'number')} of the catalog, with the reason"), inside),
        identifier="absent",
    )
