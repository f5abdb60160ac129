import pytest
from hypothesis import given
from hypothesis import strategies as st

from small_dataset_audio.dataset.metadata.names import Guess, guess_from, t5_name
from small_dataset_audio.dataset.organize import sanitise


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Blue Café", "Blue Café"),
        ("Ñandú_one", "Nandu one"),
        ("Łódź \u2013 \u201clive\u201d", "Lodz - 'live'"),
        ("Smørrebrød", "Smorrebrod"),
        ("Größe", "Größe"),
        ("noapte bună", "noapte bună"),
        ("song {take 2} ~ mix", "song (take 2) - mix"),
        ("C♯ minor ♥ 🎹", "C# minor"),
        ("ﬁne №5", "fine No5"),
        ("Ночь", None),
        ("夜の歌", None),
        ("Blue 夜", None),
        ("♥♥♥", None),
        ("a (2)", "a (2)"),
    ],
)
def test_names_that_t5_can_read(name: str, expected: str | None) -> None:
    assert t5_name(name) == expected


@given(st.text(max_size=60))
def test_a_name_for_t5_is_a_track_name_and_stays_so(text: str) -> None:
    name = sanitise(text)
    made = t5_name(name)
    if made is not None:
        assert t5_name(made) == made
        assert sanitise(made) == made
        assert any(one.isalnum() for one in made)
        assert not set(made) & set("<{}~^`_")


@given(st.text("abcdefghijklmnopqrstuvwxyz 0123456789ABC()'-", min_size=1, max_size=40))
def test_plain_names_stay_as_they_are(text: str) -> None:
    name = sanitise(text)
    if any(one.isalnum() for one in name):
        made = t5_name(name)
        assert made is not None
        assert made.replace(" ", "") == name.replace("_", "").replace("…", "...").replace(" ", "")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Blue", Guess("Blue")),
        ("The Testers - Blue", Guess("Blue", "The Testers")),
        ("03 - The Testers - Blue - live", Guess("Blue - live", "The Testers")),
        ("1-03. The_Testers \u2013 Blue", Guess("Blue", "The Testers")),
        ("07_Blue", Guess("Blue")),
        ("99 Luftballons", Guess("Luftballons")),
        ("1999", Guess("1999")),
        ("12", Guess("12")),
        (" - ", None),
        ("", None),
    ],
)
def test_what_a_name_tells(name: str, expected: Guess | None) -> None:
    assert guess_from(name) == expected


@given(st.text(max_size=80))
def test_any_name_tells_something_or_nothing(name: str) -> None:
    guess = guess_from(name)
    assert guess is None or (guess.title.strip() and guess.artist != "")
