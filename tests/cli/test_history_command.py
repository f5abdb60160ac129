import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from small_dataset_audio.cli.main import main
from small_dataset_audio.dataset.crops.places import crop_name, crops_folder
from small_dataset_audio.dataset.info import safe_update
from small_dataset_audio.dataset.layout import Track
from support.documents import document_of, error_of
from support.history_logs import write_log
from support.processes import sda
from support.signals import clicks, tone, write_audio
from support.statistics_library import written


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with settings, a library of one track, and the log of the run that measured it."""
    library = tmp_path / "library"
    (tmp_path / "config.toml").write_text('[paths]\nlibrary = "library"\nreports = "reports"\n')
    track = written(library, "Song", {"lufs": -9.0, "bpm": 120.0}, absent={"lufs_bass": "there are no stems"})
    safe_update(
        track.info, {"caption": "Mine."}, reserved={"source": {"path": "/tapes/a.wav"}, "audio": {"sha256": "a" * 64}}
    )
    steps = [{"track": "Song", "stage": "organize"}, {"track": "Song", "stage": "analyze"}]
    write_log(tmp_path / "reports", 1, library, steps)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_history_of_a_track_by_its_name(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["history", "Song"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        f"Song in {home / 'library'}",
        "Taken in from /tapes/a.wav, 2026-03-01 10:00:05 UTC",
        "Recording aaaaaaaaaaaa",
        "",
        "analyze",
        "  Version 2, settings 5e77",
        "  Written 2026-03-01 10:00:05 UTC by sda 0.1.0, run log run-20260301-100000-abcd.jsonl",
        "  2 values: lufs, bpm",
        "  1 absent (there are no stems): lufs_bass",
        "",
        "By you or another program",
        "  caption",
    ]


@pytest.mark.parametrize("name", ["library/Song", "library/Song/Song.INFO", "Song"])
def test_the_document_however_the_track_is_named(home: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert main(["history", name, "--json"]) == 0
    document = document_of("sda history TRACK", capsys.readouterr().out)
    assert document["values"] == {"lufs": "analyze", "bpm": "analyze", "caption": None}
    assert document["stages"][0]["run"]["log"] == str(home / "reports" / "run-20260301-100000-abcd.jsonl")


def test_failures_other_recordings_and_removed_values(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    track = Track(home / "library" / "Song")
    safe_update(track.info, {}, reserved={"audio": {"sha256": "b" * 64}})
    track.info.write_text(track.info.read_text().replace('"bpm": 120.0,', "", 1))
    written(home / "library", "Song", {}, stage="separate", notes={"model": "tiny"}, model_sha256="f" * 64)
    failed = {"ok": False, "failure": {"what": "It is silent."}}
    write_log(
        home / "reports",
        2,
        home / "library",
        [{"track": "Song", "stage": "analyze", **failed}, {"track": "Song", "stage": "caption", **failed}],
    )
    assert main(["history", "Song"]) == 0
    out = capsys.readouterr().out
    assert "It worked on another recording (aaaaaaaaaaaa)" in out
    assert "A later attempt failed 2026-03-02 10:00:05 UTC: It is silent." in out
    assert "caption\n  It failed 2026-03-02 10:00:05 UTC, and left nothing: It is silent." in out
    assert "Removed since: bpm" in out
    assert "weights ffffffffffff" in out
    assert "Note: model tiny" in out
    assert "No run log tells when" in out


def test_crops_are_found_by_name(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = crops_folder(Track(home / "library" / "Song"))
    crop = written(folder, crop_name(Track(home / "library" / "Song"), 1), {"bpm": 120.0}, stage="crop")
    safe_update(crop.info, {}, reserved={"crop": {"track": "Song", "start": 0, "stop": 441, "rate": 44100}})
    assert main(["history", "Song_1"]) == 0
    assert "Cut from Song, samples 0 to 441 at 44100 Hz" in capsys.readouterr().out


def test_without_logs_and_without_values(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(home / "reports")
    (home / "library" / "New").mkdir()
    write_audio(home / "library" / "New" / "full_mix.wav", tone(0.1))
    assert main(["history", "New"]) == 0
    shown = capsys.readouterr()
    assert "Nothing was measured yet" in shown.out
    assert "There are no run logs in" in shown.err


def test_a_damaged_log_is_said(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "reports" / "run-20260309-000000-0000.jsonl").write_text("rubbish\n{}\n")
    assert main(["history", "Song"]) == 0
    assert "damaged in line 1" in capsys.readouterr().err


def test_a_record_that_is_unclear_is_said(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    track = Track(home / "library" / "Song")
    track.info.write_text(track.info.read_text().replace('"settings_hash"', '"other"'))
    assert main(["history", "Song"]) == 0
    assert "analyze: its record in .INFO is not as sda writes it." in capsys.readouterr().out


def test_a_track_that_is_not_there_is_an_error(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["history", "Sonk", "--json"]) == 1
    assert "'Song'" in error_of(capsys.readouterr().out)["fix"]
    shutil.rmtree(home / "library")
    assert main(["history", "Song", "--json"]) == 1
    assert "paths.library" in error_of(capsys.readouterr().out)["fix"]


def test_two_states_of_a_library(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(home / "library", "Second", {"lufs": -12.0})
    written(home / "library", "Third", {"lufs": -12.0})
    shutil.copytree(home / "library", home / "before")
    assert main(["diff", "before", "library"]) == 0
    assert "No difference in 3 tracks and crops." in capsys.readouterr().out
    many = {f"value_{i}": float(i) for i in range(8)}
    written(
        home / "library",
        "Song",
        {"lufs": -8.0, **many},
        settings_hash="new",
        absent={"bpm": "there are no beats"},
        inputs={"bass": "b" * 64},
    )
    written(home / "library", "Second", {"lufs": -13.0})
    written(home / "library", "Fresh", {}, stage="caption")
    written(home / "library", "Second", {}, stage="caption")
    safe_update(Track(home / "library" / "Song").info, {}, reserved={"audio": {"sha256": "c" * 64}})
    Track(home / "library" / "Song").sidecar("ONSETS").write_text("0.1\n")
    shutil.rmtree(home / "library" / "Third")
    assert main(["diff", "before", "library", "--exit-code"]) == 1
    out = capsys.readouterr().out
    assert "Only in A (1): Third" in out
    assert "Only in B (1): Fresh" in out
    assert "Values that differ most often: lufs 2" in out
    assert "full mix: aaaaaaaaaaaa -> cccccccccccc" in out
    assert "analyze: settings 5e77 -> new, inputs nothing -> 1 files" in out
    assert "bpm: 120.0 -> nothing (there are no beats)" in out
    assert "and 5 values more (--verbose shows all)" in out
    assert ".ONSETS: added" in out
    assert "caption: ran in B only, version 2" in out
    assert "2 of 2 tracks and crops in both differ." in out
    assert main(["diff", "before", "library", "--verbose"]) == 0
    assert "value_7: nothing -> 7.0" in capsys.readouterr().out
    assert main(["diff", "library", "before", "--json"]) == 0
    document = document_of("sda diff A B", capsys.readouterr().out)
    assert document["same"] is False
    assert [change["track"] for change in document["changes"]] == ["Second", "Song"]


def test_a_track_that_was_renamed_and_a_long_text(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(home / "library", home / "after")
    (home / "after" / "Song").rename(home / "after" / "Lied")
    (home / "after" / "Lied" / "Song.INFO").rename(home / "after" / "Lied" / "Lied.INFO")
    safe_update(Track(home / "after" / "Lied").info, {"caption": "Word " * 40})
    assert main(["diff", "library", "after"]) == 0
    out = capsys.readouterr().out
    assert "Song, in B Lied" in out
    assert "caption: Mine. -> Word Word" in out
    assert "..." in out


def test_what_cannot_be_read_is_a_failure(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(home / "library", home / "after")
    Track(home / "after" / "Song").info.write_text("{")
    assert main(["diff", "library", "after"]) == 1
    assert "Song in B cannot be compared." in capsys.readouterr().err
    assert main(["diff", "library", "nowhere", "--json"]) == 1
    assert "nothing at" in error_of(capsys.readouterr().out)["what"]


@pytest.mark.process
def test_real_runs_are_found_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "tapes").mkdir()
    music = 0.2 * tone(4, channels=2) + clicks(np.arange(0.25, 4, 0.5), 4, channels=2)
    write_audio(tmp_path / "tapes" / "a.wav", music)
    (tmp_path / "config.toml").write_text('[paths]\nlibrary = "library"\nreports = "reports"\n')
    monkeypatch.chdir(tmp_path)

    def document(title: str, *words: str) -> dict[str, Any]:
        assert main([*words, "--json"]) == 0
        return document_of(title, capsys.readouterr().out)

    run = ("run", "tapes", "--stages", "organize,analyze", "--workers", "1", "--json")
    first = document_of("sda run", sda(*run, cwd=tmp_path).out)
    shutil.copytree("library", "before")
    told = document("sda history TRACK", "history", "a")
    assert set(told["values"].values()) == {"analyze"}
    assert told["stages"][0]["run"]["log"] == told["taken_in"]["log"] == first["log"]

    assert document("sda diff A B", "diff", "before", "library")["same"] is True

    assert sda(*run, cwd=tmp_path, env={"SDA_FEATURES_KEY_PROFILE": "electronic"}).status == 0
    other = document("sda diff A B", "diff", "before", "library")
    assert other["settings"] == {"analyze": {"key_profile": {"a": "krumhansl", "b": "electronic"}}}
    assert main(["diff", "before", "library"]) == 0
    assert "key_profile: krumhansl -> electronic" in capsys.readouterr().out

    shutil.rmtree("library")  # back to the state that was kept
    shutil.copytree("before", "library")
    kept = document_of("sda run", sda(*run, cwd=tmp_path).out)
    assert kept["tracks"] == {"done": 0, "skipped": 1, "failed": 0, "unfinished": 0}
