import pytest
from hypothesis import given
from hypothesis import strategies as st

from small_dataset_audio.dataset.metadata import values
from small_dataset_audio.dataset.metadata.artists import is_various, own_artist


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("2003", "2003"),
        (2003, "2003"),
        ("2003-05", "2003-05"),
        ("2003-05-17", "2003-05-17"),
        ("20030517", "2003-05-17"),
        ("2003/5/7", "2003-05-07"),
        ("2003-05-17T12:30:00Z", "2003-05-17"),
        ("2003-00-00", "2003"),
        ("2003-02-31", "2003"),
        ("2003-13", "2003"),
        ("0000", None),
        ("1859", None),
        ("9999", None),
        ("03", None),
        ("in 2003", None),
        ("", None),
        (None, None),
        ([2003], None),
    ],
)
def test_dates(told: object, expected: str | None) -> None:
    assert values.date(told) == expected
    assert values.year_of(expected) == (int(expected[:4]) if expected else None)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("GBAYE0312345", "GBAYE0312345"),
        ("gb-aye-03-12345", "GBAYE0312345"),
        ("ISRC:GB AYE 03 12345", "GBAYE0312345"),
        ("GBAYE031234", None),
        ("0BAYE0312345", None),
        ("GBAYE031234X", None),
        (None, None),
        (12, None),
    ],
)
def test_isrcs(told: object, expected: str | None) -> None:
    assert values.isrc(told) == expected


def test_identifiers() -> None:
    known = "11111111-2222-4333-8444-555555555555"
    assert values.musicbrainz_id(known.upper()) == known
    assert values.musicbrainz_id(f"{known}0") is None
    assert values.spotify_id("spotify:track:0123456789abcdefABCDEF") == "0123456789abcdefABCDEF"
    assert values.spotify_id("../0123456789abcdefABC") is None
    assert values.tidal_id(77646168) == "77646168"
    assert values.tidal_id("7764x") is None


@pytest.mark.parametrize(
    ("told", "expected"), [(0, 0), (100, 100), (101, None), (-1, None), (True, None), (4.5, None), ("4", None)]
)
def test_popularity(told: object, expected: int | None) -> None:
    assert values.popularity(told) == expected


def test_texts_are_one_clean_line_each_once() -> None:
    assert values.text("  Blue\r\n Cafe\u0301\0 ") == "Blue Café"
    assert [values.text(one) for one in ("", " ", "-", "Unknown", "bad \ufffd", "x" * 1001, 5, "\ud800")] == [None] * 8
    assert values.texts(["a;B", "A", "b;", 7, None], "\0;") == ["a", "B"]
    assert values.genres(["Jazz", "Other", "none", *map(str, range(20))]) == ["Jazz", *map(str, range(9))]


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("see http://creativecommons.org/licenses/by-nc/4.0/.", "http://creativecommons.org/licenses/by-nc/4.0/"),
        (
            "(https://www.creativecommons.org/publicdomain/zero/1.0/)",
            "https://www.creativecommons.org/publicdomain/zero/1.0/",
        ),
        ("all rights reserved", None),
        (None, None),
    ],
)
def test_licences_that_are_named_by_their_address(told: object, expected: str | None) -> None:
    assert values.licence_in(told) == expected


@given(st.one_of(st.text(), st.none(), st.integers(), st.floats(), st.lists(st.text())))
def test_nothing_is_a_value_that_it_is_not(told: object) -> None:
    line = values.text(told)
    assert line is None or (line == line.strip() and values.text(line) == line)
    for shape in (values.date, values.isrc, values.musicbrainz_id, values.spotify_id, values.tidal_id):
        found = shape(told)
        assert found is None or shape(found) == found


@pytest.mark.parametrize(
    "name",
    ["Various Artists", "VARIOUS", "V.A.", "Verschiedene Künstler", "ヴァリアス・アーティスト", "Rôzni wykonawcy"],
)
def test_names_that_stand_for_many(name: str) -> None:
    assert is_various(name)


@pytest.mark.parametrize("name", ["Various Cruelties", "Diverse", "Vaya Con Dios", "The Testers", ""])
def test_names_that_are_somebody(name: str) -> None:
    assert not is_various(name)


@pytest.mark.parametrize(
    ("title", "artist"),
    [
        ("The Testers - Blue", "The Testers"),
        ("Blue", None),
        ("Self-Titled", None),
        ("VA - Blue", None),
        (" - Blue", None),
        ("Blue - ", None),
    ],
)
def test_the_artist_in_a_title(title: str, artist: str | None) -> None:
    assert own_artist(title) == artist
