from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from small_dataset_audio.dataset.entries import Entry
from small_dataset_audio.dataset.export.strata import likeliest, strata_of, texts
from small_dataset_audio.dataset.export.words import known_names, words_of
from small_dataset_audio.dataset.layout import Track


def _entry(**values: object) -> Entry:
    return Entry(Track(Path("library") / "Song"), values)


def test_what_is_known_goes_by_its_own_name() -> None:
    words = words_of(
        _entry(
            lufs=-14.5, tonic=9, album="Blue", tags=["a", " b "], flag=True, big=Decimal("1e999"), empty="  ", none=[]
        ),
        "Song",
    )
    assert words == {"lufs": -14.5, "tonic": 9, "album": "Blue", "tags": "a, b", "name": "Song", "song": "Song"}


def test_the_likeliest_labels_are_named_without_their_parents() -> None:
    genres = {"Electronic---House": 0.5, "Electronic---Techno": 0.3, "Jazz---House": 0.29, "Rock---Punk": 0.1}
    moods = {"dark": 0.2, "deep": 0.19, "epic": 0.18, "sad": 0.17}
    words = words_of(_entry(essentia_genre=genres, essentia_mood=moods, essentia_instrument={"synth": 0.04}), "Song")
    assert words["genres"] == "House, Techno"
    assert words["moods"] == "dark, deep, epic"
    assert words["instruments"] == "synth"
    assert words["essentia_genre"] == "House, Techno"


def test_genres_of_tags_come_before_those_of_a_network() -> None:
    words = words_of(_entry(genres=["Baião", "MPB"], essentia_genre={"Latin---Samba": 0.9}), "Song")
    assert words["genres"] == "Baião, MPB"
    assert "genres" not in words_of(_entry(genres=[]), "Song")


def test_a_tempo_that_is_none_is_not_told() -> None:
    assert words_of(_entry(bpm=61.0, bpm_is_defined=0), "Song").get("bpm") is None
    assert words_of(_entry(bpm=61.0, bpm_is_defined=1), "Song")["bpm"] == 61.0
    assert words_of(_entry(bpm=61.0), "Song")["bpm"] == 61.0


def test_key_caption_artists_and_year() -> None:
    words = words_of(
        _entry(tonic=9, tonic_scale="minor", music_flamingo_full="Long.", artists=["A", "B"], release_year=1999), "Song"
    )
    assert (words["key"], words["caption"], words["artists"], words["year"]) == ("A minor", "Long.", "A, B", 1999)
    assert words_of(_entry(music_flamingo_full="Long.", music_flamingo_short_full="Short."), "S")["caption"] == "Short."
    assert "year" not in words_of(_entry(release_year={"x": "y"}), "Song")


def test_names_that_a_template_may_use() -> None:
    assert {"caption", "mine", "other"} <= known_names([_entry(mine=1), _entry(other="x")])


@pytest.mark.parametrize(
    ("values", "strata"),
    [
        ({}, ()),
        ({"bpm": 80.0}, ("tempo: slow",)),
        ({"bpm": 120.0, "bpm_is_defined": 1}, ("tempo: medium",)),
        ({"bpm": 174.0, "tonic": 2, "tonic_scale": "major"}, ("tempo: fast", "scale: major")),
        ({"bpm": 80.0, "bpm_is_defined": 0}, ()),
        ({"essentia_genre": {"Rock---Punk": 0.1, "Electronic---House": 0.4}}, ("genre: electronic",)),
        ({"genres": ["Baião"], "essentia_genre": {"Rock---Punk": 0.1}}, ("genre: baião",)),
        ({"essentia_genre": "not labels", "genres": 5}, ()),
    ],
)
def test_what_a_song_is_like(values: dict[str, Any], strata: tuple[str, ...]) -> None:
    assert strata_of(_entry(**values)) == strata


def test_what_is_no_label_and_no_text_is_passed_over() -> None:
    assert likeliest({"a": 0.1, "b": "x", "c": 0.1, "d": 0.2}) == [("d", 0.2), ("a", 0.1), ("c", 0.1)]
    assert texts(["a", 1, "", " b"]) == ["a", "b"]
    assert texts(None) == []
