from pathlib import Path

import numpy as np

from small_dataset_audio.dataset.entries import Entry
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.dataset.report.highlights import highlights
from small_dataset_audio.dataset.statistics.summary import summarise
from small_dataset_audio.dataset.statistics.table import Table
from small_dataset_audio.features.catalog import BY_NAME


def said(count: int, odd: float = 0.0) -> list[str]:
    """Return what is said of tracks that are the brighter the sharper, and one of which is ``odd`` LU louder."""
    generator = np.random.default_rng(3)
    brightness = generator.uniform(20, 80, count)
    rows = [
        {
            "brightness": float(one), "sharpness": float(one * 0.9 + 5), "lufs": float(generator.normal(-14, 1.0)),
            "bpm": float(generator.uniform(60, 180)), "chroma_1": float(one / 100),
        }
        for one in brightness
    ]  # fmt: skip
    rows[0]["lufs"] += odd
    found = [Entry(Track(Path("/library") / f"Song {number}"), row) for number, row in enumerate(rows)]
    return highlights(summarise(Table.of(Path("/library"), BY_NAME, entries=found), BY_NAME))


def test_what_to_condition_on_and_what_says_the_same() -> None:
    found = said(40)
    assert found[0].startswith("Worth conditioning a generator on: ")
    assert "bpm" in found[0]
    assert "brightness and sharpness say nearly the same: one of them is enough." in found
    assert "brightness and sharpness rise together (rank correlation 1.00, 40 tracks)." in found
    assert not [one for one in found if "chroma" in one]


def test_who_stands_apart() -> None:
    found = said(40, odd=12.0)
    assert [one for one in found if one.startswith("Song 0 stands apart in lufs: ")] != []


def test_of_few_tracks_it_says_why_it_says_so_little() -> None:
    found = said(4)
    assert not [one for one in found if "rise together" in one]
    assert found
