"""The first page: the portrait of the library."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote

from small_dataset_audio.dataset.declared import Declared
from small_dataset_audio.dataset.keys import spelled
from small_dataset_audio.dataset.report.charts import circle_of_fifths, depth_class, shade, strip
from small_dataset_audio.dataset.report.insight import Insight
from small_dataset_audio.dataset.report.markup import Html, code, joined, tag, with_code
from small_dataset_audio.dataset.report.numerals import measured, numeral, plural, share, total_length, unit_of
from small_dataset_audio.dataset.report.pages.frame import EMPTY, figures, section
from small_dataset_audio.dataset.report.pages.tracks import mapped
from small_dataset_audio.dataset.report.portrait.gaps import LEAST, gaps, next_piece
from small_dataset_audio.dataset.report.portrait.maps import (
    KEYS,
    keys_of,
    label_counts,
    label_names,
    short_label,
    tempo_grid,
)
from small_dataset_audio.dataset.report.portrait.pieces import Piece, values_of

RANGES: Final = (
    "bpm", "lufs", "lra", "true_peak", "brightness", "warmth", "roughness", "reverberation", "onset_density", "syncopation",
    "spectral_flatness", "tonic_strength", "danceability", "voice_probability", "production_quality", "drum_density",
)  # fmt: skip
"""The numbers whose distributions stand on the first page; all others stand on the page of numbers."""
_TOP_FINDINGS: Final = 6
_LARGE_FROM: Final = 4
"""Tracks that a label must have at least to be written at its largest."""
_KINDS: Final = {"essentia_genre": "Genres", "essentia_mood": "Moods", "essentia_instrument": "Instruments"}


def portrait(pieces: Sequence[Piece], declared: Mapping[str, Declared], insight: Insight, library: str) -> Html:
    """Return the content of the page."""
    return joined(
        (
            tag("h1", library, class_="name"),
            tag("p", with_code(_summary(pieces)), class_="lead"),
            _figures(pieces, declared, insight),
            _map(pieces, declared),
            _keys(pieces),
            _gaps(pieces),
            _ranges(pieces, declared),
            _labels(pieces),
            _findings(insight),
            _together(insight),
            _stages(pieces),
        ),
        "\n",
    )


def _summary(pieces: Sequence[Piece]) -> str:
    """Return the library in one or two sentences."""
    if not pieces:
        return EMPTY
    parts = []
    for name, unit in (("bpm", "BPM"), ("lufs", "LUFS")):
        values = values_of(pieces, name)
        low, high = (numeral(edge(values), 0) for edge in (min, max)) if values else ("", "")
        if low != high:
            parts.append(f"{low} to {high} {unit}")
        elif values:
            parts.append(f"{low} {unit}")
    counts = keys_of(pieces)
    if counts:
        often, many = counts.most_common(1)[0]
        shared = f"most often in {spelled(*often)}" if many > 1 else f"in {plural(len(counts), 'key')}"
        parts.append(shared)
    if not parts:
        return "Nothing has been measured yet. `sda run` does."
    return f"{', '.join(parts)}.".capitalize() if parts[0][0].isalpha() else f"{', '.join(parts)}."


def _figures(pieces: Sequence[Piece], declared: Mapping[str, Declared], insight: Insight) -> Html:
    seconds = [piece.seconds for piece in pieces if piece.seconds is not None]
    measured_names = {name for piece in pieces for name in piece.numbers if name in declared}
    pairs: list[tuple[str, str]] = [("track" if len(pieces) == 1 else "tracks", f"{len(pieces):,}")]
    if insight.independent is not None:
        pairs.append(("independent", f"{insight.independent:,}"))
    if seconds:
        pairs.append(("of sound", total_length(sum(seconds))))
    if measured_names:
        pairs.append(("numbers a track", f"up to {len(measured_names)}"))
    if insight.counts is not None:
        pairs.append(("to fix", f"{insight.counts['fail'] + insight.counts['warn']:,}"))
    return figures(pairs)


def _map(pieces: Sequence[Piece], declared: Mapping[str, Declared]) -> Html | None:
    if not mapped(pieces, declared):
        return None
    return section(
        "The map",
        tag(
            "div",
            tag("noscript", tag("p", "The map needs JavaScript. The same numbers stand in the table of tracks.")),
            id="map",
            class_="card map",
        ),
        identifier="the-map",
        about="Every track by two of its numbers, coloured by a third. Where there is nothing, a generator hears nothing from you.",
    )


def _keys(pieces: Sequence[Piece]) -> Html | None:
    counts = keys_of(pieces)
    if not counts:
        return None
    grid = _tempo_table(pieces)
    unknown = len(pieces) - counts.total()
    about = "Major keys outside, relative minors inside; neighbours share all notes but one."
    if unknown:
        about += f" {plural(unknown, 'track')} without a key {'is' if unknown == 1 else 'are'} not counted."
    return section(
        "Keys and tempi",
        tag("div", tag("figure", circle_of_fifths(counts), class_="card"), grid, class_="pair"),
        identifier="keys",
        about=about,
    )


def _tempo_table(pieces: Sequence[Piece]) -> Html | None:
    grid = tempo_grid(pieces)
    if grid is None:
        return None
    most = max(max(row) for row in grid.counts.values())

    def cell(key: tuple[int, str], index: int, count: int) -> Html:
        if not count:
            return tag("td")
        depth = shade(count, most)
        low, high = grid.edges[index], grid.edges[index + 1]
        link = tag(
            "a",
            str(count),
            href=f"tracks.html#key={spelled(*key).replace(' ', '%20')}&bpm={low}-{high}",
            aria_label=f"{plural(count, 'track')} in {spelled(*key)}, {low} to {high} BPM",
        )
        return tag("td", link, class_=depth_class(depth) or None, style=f"--n:{depth:.2f}")

    rows = [
        tag(
            "tr",
            tag("th", spelled(*key), scope="row"),
            *(cell(key, index, n) for index, n in enumerate(grid.counts[key])),
        )
        for key in KEYS
        if any(grid.counts[key])
    ]
    heads = (tag("th", str(edge), scope="col") for edge in grid.edges[:-1])
    inside = tag("table", tag("thead", tag("tr", tag("td"), *heads)), tag("tbody", *rows), class_="grid")
    return tag(
        "figure",
        tag("figcaption", "Tracks per key and tempo; columns begin at so many BPM", id="grid"),
        tag("div", inside, class_="wide", tabindex="0", role="region", aria_labelledby="grid"),
        class_="card",
    )


def _gaps(pieces: Sequence[Piece]) -> Html | None:
    if not any(piece.numbers for piece in pieces):
        return None
    found = gaps(pieces)
    if len(pieces) < LEAST:
        content: Html = tag("p", f"With fewer than {LEAST} tracks there is little to say about gaps.")
    elif not found:
        content = tag("p", "No gap in tempo, key, loudness or brightness stands out.")
    else:
        items = (tag("li", tag("strong", gap.what), " ", gap.suggestion) for gap in found)
        content = tag("ul", *items, class_="gaps")
    suggestion = next_piece(pieces)
    return section(
        "What to record next",
        None if suggestion is None else tag("p", suggestion, class_="next"),
        content,
        identifier="gaps",
        about="From the numbers of these tracks alone; whether a gap matters is yours to decide.",
    )


def _ranges(pieces: Sequence[Piece], declared: Mapping[str, Declared]) -> Html | None:
    cards = [card for name in RANGES if name in declared and (card := range_card(pieces, declared[name])) is not None]
    if not cards:
        return None
    return section(
        "Against the ranges of conditioning",
        tag("div", *cards, class_="cards"),
        tag("p", tag("a", "All numbers", href="numbers.html"), class_="more"),
        identifier="ranges",
        about="Each strip spans the whole range that a training configuration declares; the bars are your tracks. What a "
        "generator is asked for outside the bars, it has to guess.",
    )


def range_card(pieces: Sequence[Piece], feature: Declared) -> Html | None:
    """Return how the values of a number lie in its declared range; None where no track has one."""
    values = values_of(pieces, feature.name)
    if not values:
        return None
    low, high = min(values), max(values)
    unit = unit_of(feature)
    span = measured(low, feature) if low == high else f"{measured(low, feature)} to {measured(high, feature)}"
    covered = max(0.0, min(high, feature.high) - max(low, feature.low)) / (feature.high - feature.low)
    outside = sum(not feature.low <= value <= feature.high for value in values)
    notes = f"{share(covered)} of the range" + (f"; {outside} outside of it" if outside else "")
    missing = len(pieces) - len(values)
    if missing:
        notes += f"; absent in {missing}"
    return tag(
        "figure",
        tag("figcaption", code(feature.name), tag("span", f"{span} {unit}".strip(), class_="value")),
        strip(values, feature.low, feature.high, f"{feature.name}: {span} {unit}, {notes}"),
        tag(
            "div",
            tag("span", numeral(feature.low)),
            tag("span", notes),
            tag("span", numeral(feature.high)),
            class_="scale",
        ),
        class_="card range",
        title=feature.meaning,
    )


def _labels(pieces: Sequence[Piece]) -> Html | None:
    clouds = [_cloud(pieces, name) for name in label_names(pieces)]
    if not clouds:
        return None
    return section(
        "What it sounds like",
        *clouds,
        identifier="labels",
        about="Labels that a network gave with a probability of at least 0.1, and how many tracks have them.",
    )


def _cloud(pieces: Sequence[Piece], name: str) -> Html | None:
    counts = label_counts(pieces, name)
    if not counts:
        return None
    most = max(counts[0][1], _LARGE_FROM)
    items = (
        tag(
            "li",
            tag(
                "a",
                short_label(label),
                " ",
                tag("small", str(count)),
                href=f"tracks.html#q={quote(short_label(label), safe='', errors='replace')}",
            ),
            style=f"--n:{count / most:.2f}",
        )
        for label, count in sorted(counts, key=lambda item: short_label(item[0]).lower())
    )
    return tag("div", tag("h3", _KINDS.get(name, name)), tag("ul", *items, class_="cloud"))


def _findings(insight: Insight) -> Html | None:
    if insight.counts is None:
        return None
    found = insight.items(insight.findings)
    rest = len(found) - _TOP_FINDINGS
    content = (
        tag("ul", *found[:_TOP_FINDINGS], class_="findings")
        if found
        else tag("p", "The checks found nothing that hurts.")
    )
    words = f"{rest:,} more" if rest > 0 else "All findings"
    return section(
        "Findings",
        content,
        tag("p", tag("a", words, href="findings.html"), class_="more"),
        identifier="findings",
        about=insight.effective_size,
    )


def _together(insight: Insight) -> Html | None:
    if not insight.sentences:
        return None
    return section(
        "What goes together",
        tag("ul", *(tag("li", sentence) for sentence in insight.sentences), class_="plain"),
        identifier="statistics",
        about=tag("span", "By ", tag("code", "sda stats"), ", which has the whole of it."),
    )


def _stages(pieces: Sequence[Piece]) -> Html | None:
    """Return which stages have run on how many tracks."""
    ran: Counter[str] = Counter()
    for piece in pieces:
        ran.update(piece.entry.provenance.get("stages", {}).keys())
    if not pieces:
        return None
    unread = sum(piece.entry.problem is not None for piece in pieces)
    silent = sum(bool(piece.drawn.problems) for piece in pieces)
    items = [
        tag(
            "li",
            tag("span", stage),
            tag("progress", value=count, max=len(pieces), aria_label=stage),
            tag("span", f"{count:,}"),
        )
        for stage, count in ran.items()
    ]
    notes = [
        tag("p", f"{plural(unread, 'track')} whose .INFO file cannot be read.") if unread else None,
        tag("p", f"{plural(silent, 'track')} with sound that cannot be decoded.") if silent else None,
    ]
    content = tag("ul", *items, class_="stages") if items else tag("p", "No stage has run yet.")
    return section(
        "How far it is",
        content,
        *notes,
        identifier="stages",
        about=f"Stages that have run, of {plural(len(pieces), 'track')}.",
    )
