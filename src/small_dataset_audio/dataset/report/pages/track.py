"""The page of one track."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from small_dataset_audio.dataset.declared import Declared
from small_dataset_audio.dataset.layout import MIX
from small_dataset_audio.dataset.report.detail import CropFacts, Detail
from small_dataset_audio.dataset.report.insight import Insight, item
from small_dataset_audio.dataset.report.links import address
from small_dataset_audio.dataset.report.markup import Child, Html, code, joined, json_block, tag
from small_dataset_audio.dataset.report.numerals import length, numeral, plural
from small_dataset_audio.dataset.report.pages.frame import section, table
from small_dataset_audio.dataset.report.pages.values import MadeBy, absent, by, makers, values
from small_dataset_audio.dataset.report.portrait.maps import short_label
from small_dataset_audio.dataset.report.portrait.pieces import Piece


@dataclass(frozen=True)
class Neighbours:
    """The tracks before and behind one."""

    before: Piece | None
    behind: Piece | None


def track_page(
    piece: Piece, detail: Detail, declared: Mapping[str, Declared], insight: Insight, neighbours: Neighbours, page: Path
) -> Html:
    """Return the content of a track's page.

    Args:
        piece: the track.
        detail: what is shown besides its values.
        declared: name -> declaration of every number.
        insight: what the checks found.
        neighbours: where to go from here.
        page: the file that the page is written to.
    """
    made_by = makers(piece)
    return joined(
        (
            tag("h1", piece.name, class_="name"),
            tag("p", _lead(piece), class_="lead"),
            *_problems(piece, detail),
            _player(piece, detail, page),
            _captions(piece, made_by),
            _labels(piece, made_by),
            _findings(piece, insight),
            *values(piece, declared, made_by),
            absent(piece, declared),
            _crops(detail.crops, page),
            _provenance(piece, page),
            _further(neighbours),
        ),
        "\n",
    )


def _lead(piece: Piece) -> str:
    audio = _part(piece, "audio")
    parts = [
        None if piece.seconds is None else length(piece.seconds),
        None if piece.tempo is None else f"{numeral(piece.tempo, 1)} BPM",
        piece.key_name,
        f"{numeral(piece.numbers['lufs'], 1)} LUFS" if "lufs" in piece.numbers else None,
        _format(audio),
    ]
    return " \u00b7 ".join(part for part in parts if part) or "Nothing is known of this track yet."


def _format(audio: Mapping[str, Any]) -> str | None:
    kind, rate, channels, bits = (audio.get(name) for name in ("format", "rate", "channels", "bits"))
    if not isinstance(kind, str):
        return None
    text = kind
    if isinstance(rate, int | float):
        text += f", {numeral(rate / 1000, 1).removesuffix('.0')} kHz"
    if isinstance(bits, int):
        text += f", {bits} bits"
    if isinstance(channels, int):
        text += {1: ", mono", 2: ", stereo"}.get(channels, f", {channels} channels")
    return text


def _problems(piece: Piece, detail: Detail) -> list[Html]:
    sentences: list[str] = []
    problem = piece.entry.problem
    if problem is not None:
        sentences.append(f"{problem.what} {problem.why} {problem.fix}")
    sentences += [*piece.drawn.problems.values(), *detail.problems]
    return [tag("p", sentence, class_="problem", role="note") for sentence in sentences]


def _player(piece: Piece, detail: Detail, page: Path) -> Html | None:
    mix = next((sound for sound in detail.sounds if sound.name == MIX), None)
    if mix is None:
        return section("Sound", tag("p", "There is no recording in this track's folder."), identifier="sound")
    source = address(mix.file, page)
    unplayed = [sound.name for sound in detail.sounds if not sound.played]
    drawn = piece.drawn
    picture = (
        tag(
            "img",
            src=f"{piece.slug}.png",
            alt="Spectrogram: time to the right, pitch upwards, the louder the lighter",
            class_="spectrogram",
        )
        if drawn.low_hz is not None
        else None
    )
    document = {
        "seconds": piece.seconds,
        "low_hz": drawn.low_hz,
        "high_hz": drawn.high_hz,
        "picture": f"{piece.slug}.png" if drawn.low_hz is not None else None,
        "sounds": [{"name": sound.name, "address": address(sound.file, page)} for sound in detail.sounds],
        "moments": {name: _steps(times) for name, times in detail.moments.items()},
        "strokes": {
            drum: {"times": _steps([time for time, _ in its]), "velocities": [velocity for _, velocity in its]}
            for drum, its in detail.strokes.items()
            if its
        },
        "curves": [{"name": one.name, "unit": one.unit, "values": one.values} for one in detail.curves],
        "chroma": detail.chroma,
    }
    return section(
        "Sound",
        tag("div", picture, id="view", class_="view"),
        tag(
            "audio", src=source, controls=True, preload="metadata", id="audio", aria_label=f"Recording of {piece.name}"
        ),
        tag(
            "p",
            f"Your browser may not play {', '.join(unplayed)}; ",
            tag("code", "sda report --copy-audio"),
            " makes copies that it plays.",
            class_="about",
        )
        if unplayed
        else None,
        tag("p", ", ".join(_counts(detail)) + ".", class_="about") if _counts(detail) else None,
        json_block("track", document),
        identifier="sound",
    )


def _steps(times: Sequence[float]) -> list[int]:
    """Return moments as whole milliseconds, each counted from the one before: half as long as the moments themselves."""
    whole = [round(1000 * time) for time in times]
    return [after - before for before, after in zip([0, *whole], whole, strict=False)]


def _counts(detail: Detail) -> list[str]:
    counts = [plural(len(times), name.removesuffix("s")) for name, times in detail.moments.items()]
    hits = [plural(len(its), f"{drum} stroke") for drum, its in detail.strokes.items() if its]
    return counts + hits


def _captions(piece: Piece, made_by: MadeBy) -> Html | None:
    texts = [(name, text) for name, text in piece.texts.items() if name != "tonic_scale" and text]
    if not texts:
        return None
    items = (
        tag("div", tag("dt", code(name), " ", tag("small", by(name, made_by))), tag("dd", text)) for name, text in texts
    )
    return section("In words", tag("dl", *items, class_="texts"), identifier="words")


def _labels(piece: Piece, made_by: MadeBy) -> Html | None:
    blocks = [
        tag(
            "div",
            tag("h3", code(name), " ", tag("small", by(name, made_by))),
            tag(
                "ul",
                *(
                    tag(
                        "li",
                        tag("span", short_label(label), title=label),
                        tag("span", numeral(probability, 2)),
                        style=f"--n:{min(max(probability, 0.0), 1.0):.3f}",
                    )
                    for label, probability in sorted(labels.items(), key=lambda item: -item[1])
                ),
                class_="probabilities",
            ),
        )
        for name, labels in piece.labels.items()
        if labels
    ]
    return section("Labels", tag("div", *blocks, class_="cards"), identifier="labels") if blocks else None


def _findings(piece: Piece, insight: Insight) -> Html | None:
    found = insight.of(piece.name)
    if not found:
        return None
    items = (item(one) for one in found)
    return section("Findings", tag("ul", *items, class_="findings"), identifier="findings")


def _crops(crops: Sequence[CropFacts], page: Path) -> Html | None:
    if not crops:
        return None

    def row(crop: CropFacts) -> list[Child]:
        origin, mix = crop.origin, crop.track.mix
        name = (
            tag("a", crop.track.name, href=address(mix, page), class_="name") if mix else tag("span", crop.track.name)
        )
        if origin is None:
            return [name, None, None, None, None]
        start, stop = origin.start / origin.rate, origin.stop / origin.rate
        return [
            name,
            tag("a", length(start), href=f"#t={start:.3f}", class_="seek"),
            length(stop - start),
            None if origin.bars is None else str(origin.bars),
            None if origin.loop_bpm is None else numeral(origin.loop_bpm, 2),
        ]

    inside = table(
        ("crop", "from", "length", "bars", "loop BPM"), map(row, crops), numbers=range(1, 5), caption="Crops"
    )
    return section(
        "Crops",
        inside,
        identifier="crops",
        about=plural(len(crops), "piece of training length", "pieces of training length"),
    )


def _provenance(piece: Piece, page: Path) -> Html:
    source = _part(piece, "source")
    facts = [
        ("Folder", tag("a", str(piece.entry.track.folder), href=f"{address(piece.entry.track.folder, page)}/")),
        ("Brought in from", source.get("path")),
        ("SHA-256 of the recording", _part(piece, "audio").get("sha256")),
    ]
    shown = [tag("div", tag("dt", name), tag("dd", value)) for name, value in facts if isinstance(value, str)]
    rows = []
    for name in piece.entry.provenance.get("stages", {}):
        record = piece.entry.stage(name)
        if record is not None:
            notes = ", ".join(
                f"{key.replace('_', ' ')}: {_said(value)}"
                for key, value in record.notes.items()
                if isinstance(value, str | int | float)
            )
            rows.append(
                (
                    name,
                    str(record.version),
                    f"{numeral(record.seconds, 1)} s",
                    notes,
                    (record.model_sha256 or "")[:12],
                    record.settings_hash,
                )
            )
    heads = ("stage", "version", "took", "notes", "weights", "settings")
    inside = (
        table(heads, rows, numbers=(1, 2), caption="Stages that have run")
        if rows
        else tag("p", "No stage has run on this track.")
    )
    return section("Where it comes from", tag("dl", *shown, class_="facts"), inside, identifier="provenance")


def _said(value: str | float) -> str:
    """Return what a stage noted, in words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else numeral(value)


def _further(neighbours: Neighbours) -> Html:
    def link(piece: Piece | None, words: str, kind: str) -> Html:
        if piece is None:
            return tag("span")
        return tag(
            "a", tag("small", words), tag("span", piece.name, class_="name"), href=f"{piece.slug}.html", rel=kind
        )

    return tag(
        "nav",
        link(neighbours.before, "Previous", "prev"),
        link(neighbours.behind, "Next", "next"),
        class_="further",
        aria_label="Other tracks",
    )


def _part(piece: Piece, name: str) -> Mapping[str, Any]:
    part = piece.entry.provenance.get(name, {})
    return part if isinstance(part, dict) else {}
