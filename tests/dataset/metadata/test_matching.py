import pytest
from hypothesis import given
from hypothesis import strategies as st

from small_dataset_audio.config.metadata import Metadata
from small_dataset_audio.dataset.metadata.matching import Facts, artist_likeness, length_likeness, score, title_likeness

ASKED = Facts("Blue Café", ["The Testers"], 61.0, ["GBAYE0312345"])
ENOUGH = Metadata().minimum_score


@pytest.mark.parametrize(
    "offered",
    [
        Facts("Blue Café", ["The Testers"], 61.0),
        Facts("BLUE CAFE", ["the testers"], 62.5),
        Facts("Blue Café (2009 Remaster)", ["The Testers"], 63.0),
        Facts("Blue Café (feat. Ann Other)", ["The Testers", "Ann Other"], 61.0),
        Facts("Blue Café", ["The Testers feat. Ann Other"], 61.0),
        Facts("Blue Café", ["The Testers"], None),
        Facts("Blue Café", [], 61.0, ["GBAYE0312345"]),
    ],
)
def test_the_same_recording(offered: Facts) -> None:
    assert ENOUGH <= score(ASKED, offered) <= 1.0


@pytest.mark.parametrize(
    "offered",
    [
        Facts("Blue Café (live)", ["The Testers"], 61.0),
        Facts("Blue Café (Somebody Remix)", ["The Testers"], 61.0),
        Facts("Blue Café", ["The Testers"], 95.0),
        Facts("Blue Café", ["The Choir of Elsewhere"], 61.0),
        Facts("Red Kitchen", ["The Testers"], 61.0),
        Facts("Blue Kitchen", ["The Testers"], 61.0),
        Facts("Blue Café, Pt. II", ["The Testers"], 61.0),
        Facts("Blue Café", [], 61.0),
        Facts("Red Kitchen", ["The Testers"], 61.0, ["GBAYE0312345"]),
        Facts(None, ["The Testers"], 61.0),
    ],
)
def test_another_recording(offered: Facts) -> None:
    assert score(ASKED, offered) < ENOUGH


def test_guests_may_be_missing_on_one_side() -> None:
    assert artist_likeness(["Queen", "David Bowie"], ["Queen & David Bowie"]) == 1.0
    assert artist_likeness(["Queen"], ["Queen & David Bowie"]) == 1.0
    assert artist_likeness(["Simon & Garfunkel"], ["Simon and Garfunkel"]) == 1.0
    assert artist_likeness(["X"], ["X"]) == 1.0
    assert artist_likeness([], ["X"]) is None


def test_scripts_without_letters_of_ours() -> None:
    assert title_likeness("夜の歌", "夜の歌") == 1.0
    assert title_likeness("夜の歌", "朝の歌") < 1.0
    assert title_likeness("!!!", "???") == 0.0


def test_parts_are_different_pieces() -> None:
    assert title_likeness("Suite No. 5: Gigue", "Suite No. 6: Gigue") < 0.5
    assert title_likeness("Suite, Part II", "Suite, Part III") < 0.5
    assert title_likeness("Suite (2009 remaster)", "Suite (2011 remaster)") > 0.8


def test_lengths() -> None:
    assert length_likeness(60.0, 63.0) == 1.0
    assert length_likeness(60.0, 69.0) == pytest.approx(0.5)
    assert length_likeness(60.0, 600.0) == 0.0
    assert length_likeness(None, 60.0) is None


_FACTS = st.builds(
    Facts,
    st.none() | st.text(max_size=30),
    st.lists(st.text(max_size=20), max_size=3),
    st.none() | st.floats(0, 1e5),
    st.lists(st.just("GBAYE0312345"), max_size=1),
)


@given(_FACTS, _FACTS)
def test_a_score_is_between_nothing_and_one(one: Facts, other: Facts) -> None:
    assert 0.0 <= score(one, other) <= 1.0


@given(_FACTS)
def test_what_is_the_same_fits(one: Facts) -> None:
    if one.title and title_likeness(one.title, one.title) == 1.0 and artist_likeness(one.artists, one.artists) == 1.0:
        assert score(one, one) >= ENOUGH
