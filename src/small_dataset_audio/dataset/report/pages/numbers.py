"""The page of numbers: every declared number, what there is of it, and how it lies in its range."""

from collections.abc import Mapping, Sequence
from statistics import quantiles
from typing import Final

from small_dataset_audio.dataset.declared import Declared
from small_dataset_audio.dataset.report.charts import strip
from small_dataset_audio.dataset.report.groups import SERIES, apart, grouped, listed
from small_dataset_audio.dataset.report.markup import Html, code, joined, tag, with_code
from small_dataset_audio.dataset.report.numerals import UNORDERED, measured, numeral, plural, unit_of
from small_dataset_audio.dataset.report.pages.frame import EMPTY, section, table
from small_dataset_audio.dataset.report.portrait.pieces import Piece, values_of

_HEADS: Final = ("number", "unit", "tracks", "least", "quartile", "median", "quartile", "most", "range", "in its range")
_MOST_REASONS: Final = 3


def numbers_page(pieces: Sequence[Piece], declared: Mapping[str, Declared]) -> Html:
    """Return the content of the page."""
    if not pieces:
        return joined((tag("h1", "Numbers"), tag("p", with_code(EMPTY))))
    found = {name: values for name in declared if (values := values_of(pieces, name))}
    parts: list[Html] = []
    for heading, names in grouped(declared, declared).items():
        single, series = apart(name for name in names if name in found)
        folded = [
            tag(
                "details",
                tag("summary", f"{SERIES[kind]} ({len(them)} numbers)"),
                _table(them, found, declared, SERIES[kind]),
            )
            for kind, them in series.items()
        ]
        shown = _table(single, found, declared, heading) if single else None
        parts.append(section(heading, shown, *folded, _absent(pieces, [name for name in names if name not in found])))
    return joined(
        (
            tag("h1", "Numbers"),
            tag(
                "p",
                f"Every number of the catalog over {plural(len(pieces), 'track')}. The strips span the declared range.",
                class_="lead",
            ),
            *parts,
        )
    )


def _table(
    names: Sequence[str], found: Mapping[str, Sequence[float]], declared: Mapping[str, Declared], caption: str
) -> Html:
    rows = (_row(declared[name], found[name]) for name in names)
    return table(_HEADS, rows, numbers=range(2, 9), caption=caption, class_="numbers", stacked=True)


def _row(feature: Declared, values: Sequence[float]) -> list[Html | str]:
    ordered = feature.kind != "flag" and feature.unit not in UNORDERED
    low, middle, high = quantiles(values, n=4, method="inclusive") if len(values) > 1 else [*values] * 3
    shown = [measured(value, feature) if ordered else "" for value in (min(values), low, middle, high, max(values))]
    outside = sum(not feature.low <= value <= feature.high for value in values)
    said = (
        f"{feature.name} from {shown[0]} to {shown[4]}, median {shown[2]}" if ordered else f"{feature.name} per track"
    )
    return [
        code(feature.name, title=feature.meaning),
        unit_of(feature),
        f"{len(values):,}",
        *shown,
        f"{measured(feature.low, feature)} to {measured(feature.high, feature)}" if not ordered else _span(feature),
        joined(
            (
                strip(values, feature.low, feature.high, said),
                tag("small", f"{outside} outside", class_="bad") if outside else None,
            )
        ),
    ]


def _span(feature: Declared) -> str:
    return f"{numeral(feature.low)} to {numeral(feature.high)}"


def _absent(pieces: Sequence[Piece], names: Sequence[str]) -> Html | None:
    """Return which numbers no track has, by the reasons that stages gave."""
    if not names or not pieces:
        return None
    by_reason: dict[str, list[str]] = {}
    for name in names:
        given = dict.fromkeys(reason for piece in pieces if (reason := piece.entry.why_absent(name)))
        reason = "; ".join(list(given)[:_MOST_REASONS]) or "its stage has not run"
        by_reason.setdefault(reason, []).append(name)
    items = (tag("li", listed(them), f": {reason}") for reason, them in by_reason.items())
    return tag("details", tag("summary", f"{plural(len(names), 'number')} that no track has"), tag("ul", *items))
