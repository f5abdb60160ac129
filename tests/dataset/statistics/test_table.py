from decimal import Decimal
from pathlib import Path

import pytest

from small_dataset_audio.dataset.entries import Entry
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.dataset.statistics.table import UNTOLD, Table
from small_dataset_audio.errors import StoreError, UnreadableInfo
from support.statistics_library import LIBRARY, Number, declaring, entry, table_of, written

DECLARED = declaring(Number("lufs"), Number("lufs_bass"), Number("danceability", stage="classify"))


def test_every_kind_of_value_finds_its_place(tmp_path: Path) -> None:
    values = {
        "lufs": -14.5,
        "release_year": 1998,
        "genre": {"House": 0.7, "Techno": 0.2},
        "genres": ["dance", "dance", "club"],
        "caption": "A slow piece.",
    }
    written(tmp_path, "Song", values, absent={"lufs_bass": "there are no stems"})
    table = Table.of(tmp_path, DECLARED)
    assert table.tracks == ["Song"]
    assert list(table.numbers.columns) == ["lufs", "lufs_bass", "danceability", "release_year"]
    assert table.numbers["lufs"]["Song"] == -14.5
    assert table.numbers["release_year"]["Song"] == 1998
    assert table.labels == {"genre": {"Song": {"House": 0.7, "Techno": 0.2}}}
    assert table.tags == {"genres": {"Song": ("dance", "club")}}
    assert table.texts == {"caption": {"Song": "A slow piece."}}
    assert table.unit == "track"


def test_what_is_absent_has_its_reason() -> None:
    found = [
        entry("a", {"lufs": -10.0}, {"analyze": {"absent": {"lufs_bass": "there are no stems"}}}),
        entry("b", {"lufs": "loud", "release_year": 1999}, {"analyze": {}, "classify": "damaged"}),
    ]
    table = Table.of(LIBRARY, DECLARED, entries=found)
    assert table.absent == {
        "lufs": {"b": "what is written there is no number that can be reckoned with"},
        "lufs_bass": {"a": "there are no stems", "b": UNTOLD},
        "danceability": {"a": "the stage classify has not run", "b": UNTOLD},
        "release_year": {"a": "nobody wrote it there"},
    }
    assert table.numbers["lufs"].notna().tolist() == [True, False]


def test_reasons_that_are_none_are_passed_over() -> None:
    found = [entry("a", {}, {"analyze": {"absent": {"lufs": 7}}, "x": {"absent": []}})]
    assert Table.of(LIBRARY, DECLARED, entries=found).absent["lufs"] == {"a": UNTOLD}


@pytest.mark.parametrize(
    "value", [True, 10**400, 1e200, Decimal("1e999"), [], {}, ["a", 1], {"House": "much"}, {"a": True}, [[1]]]
)
def test_what_statistics_can_say_nothing_of_is_passed_over(value: object) -> None:
    table = Table.of(LIBRARY, {}, entries=[entry("a", {"thing": value})])
    assert table.tracks == ["a"]
    assert (list(table.numbers.columns), table.labels, table.tags, table.texts) == ([], {}, {}, {})


def test_a_track_that_cannot_be_read_is_a_problem_and_no_row(tmp_path: Path) -> None:
    written(tmp_path, "Good", {"lufs": -9.0})
    bad = Track(tmp_path / "Bad")
    bad.folder.mkdir()
    bad.info.write_text("{")
    table = Table.of(tmp_path, DECLARED)
    assert table.tracks == ["Good"]
    assert isinstance(table.problems["Bad"], UnreadableInfo)


def test_crops_of_the_same_name_are_told_apart() -> None:
    folders = [LIBRARY / song / "crops" / name for song, name in (("A", "x"), ("B", "x"), ("B", "B_1"))]
    found = [Entry(Track(folder), {"lufs": float(i)}) for i, folder in enumerate(folders)]
    table = Table.of(LIBRARY, DECLARED, crops=True, entries=found)
    assert table.tracks == ["A/x", "B/x", "B_1"]
    assert table.unit == "crop"


def test_an_empty_library_has_empty_tables(tmp_path: Path) -> None:
    table = Table.of(tmp_path, DECLARED)
    assert table.tracks == []
    assert list(table.numbers.columns) == list(DECLARED)
    assert table.absent == {}


def test_a_library_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no library"):
        Table.of(tmp_path / "nowhere", DECLARED)


def test_columns_of_different_tracks_line_up() -> None:
    table = table_of({"a": [1.0, None, 3.0], "b": [None, 2.0, 2.5]})
    assert table.numbers["a"].dropna().to_dict() == {"t00": 1.0, "t02": 3.0}
    assert table.numbers["b"].dropna().to_dict() == {"t01": 2.0, "t02": 2.5}
