"""The page with the table of all tracks, and the script with their numbers."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from small_dataset_audio.dataset.declared import Declared
from small_dataset_audio.dataset.layout import MIX
from small_dataset_audio.dataset.report.charts import outline_svg
from small_dataset_audio.dataset.report.drawing.draw import STEPS
from small_dataset_audio.dataset.report.groups import series_of
from small_dataset_audio.dataset.report.markup import Html, joined, script_json, tag, with_code
from small_dataset_audio.dataset.report.numerals import length, measured, numeral, plural, unit_of
from small_dataset_audio.dataset.report.pages.frame import EMPTY, table
from small_dataset_audio.dataset.report.portrait.maps import short_label
from small_dataset_audio.dataset.report.portrait.pieces import Piece

COLUMNS: Final = ("lufs", "brightness", "onset_density")
"""The numbers beside name, length, tempo and key."""
_NOT_MAPPED: Final = frozenset({"tonic", "bpm_is_defined", "position_in_file"})
_SIGNIFICANT: Final = 5
_MOST_LABELS: Final = 3
_DRAWN_AT_ONCE: Final = 200
"""Small waveforms that are written into the page itself; the script draws those of the rows that are seen."""


def tracks_page(pieces: Sequence[Piece], declared: Mapping[str, Declared], flagged: Mapping[str, int]) -> Html:
    """Return the content of the page.

    Args:
        pieces: the tracks.
        declared: name -> declaration.
        flagged: track -> findings about it.
    """
    names = [name for name in COLUMNS if name in declared]
    heads = ["track", "", "length", "BPM", "key", *(_head(declared[name]) for name in names), "findings"]
    rows = (_row(piece, declared, names, flagged, drawn=index < _DRAWN_AT_ONCE) for index, piece in enumerate(pieces))
    numbers = [2, 3, *range(5, 6 + len(names))]
    return joined(
        (
            tag("h1", "Tracks"),
            tag("div", id="finder", class_="finder"),
            table(
                heads,
                rows,
                numbers=numbers,
                caption=f"All {plural(len(pieces), 'track')}",
                id="tracks",
                class_="tracks",
                stacked=True,
            )
            if pieces
            else tag("p", with_code(EMPTY)),
            tag("div", id="pager", class_="pager"),
        )
    )


def _head(feature: Declared) -> str:
    unit = unit_of(feature)
    words = feature.name.replace("_", " ")
    return unit if unit == "LUFS" else f"{words} ({unit})" if unit and unit != "points" else words


def _row(
    piece: Piece, declared: Mapping[str, Declared], names: Sequence[str], flagged: Mapping[str, int], *, drawn: bool
) -> list[Html | str | None]:
    link = tag("a", piece.name, href=piece.page, class_="name")
    return [
        joined((link, tag("small", note, class_="bad") if (note := _note(piece)) else None), " "),
        outline_svg(piece.drawn.outline, STEPS) if drawn and piece.drawn.outline else None,
        None if piece.seconds is None else length(piece.seconds),
        None if piece.tempo is None else numeral(piece.tempo, 1),
        piece.key_name,
        *(measured(piece.numbers[name], declared[name]) if name in piece.numbers else None for name in names),
        str(flagged[piece.name]) if flagged.get(piece.name) else None,
    ]


def _note(piece: Piece) -> str | None:
    """Return why little stands in a track's row."""
    if piece.entry.problem is not None:
        return "not readable"
    if MIX in piece.drawn.problems:
        return "sound not readable"
    if piece.seconds is None:
        return "no recording"
    return None if piece.numbers else "not measured"


def mapped(pieces: Sequence[Piece], declared: Mapping[str, Declared]) -> list[str]:
    """Return the numbers that the map offers: of those that some track has, the ones that are more or less, and yours."""
    known = dict.fromkeys(name for piece in pieces for name in piece.numbers)
    ordered = (
        name
        for name, feature in declared.items()
        if name not in _NOT_MAPPED and feature.kind != "flag" and series_of(name) is None
    )
    return [*(name for name in ordered if name in known), *(name for name in known if name not in declared)]


def tracks_script(pieces: Sequence[Piece], declared: Mapping[str, Declared], flagged: Mapping[str, int]) -> str:
    """Return the script that holds the numbers of all tracks, for the map and the table."""
    names = mapped(pieces, declared)
    document: dict[str, Any] = {
        "features": [{"name": name, "unit": unit_of(declared.get(name))} for name in names],
        "columns": [name for name in COLUMNS if name in declared],
        "tracks": [
            {
                "name": piece.name,
                "page": piece.page,
                "outline": piece.drawn.outline,
                "seconds": None if piece.seconds is None else round(piece.seconds, 2),
                "key": piece.key_name,
                "bpm": None if piece.tempo is None else round(piece.tempo, 1),
                "note": _note(piece),
                "findings": flagged.get(piece.name, 0),
                "labels": _best_labels(piece),
                "values": [_short(piece, name) for name in names],
            }
            for piece in pieces
        ],
    }
    return f"var sdaLibrary = {script_json(document)};\n"


def _best_labels(piece: Piece) -> list[str]:
    """Return the likeliest labels of each kind, without their parents."""
    return [
        short_label(label)
        for labels in piece.labels.values()
        for label, _ in sorted(labels.items(), key=lambda item: -item[1])[:_MOST_LABELS]
    ]


def _short(piece: Piece, name: str) -> float | None:
    value = piece.tempo if name == "bpm" else piece.numbers.get(name)
    return None if value is None else float(f"{value:.{_SIGNIFICANT}g}")
