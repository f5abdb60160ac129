"""Names that every file system can hold."""

import itertools
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from small_dataset_audio.dataset.organize.names import LONGEST_NAME, collision_key, numbered, sanitise, shortened

ANY = st.text(st.characters(codec=None), max_size=60) | st.text('con.aux1 \u200d\u0301\U0001f3fe"/…', max_size=80)
FORBIDDEN = set('/\\<>:"|?*') | {chr(code) for code in range(32)} | {"\x7f"}


@settings(deadline=None, max_examples=300)
@given(ANY)
@example("con." + "." * 200 + "x")
@example("a \u200b b")
@example("e\u200b\u0301")
@example("." * 300)
@example("\u0301" * 300)
@example("\ud83d\ude00")
def test_any_name_becomes_one_that_can_be_used(name: str) -> None:
    clean = sanitise(name)
    assert 1 <= len(clean.encode("utf-8")) <= LONGEST_NAME
    assert not set(clean) & FORBIDDEN
    assert clean[0] not in " ."
    assert clean[-1] not in " ."
    assert clean.split(".")[0].rstrip().lower() not in {"con", "prn", "aux", "nul", "com1", "lpt9"}
    assert unicodedata.is_normalized("NFC", clean)
    assert sanitise(clean) == clean


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("Für Elise", "Für Elise"),
        ("Fu\u0308r Elise", "Für Elise"),
        ("Don't Stop", "Don't Stop"),
        ('The "Blue" Take 12"', "The 'Blue' Take 12'"),
        ("two\nlines\tand\u2028more", "two lines and more"),
        ("AC/DC: Live?", "AC_DC_ Live_"),
        ("..\\..\\etc", "…_.._etc"),
        ("../../etc/x", "…_.._etc_x"),
        ("...And Justice for All", "…And Justice for All"),
        (".5", "…5"),
        ("R.E.M.", "R.E.M"),
        ("  spaces   inside ", "spaces inside"),
        ("bell\x07 \x85 \x9b", "bell_ _"),
        ("", "untitled"),
        (" . ", "…"),
        ("\u200b\ufeff", "untitled"),
        ("evil\u202egpj.exe", "evilgpj.exe"),
        ("caf\udce9", "café"),
        ("lone\ud800", "lone_"),
        ("aux", "aux_"),
        ("NUL.tar", "NUL_.tar"),
        ("com1 .x", "com1_.x"),
        ("COM²", "COM²_"),
        ("console", "console"),
        ("🎸🔥 Señor 東京", "🎸🔥 Señor 東京"),
        ("👩🏽‍🎤 team", "👩🏽‍🎤 team"),
        ("می‌خواهم", "می‌خواهم"),
    ],
)
def test_what_becomes_of_a_name(name: str, clean: str) -> None:
    assert sanitise(name) == clean


@pytest.mark.parametrize(
    "unit",
    ["a", "é", "東", "🎸", "e\u0323\u0301", "👩🏽‍🎤", "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"],
)
def test_long_names_are_cut_between_characters(unit: str) -> None:
    unit = unicodedata.normalize("NFC", unit)
    clean = sanitise(unit * 200)
    assert clean == unit * (len(clean) // len(unit))
    assert LONGEST_NAME - len(unit.encode("utf-8")) < len(clean.encode("utf-8")) <= LONGEST_NAME


def test_cutting_leaves_no_dot_or_space_at_the_end() -> None:
    assert shortened("One . . . two", 8) == "One"


def test_numbers_follow_a_name() -> None:
    assert list(itertools.islice(numbered("Song"), 3)) == [(1, "Song"), (2, "Song (2)"), (3, "Song (3)")]
    assert next(numbered("Song", 12)) == (12, "Song (12)")
    long = list(itertools.islice(numbered("x" * LONGEST_NAME), 200))
    assert len({name for _, name in long}) == 200
    assert all(len(name) == LONGEST_NAME for _, name in long)


@settings(deadline=None, max_examples=100)
@given(ANY, st.integers(2, 10**6))
def test_a_numbered_name_is_a_legal_name(name: str, number: int) -> None:
    _, result = next(numbered(sanitise(name), number))
    assert sanitise(result) == result


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Song", "SONG"),
        ("É", "e\u0301"),
        ("straße", "STRASSE"),
        ("ǅ", "ǆ"),
        ("Ω", "\u2126"),
        ("\u1fb3\u0301", "\u0391\u0301\u0345"),
    ],
)
def test_names_that_some_file_system_takes_for_the_same(one: str, other: str) -> None:
    assert collision_key(one) == collision_key(other)


def test_names_that_every_file_system_tells_apart() -> None:
    assert len({collision_key(name) for name in ("Song", "Song (2)", "Sóng", "Song_")}) == 4
