from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from small_dataset_audio.dataset.entries import Entry
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.dataset.report.drawing.draw import Drawn
from small_dataset_audio.dataset.report.portrait.gaps import gaps, next_piece
from small_dataset_audio.dataset.report.portrait.maps import (
    FIFTHS,
    histogram,
    keys_of,
    label_counts,
    label_names,
    short_label,
    tempo_grid,
)
from small_dataset_audio.dataset.report.portrait.pieces import Piece, piece_of, values_of


def piece(name: str = "a", provenance: Mapping[str, Any] | None = None, **values: object) -> Piece:
    return piece_of(Entry(Track(Path("/library") / name), values, provenance or {}), Drawn())


def pieces(*rows: Mapping[str, object]) -> list[Piece]:
    return [piece(str(number), None, **row) for number, row in enumerate(rows)]


def tempi(*bpm: float) -> list[Piece]:
    return pieces(*({"bpm": one} for one in bpm))


def said(found: list[Piece]) -> list[str]:
    return [gap.what for gap in gaps(found)]


def test_values_are_sorted_by_what_they_are() -> None:
    one = piece(
        bpm=120,
        big=10**400,
        odd=Decimal(2),
        flag=True,
        text="x",
        labels={"a": 0.5, "b": "no"},
        tags=["x", 1],
        none=None,
    )
    assert one.numbers == {"bpm": 120.0}
    assert one.texts == {"flag": "yes", "text": "x", "tags": "x, 1"}
    assert one.labels == {"labels": {"a": 0.5}}


def test_a_tempo_counts_where_it_is_steady() -> None:
    assert piece(bpm=120.0).tempo == 120.0
    assert piece(bpm=120.0, bpm_is_defined=0).tempo is None
    assert values_of([piece(bpm=120.0, bpm_is_defined=0), piece(bpm=90, bpm_is_defined=1)], "bpm") == [90.0]


def test_the_length_is_what_was_decoded_or_what_the_file_said() -> None:
    assert piece().seconds is None
    assert piece(provenance={"audio": {"seconds": 12.5}}).seconds == 12.5
    assert piece(provenance={"audio": "odd"}).seconds is None
    entry = Entry(Track(Path("/library/a")), {}, {"audio": {"seconds": 12.5}})
    assert piece_of(entry, Drawn(seconds=3.0)).seconds == 3.0


def test_keys_are_counted() -> None:
    found = keys_of(pieces({"tonic": 2, "tonic_scale": "minor"}, {"tonic": 2, "tonic_scale": "minor"}, {"tonic": 2}))
    assert found == {(2, "minor"): 2}
    assert FIFTHS == (0, 7, 2, 9, 4, 11, 6, 1, 8, 3, 10, 5)


def test_the_grid_spans_the_tempi_in_steps_that_fit() -> None:
    key = {"tonic": 0, "tonic_scale": "major"}
    assert tempo_grid(tempi(100)) is None
    one = tempo_grid(pieces({"bpm": 119.9, **key}))
    assert one is not None
    assert one.edges == (110, 120)
    wide = tempo_grid(pieces({"bpm": 40.0, **key}, {"bpm": 299.0, **key}, {"bpm": 300.0, **key}))
    assert wide is not None
    assert wide.edges[0] == 40
    assert wide.edges[-1] == 320
    assert len(wide.edges) <= 15
    assert sum(wide.counts[0, "major"]) == 3


def test_a_histogram_leaves_out_what_lies_outside() -> None:
    found = histogram([-1, 0, 0.5, 1, 2], 0, 1, 2)
    assert found.counts == (1, 2)
    assert found.edges == (0.0, 0.5, 1.0)


def test_labels_are_counted_where_they_are_likely() -> None:
    found = pieces({"g": {"A---x": 0.5, "y": 0.05}}, {"g": {"A---x": 0.1}, "m": {}}, {})
    assert label_names(found) == ["g"]
    assert label_counts(found, "g") == [("A---x", 2)]
    assert short_label("A---x") == "x"


def test_of_few_tracks_nothing_is_said() -> None:
    assert gaps(tempi(60, 120, 180)) == []
    assert next_piece(tempi(60, 120, 180)) is None


def test_a_hole_in_the_tempi_is_told_with_what_would_fill_it() -> None:
    found = gaps(tempi(80, 82, 84, 160))
    assert found[0].what == "Nothing lies between 84 and 160 BPM."
    assert found[0].suggestion == "A piece around 116 BPM would join the two sides."
    assert next_piece(tempi(80, 82, 84, 160)) == "A piece around 116 BPM."
    assert said(tempi(80, 90, 100, 110)) == []


def test_tracks_without_a_tempo_are_counted() -> None:
    found = [*tempi(100, 101, 102), piece("none")]
    assert said(found) == ["1 of 4 tracks has no steady tempo."]
    assert said([piece(str(number)) for number in range(5)]) == []


@pytest.mark.parametrize(("minor", "what"), [(4, "All 4 tracks are in minor."), (0, "All 4 tracks are in major.")])
def test_one_sided_modes(minor: int, what: str) -> None:
    rows = [{"tonic": number, "tonic_scale": "minor" if number < minor else "major"} for number in range(4)]
    assert what in said(pieces(*rows))


def test_most_are_no_all() -> None:
    rows = [{"tonic": 0, "tonic_scale": "minor" if number < 9 else "major"} for number in range(10)]
    assert "9 of 10 tracks are in minor." in said(pieces(*rows))
    assert next_piece(pieces(*rows)) == "A piece in F# major."


def test_empty_keys_are_listed_where_there_are_tracks_enough() -> None:
    rows = [{"tonic": number, "tonic_scale": mode} for number in range(12) for mode in ("major", "minor")]
    assert said(pieces(*rows)) == []
    found = gaps(pieces(*rows[:-1]))
    assert found[0].what == "1 of 24 keys has no track."
    assert found[0].suggestion == "Empty: B minor."
    assert gaps(pieces(*rows[:12]))[0].suggestion.endswith("and 4 more.")


def test_a_narrow_range_teaches_nothing() -> None:
    found = said(pieces(*({"lufs": -10 - number / 2, "brightness": 10 * number} for number in range(5))))
    assert found[0] == "All tracks lie within 2.0 LU of loudness (\u221212.0 to \u221210.0)."


@pytest.mark.parametrize(
    ("voices", "what"), [((0.1,) * 4, "No track has a voice."), ((0.9,) * 4, "Every track has a voice.")]
)
def test_voices(voices: tuple[float, ...], what: str) -> None:
    assert said(pieces(*({"voice_probability": voice} for voice in voices))) == [what]
    assert said(pieces(*({"voice_probability": voice} for voice in (0.1, 0.9, 0.1, 0.9)))) == []


def test_a_combination_that_never_comes_is_told_with_how_often_it_would() -> None:
    rows = [{"bpm": 100.0 + number, "brightness": 40.0 + 3 * number} for number in range(8)]
    found = gaps(pieces(*rows))
    assert found[0].what == "No track is both slow and bright."
    assert found[0].suggestion == "2 of the 8 would be, if one had nothing to do with the other."
    assert next_piece(pieces(*rows)) == "A piece slow and bright."


def test_what_to_record_puts_it_together() -> None:
    key = {"tonic": 9, "tonic_scale": "minor"}
    rows = [
        {"bpm": bpm, "brightness": bright, **key}
        for bpm, bright in zip((70, 71, 72, 140, 141, 142), (20, 30, 40, 50, 60, 70), strict=True)
    ]
    assert next_piece(pieces(*rows)) == "A piece around 100 BPM, in Eb major, slow and bright."
