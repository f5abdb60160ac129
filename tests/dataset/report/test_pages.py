"""What stands on single pages, without a browser."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from small_dataset_audio.dataset.entries import Entry
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.dataset.report.charts import depth_class, shade
from small_dataset_audio.dataset.report.detail import Detail
from small_dataset_audio.dataset.report.drawing.draw import Drawn
from small_dataset_audio.dataset.report.groups import listed
from small_dataset_audio.dataset.report.insight import Insight
from small_dataset_audio.dataset.report.markup import with_code
from small_dataset_audio.dataset.report.pages.numbers import numbers_page
from small_dataset_audio.dataset.report.pages.track import Neighbours, track_page
from small_dataset_audio.dataset.report.pages.tracks import mapped, tracks_page, tracks_script
from small_dataset_audio.dataset.report.portrait.pieces import Piece, piece_of
from small_dataset_audio.errors import UnreadableInfo
from small_dataset_audio.features.catalog import BY_NAME


def piece(
    values: Mapping[str, object] | None = None,
    drawn: Drawn | None = None,
    problem: UnreadableInfo | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> Piece:
    entry = Entry(Track(Path("/library/Song")), values or {}, provenance or {}, problem)
    return piece_of(entry, drawn or Drawn(seconds=3.0))


def page_of(one: Piece) -> str:
    return track_page(one, Detail(), BY_NAME, Insight(), Neighbours(None, None), Path("/report/tracks/song.html"))


@pytest.mark.parametrize(
    ("one", "note"),
    [
        (piece({"lufs": -9.0}), None),
        (piece(), "not measured"),
        (piece({"lufs": -9.0}, Drawn()), "no recording"),
        (piece({"lufs": -9.0}, Drawn(problems={"full_mix": "It is damaged."})), "sound not readable"),
        (piece({"lufs": -9.0}, Drawn(3.0, problems={"bass": "It is damaged."})), None),
        (piece(problem=UnreadableInfo("It.", "Why.", "Fix.")), "not readable"),
    ],
)
def test_the_table_says_why_little_stands_in_a_row(one: Piece, note: str | None) -> None:
    script = tracks_script([one], BY_NAME, {})
    assert json.loads(script.removeprefix("var sdaLibrary = ").rstrip(";\n"))["tracks"][0]["note"] == note
    found = tracks_page([one], BY_NAME, {})
    assert (f'<small class="bad">{note}</small>' in found) is (note is not None)


def test_the_map_offers_what_is_more_or_less_and_what_somebody_added() -> None:
    values = {"tonic": 2, "bpm_is_defined": 1, "chroma_0": 0.5, "my_rating": 4, "bpm": 120.0}
    assert mapped([piece(values), piece({"lufs": -9.0})], BY_NAME) == ["bpm", "lufs", "my_rating"]
    assert mapped([piece({"tonic": 2})], BY_NAME) == []


def test_the_table_and_the_page_round_a_tempo_alike() -> None:
    one = piece({"bpm": 119.4478, "bpm_is_defined": 1})
    assert '"bpm":119.4,' in tracks_script([one], BY_NAME, {})
    assert "119.4 BPM" in page_of(one)


def test_the_tonic_is_spelled_as_in_its_key_and_lies_in_no_range() -> None:
    row = page_of(piece({"tonic": 3, "tonic_scale": "major", "tonic_strength": 0.5}))
    assert '<td class="n">Eb</td><td></td><td></td>' in row
    assert '<td class="n">D#</td><td></td><td></td>' in page_of(piece({"tonic": 3, "tonic_strength": 0.5}))


def test_what_stages_noted_is_said_in_words() -> None:
    notes = {"beats": "dsp", "aligned": True, "loud_parts": False, "left_out_seconds": 6.775, "odd": [1]}
    stage = {"version": 1, "settings_hash": "a", "audio_sha256": "b", "seconds": 1.0, "made": [], "notes": notes}
    found = page_of(piece(provenance={"stages": {"crop": stage}}))
    assert "beats: dsp, aligned: yes, loud parts: no, left out seconds: 6.78" in found


def test_a_series_is_listed_by_its_ends() -> None:
    names = ["lufs", *(f"chroma_{index}" for index in range(12)), "lra"]
    assert listed(names).replace("<wbr>", "") == (
        "<code>lufs</code>, <code>lra</code>, <code>chroma_0</code> to <code>chroma_11</code>"
    )


def test_code_in_a_sentence_is_set_as_code_and_the_rest_is_text() -> None:
    assert with_code("`sda run` makes <it>.") == "<code>sda run</code> makes &lt;it&gt;."


def test_without_tracks_the_page_of_numbers_says_so() -> None:
    assert "There are no tracks in this library yet." in numbers_page([], BY_NAME)


def test_shades_have_the_text_that_stands_out_in_both_modes() -> None:
    assert [depth_class(shade(count, 10)) for count in (0, 1, 5, 6, 9, 10)] == [
        "",
        "",
        "",
        "half",
        "half deep",
        "half deep",
    ]
