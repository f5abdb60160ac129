"""``sda crop`` as a process."""

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from small_dataset_audio.cli.crop import CROP_SCHEMA
from small_dataset_audio.dataset.crops.places import crop_folders
from small_dataset_audio.dataset.info import read_info
from small_dataset_audio.dataset.layout import Track
from support.crop_tracks import cuttable
from support.dataset_library import tree
from support.processes import sda
from support.signals import clicks, noise, write_audio

pytestmark = pytest.mark.process


@pytest.fixture
def home(tmp_path: Path) -> Path:
    cuttable(tmp_path / "library", mood="calm")
    (tmp_path / "config.toml").write_text('[paths]\nlibrary = "library"\n[crops]\nsamples = 16000\n')
    return tmp_path


def test_a_library_is_cut_and_measured_once_and_again_when_forced(home: Path) -> None:
    first = sda("crop", "--json", cwd=home)
    document: dict[str, Any] = first.json()
    Draft202012Validator(CROP_SCHEMA).validate(document)
    assert first.status == 0, first.err
    assert document["libraries"][0]["tracks"]["done"] == 1
    assert document["libraries"][0]["crops"] == 3
    track = Track(home / "library" / "tape")
    crops = crop_folders(track)
    assert all("lufs" in read_info(crop.info) for crop in crops)
    second = sda("crop", "library/tape", cwd=home)
    assert "1 had nothing left to do" in second.out
    before = tree(home / "library" / "tape" / "crops")
    other = sda("crop", "--overlap", "library", cwd=home)
    assert other.status == 0
    assert "stay as they are" in other.err
    assert tree(home / "library" / "tape" / "crops") == before
    forced = sda("crop", "--overlap", "--force", cwd=home)
    assert "1 track done, 5 crops measured" in forced.out
    assert "[crop] tape_5: done" in forced.err


def test_recordings_in_no_library_are_cut_into_a_folder_of_their_name(home: Path) -> None:
    write_audio(home / "loop.wav", clicks(0.5 * __import__("numpy").arange(16), 8.0, 22050), 22050)
    (home / "broken.wav").write_bytes(b"RIFF")
    words = ("crop", "loop.wav", "broken.wav", "--seconds", "4", "--samples", "88200", "--output", "out")
    done = sda(*words, "--json", cwd=home)
    document: dict[str, Any] = done.json()
    Draft202012Validator(CROP_SCHEMA).validate(document)
    assert done.status == 1
    assert [Path(one["file"]).name for one in document["failures"]] == ["broken.wav"]
    [made] = document["files"]
    assert made["written"] == len(made["crops"]) >= 2
    crop = Track(home / made["crops"][1])
    assert crop.folder == home / "out" / "loop" / "crops" / "loop_2"
    info = read_info(crop.info)
    assert info["position_in_file"] == pytest.approx(0.5, abs=0.1)
    assert "lufs" in info
    assert info["_sda"]["crop"]["source"] == "loop.wav"
    again = sda(*words[:2], *words[3:], cwd=home)
    assert again.status == 0, again.err
    assert "2 crops, 2 of them kept" in again.out
    write_audio(home / "short.wav", noise(3.0))
    short = sda("crop", "short.wav", "--output", "out", "--sequential", cwd=home)
    assert short.status == 0
    assert "0 crops" not in short.out.replace("short.wav: 1 crop", "")


def test_what_cannot_be_asked_for(home: Path) -> None:
    assert sda("crop", cwd=home).status == 0
    crop = sda("crop", "library/tape/crops/tape_1", cwd=home)
    assert crop.status == 2
    assert "is a crop" in crop.err
    both = sda("crop", "--sequential", "--four-bars", cwd=home)
    assert both.status == 2
    assert "exclude each other" in both.err
    assert sda("crop", "--seconds", "long", cwd=home).status == 2


def test_a_file_in_the_way_fails_that_track_and_says_so(home: Path) -> None:
    mine = home / "library" / "tape" / "crops" / "tape_1"
    mine.mkdir(parents=True)
    (mine / "take.txt").write_text("mine")
    done = sda("crop", cwd=home)
    assert done.status == 1
    assert "FAILED tape (crop)" in done.out
    assert "take.txt" in done.out or "tape_1" in done.out
    assert (mine / "take.txt").read_text() == "mine"


def test_the_library_that_is_worked_on_is_checked_and_not_that_of_the_settings(home: Path) -> None:
    (home / "library").rename(home / "other")
    (home / "library").write_text("no folder")
    assert sda("crop", "other", cwd=home).status == 0
    write_audio(home / "loop.wav", noise(3.0))
    assert sda("crop", "loop.wav", "--output", "out", cwd=home).status == 0
    gone = sda("crop", "nothing", cwd=home)
    assert gone.err.startswith("Error: There is nothing at")
