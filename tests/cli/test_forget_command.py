from pathlib import Path

import pytest

from small_dataset_audio.cli.main import main
from small_dataset_audio.dataset.crops.places import crop_name, crops_folder
from small_dataset_audio.dataset.info import read_info
from support.documents import document_of, error_of
from support.statistics_library import written


def test_what_a_stage_made_is_taken_back_everywhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("One", "Two"):
        written(tmp_path, name, {"caption": "A piece.", "caption_2": "It is a piece."}, stage="caption")
    third = written(tmp_path, "Three", {"lufs": -9.0})
    assert main(["forget", "caption", str(tmp_path)]) == 0
    assert capsys.readouterr().out == ("caption: 4 values and 0 files taken back on 2 tracks, it had not run on 1\n")
    assert read_info(third.info)["lufs"] == -9.0
    assert main(["forget", "caption", str(tmp_path), "--json"]) == 0
    assert document_of("sda forget STAGE", capsys.readouterr().out)["tracks"] == []


def test_crops_only_where_they_are_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    track = written(tmp_path, "Song", {"lufs": -9.0})
    crop = written(crops_folder(track), crop_name(track, 1), {"lufs": -8.0})
    assert main(["forget", "analyze", str(tmp_path)]) == 0
    assert read_info(crop.info)["lufs"] == -8.0
    assert main(["forget", "analyze", str(tmp_path), "--crops", "--json"]) == 0
    [one] = document_of("sda forget STAGE", capsys.readouterr().out.partition("\n")[2])["tracks"]
    assert (one["track"], one["values"]) == ("Song_1", ["lufs"])


def test_a_track_that_fails_does_not_keep_the_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(tmp_path, "Bad", {"lufs": -9.0}).info.write_text("{")
    written(tmp_path, "Good", {"lufs": -9.0})
    assert main(["forget", "analyze", str(tmp_path)]) == 1
    out = capsys.readouterr().out
    assert "1 value and 0 files taken back on 1 track" in out
    assert "FAILED" in out
    assert main(["forget", "analyze", str(tmp_path), "--json"]) == 1
    [failure] = document_of("sda forget STAGE", capsys.readouterr().out)["failures"]
    assert failure["file"].endswith("Bad")


def test_recordings_are_never_deleted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["forget", "separate", str(tmp_path), "--json"]) == 2
    assert "deletes no recordings" in error_of(capsys.readouterr().out)["why"]
