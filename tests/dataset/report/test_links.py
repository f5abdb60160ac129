import os
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from small_dataset_audio.dataset.report.links import address, slug

NAMES = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=60).filter(
    lambda name: name not in {".", ".."}
)


@given(NAMES)
def test_any_name_gets_files_that_every_system_takes(name: str) -> None:
    made = slug(name)
    assert made.isascii()
    assert made == made.lower()
    assert not set(made) - set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert len(made) <= 49
    assert slug(name) == made


@pytest.mark.parametrize(
    ("one", "other"), [("Song", "song"), ("caf\u00e9", "cafe\u0301"), ("a", "a "), ("\u6b4c", "\u8a69")]
)
def test_names_that_a_disk_confuses_stay_apart(one: str, other: str) -> None:
    assert slug(one) != slug(other)


def test_a_name_that_is_no_text_has_a_slug_too() -> None:
    assert slug("caf\udce9").startswith("caf-")


@given(NAMES)
def test_an_address_leads_back_to_the_file(name: str) -> None:
    target, page = Path("/music/library") / name / "full_mix.wav", Path("/reports/library/tracks/x.html")
    made = address(target, page)
    parts = urlsplit(made)
    assert not parts.scheme
    assert not parts.netloc
    assert not parts.query
    assert not parts.fragment
    there = os.path.normpath(os.fsencode(page.parent) + b"/" + unquote_to_bytes(parts.path))
    assert there == os.fsencode(target)


def test_what_means_something_in_an_address_is_encoded() -> None:
    made = address(Path("/a/#1? 100% \"x'\u00eb\udce9.wav"), Path("/a/b/c.html"))
    assert made == "../%231%3F%20100%25%20%22x%27%C3%AB%E9.wav"
