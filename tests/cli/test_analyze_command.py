import json
from pathlib import Path

import numpy as np
import pytest

from small_dataset_audio.cli.main import main
from small_dataset_audio.features.catalog import declared
from support.documents import document_of, error_of
from support.processes import sda
from support.signals import clicks, noise, silence, tone, write_audio

BEATS = np.arange(0.25, 4, 0.5)


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recordings")
    write_audio(folder / "song.wav", 0.2 * tone(4, channels=2) + clicks(BEATS, 4, channels=2))
    write_audio(folder / "silence.wav", silence(1))
    write_audio(folder / "cut.flac", noise(3))
    data = (folder / "cut.flac").read_bytes()
    (folder / "cut.flac").write_bytes(data[: len(data) // 2])
    return folder


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_every_number_with_unit_and_range_and_nothing_is_written(
    recordings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["analyze", str(recordings / "song.wav"), "--json"]) == 0
    document = document_of("sda analyze FILE", capsys.readouterr().out)
    assert document["audio"] | {"sha256": ""} == {"seconds": 4.0, "rate": 44100, "channels": 2, "sha256": ""}
    assert set(document["features"]) | set(document["absent"]) >= {"lufs", "true_peak", "onset_count", "lufs_bass"}
    assert not set(document["features"]) & set(document["absent"])
    assert document["declared"].keys() == document["features"].keys()
    assert document["declared"]["lufs"] == {"unit": "LUFS", "low": -40, "high": 0, "kind": "float"}
    for name, value in document["features"].items():
        if declared()[name].kind != "float":
            assert isinstance(value, int), name
    assert list(tmp_path.iterdir()) == []


def test_the_table_for_people(recordings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyze", str(recordings / "song.wav")]) == 0
    out = capsys.readouterr().out
    assert f"{recordings / 'song.wav'}: 4.00 s, 44100 Hz, 2 channels" in out
    assert "\nlufs " in out
    assert "Not measured, because there are no stems" in out
    assert "Took" in out


def test_silence_has_no_loudness_and_says_why(recordings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyze", str(recordings / "silence.wav"), "--json"]) == 0
    document = document_of("sda analyze FILE", capsys.readouterr().out)
    assert "lufs" not in document["features"]
    assert document["absent"]["lufs"]
    assert document["features"]["bpm_is_defined"] == 0
    assert main(["analyze", str(recordings / "silence.wav")]) == 0
    assert "\nlufs " not in capsys.readouterr().out


def test_the_document_can_also_be_written(recordings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyze", str(recordings / "silence.wav"), "--json", "--output", "out.json"]) == 0
    shown = capsys.readouterr()
    assert json.loads((tmp_path / "out.json").read_text(encoding="utf-8")) == json.loads(shown.out)
    assert "Written: out.json" in shown.err
    assert main(["analyze", str(recordings / "silence.wav"), "--json", "--output", "no/such/folder.json"]) == 1
    assert "no/such" in error_of(capsys.readouterr().out)["what"]


def test_a_file_that_is_cut_short_is_refused_unless_the_user_says(
    recordings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["analyze", str(recordings / "cut.flac"), "--json"]) == 1
    assert "cut.flac" in error_of(capsys.readouterr().out)["what"]
    assert main(["analyze", str(recordings / "cut.flac"), "--allow-truncated", "--json"]) == 0
    assert document_of("sda analyze FILE", capsys.readouterr().out)["audio"]["truncated"] is True
    assert main(["analyze", str(recordings / "cut.flac"), "--allow-truncated"]) == 0
    assert "cut short" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "status", "expected"),
    [
        (["none.wav"], 1, "none.wav"),
        (["."], 1, "folder"),
        (["x.wav", "--stages", "organize"], 2, "None of the stages"),
        (["x.wav", "--stages", "analyse"], 2, "analyse"),
        (["x.wav", "--stages", "metadata"], 2, "None of the stages"),
        (["x.wav", "--stages", "separate"], 1, "weights of htdemucs"),
        (["x.wav", "--skip", "analyze"], 2, "None of the stages"),
        ([], 2, "did not understand"),
    ],
)
def test_what_cannot_be_analyzed(
    words: list[str], status: int, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["analyze", *words, "--json"]) == status
    error = error_of(capsys.readouterr().out)
    assert expected in error["what"]


def test_a_missing_argument_names_the_help_of_its_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyze"]) == 2
    assert "analyze --help" in capsys.readouterr().err


@pytest.mark.process
def test_a_device_that_is_named_is_shown(recordings: Path, tmp_path: Path) -> None:
    ended = sda("analyze", recordings / "silence.wav", "--device", "cpu", cwd=tmp_path)
    assert ended.status == 0
    assert "Device: CPU" in ended.err
