import json
from pathlib import Path

import pytest

from small_dataset_audio.dataset.info import forget_stage, read_info, safe_update
from small_dataset_audio.errors import UnreadableInfo
from support.dataset_library import tree
from support.statistics_library import written


def test_a_stage_takes_its_values_and_its_record_with_it(tmp_path: Path) -> None:
    track = written(tmp_path, "Song", {"lufs": -9.0, "bpm": 120.0})
    written(tmp_path, "Song", {"genre": {"House": 0.5}}, stage="classify")
    safe_update(track.info, {"caption": "Mine.", "bpm": 60.0})
    assert forget_stage(track.info, "analyze") == ["lufs"]
    info = read_info(track.info)
    assert list(info["_sda"].pop("stages")) == ["classify"]
    assert info == {"bpm": 60.0, "genre": {"House": 0.5}, "caption": "Mine.", "_sda": {"format": 1}}


def test_what_it_leaves_is_as_if_the_stage_had_never_run(tmp_path: Path) -> None:
    track = written(tmp_path / "a", "Song", {"lufs": -9.0}, stage="analyze")
    other = written(tmp_path / "b", "Song", {"lufs": -9.0}, stage="analyze")
    written(tmp_path / "a", "Song", {"genre": {"House": 0.5}}, stage="classify")
    forget_stage(track.info, "classify")
    assert track.info.read_bytes() == other.info.read_bytes()


def test_a_stage_that_left_nothing_changes_nothing(tmp_path: Path) -> None:
    track = written(tmp_path, "Song", {"lufs": -9.0})
    before = tree(tmp_path)
    assert forget_stage(track.info, "caption") == []
    assert tree(tmp_path) == before


def test_a_value_that_is_gone_already_is_not_named(tmp_path: Path) -> None:
    track = written(tmp_path, "Song", {"lufs": -9.0, "bpm": 120.0})
    info = json.loads(track.info.read_text())
    del info["bpm"]
    track.info.write_text(json.dumps(info))
    assert forget_stage(track.info, "analyze") == ["lufs"]


def test_a_damaged_file_is_left_alone(tmp_path: Path) -> None:
    track = written(tmp_path, "Song", {"lufs": -9.0})
    track.info.write_text("{")
    with pytest.raises(UnreadableInfo):
        forget_stage(track.info, "analyze")
    assert track.info.read_text() == "{"
