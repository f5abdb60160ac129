"""What commands say of places where there is nothing for them: an input that failed, and never wrong usage."""

import os
from pathlib import Path

import pytest

from small_dataset_audio.cli.main import main
from support.documents import error_of
from support.processes import assert_error, sda
from support.signals import noise, write_audio
from support.statistics_library import written

IN_A_LIBRARY = (("stats",), ("lint",), ("report",), ("plan",), ("export", "audiofolder", "--output", "out"))
ON_PATHS = (("separate",), ("caption",), ("transcribe",), ("crop",), ("metadata",), ("forget", "analyze"))


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("SDA_")]:
        monkeypatch.delenv(name)
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("This is a shopping list, and no recording.")


@pytest.mark.parametrize("command", [("run",), ("analyze",), ("history",), ("diff", "empty"), *IN_A_LIBRARY, *ON_PATHS])
def test_a_place_that_is_not_there_is_a_failure(
    command: tuple[str, ...], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main([*command, "nowhere"]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "nowhere" in shown.err
    lines = shown.err.splitlines()
    assert [line for line in lines if line.startswith(("Error:", "  Why:", "  Fix:"))] == lines[-3:]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "notes.txt"]


@pytest.mark.parametrize("command", IN_A_LIBRARY)
def test_a_file_is_no_library(command: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command, "notes.txt", "--json"]) == 1
    error = error_of(capsys.readouterr().out)
    assert error["what"].endswith("notes.txt is no library.")
    assert error["why"] == "A library is a folder, and this is a file."


@pytest.mark.parametrize("command", [("run",), *ON_PATHS])
def test_a_folder_without_audio_is_a_failure(command: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command, "empty", "--json"]) == 1
    assert "no audio in" in error_of(capsys.readouterr().out)["what"]


def test_only_of_tracks_something_can_be_forgotten(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["forget", "analyze", "notes.txt", "--json"]) == 1
    assert "is in no library" in error_of(capsys.readouterr().out)["what"]


def test_a_stage_that_is_almost_right_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["forget", "analyse", "empty", "--json"]) == 2
    assert error_of(capsys.readouterr().out)["fix"] == "Did you mean analyze?"


@pytest.mark.parametrize("options", [(), ("--dry-run",)])
def test_what_is_no_recording_has_no_metadata(options: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["metadata", "notes.txt", *options]) == 1
    shown = capsys.readouterr()
    assert "FAILED" in shown.out
    assert "plain text" in shown.out


def test_another_library_is_no_folder_of_recordings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    track = written(tmp_path / "their s", "Song", {"lufs": -9.0})
    write_audio(track.folder / "full_mix.wav", noise(1))
    for named in ("their s", str(track.folder)):
        assert main(["run", named, "--json"]) == 2
        error = error_of(capsys.readouterr().out)
        assert "such as Song" in error["what"]
        assert f"sda run --library '{tmp_path / 'their s'}'" in error["fix"]
    monkeypatch.setenv("SDA_PATHS_LIBRARY", str(tmp_path / "their s"))
    assert main(["run", "their s", "--dry-run"]) == 0


def test_a_folder_with_a_mix_of_somebody_else_is_a_folder_of_recordings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "tapes" / "session").mkdir(parents=True)
    write_audio(tmp_path / "tapes" / "session" / "full_mix.wav", noise(1))
    assert main(["run", "tapes", "--dry-run"]) == 0
    assert "1 track to do" in capsys.readouterr().out


@pytest.mark.process
def test_a_document_cannot_be_written_in_place_of_a_folder(tmp_path: Path) -> None:
    write_audio(tmp_path / "one.wav", noise(0.2))
    ended = sda("analyze", "one.wav", "--output", "empty", cwd=tmp_path)
    assert_error(ended)
    assert "name a file in it" in ended.err


@pytest.mark.parametrize(
    ("words", "called"),
    [
        (("run", ""), "SOURCE"),
        (("run", "--library", ""), "--library"),
        (("run", "--library="), "--library"),
        (("analyze", ""), "FILE"),
        (("crop", "empty", ""), "PATH"),
        (("stats", ""), "LIBRARY"),
        (("report", "--output", ""), "--output"),
        (("setup", "--data-dir", ""), "--data-dir"),
        (("demo", ""), "DIR"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_an_empty_name_is_not_the_current_folder(
    words: tuple[str, ...], called: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    write_audio(tmp_path / "mine.wav", noise(0.2))
    assert main([*words, "--json"] if words[0] != "setup" else [*words]) == 2
    shown = capsys.readouterr()
    what = shown.err.splitlines()[0] if words[0] == "setup" else error_of(shown.out)["what"]
    assert what.endswith(f"The name of {called} is empty.")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "mine.wav", "notes.txt"]
