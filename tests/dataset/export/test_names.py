import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from small_dataset_audio.dataset.export.names import LONGEST, safe_name, safe_names


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("Take 1", "Take-1"),
        ("Dvořák: Nr. 9 (live)", "Dvorak-Nr-9-live"),
        ("Straße & Ærø", "Strasse-and-Aero"),
        ("日本", "track"),
        ("...", "track"),
        ("-_a_-", "a"),
        ("x" * 300, "x" * LONGEST),
    ],
)
def test_a_name_becomes_one_that_everybody_can_hold(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_names_that_become_the_same_are_numbered() -> None:
    assert safe_names(["a b", "A-B", "a_b", "日", "本", "a-b-2"]) == [
        "a-b",
        "A-B-2",
        "a_b",
        "track",
        "track-2",
        "a-b-2-2",
    ]
    long = safe_names(["y" * 200, "y" * 201])
    assert long == ["y" * LONGEST, "y" * (LONGEST - 2) + "-2"]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=12)))
def test_any_names_become_different_safe_ones(names: list[str]) -> None:
    safe = safe_names(names)
    assert len({one.lower() for one in safe}) == len(names) == len(safe)
    assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", one) and len(one) <= LONGEST for one in safe)
