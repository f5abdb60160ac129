"""``sda demo`` with two pieces so short that they cost nothing: the real ones have tests of their own."""

from collections.abc import Callable
from pathlib import Path

import pytest

from small_dataset_audio.cli.main import main
from small_dataset_audio.dataset import demo as demo_room
from small_dataset_audio.dataset.demo import Written
from small_dataset_audio.dataset.demo.library import write_library
from support.demo_pieces import tiny
from support.documents import document_of
from support.signals import noise, write_audio

pytestmark = pytest.mark.process


@pytest.fixture(autouse=True)
def _short(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    def short(folder: Path, progress: Callable[[str], None]) -> list[Written]:
        return write_library(folder, progress, [tiny("Tiny"), tiny("Small", seed=2)])

    monkeypatch.setattr(demo_room, "write_library", short)


def test_pieces_are_composed_measured_and_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["demo"]) == 0
    shown = capsys.readouterr()
    home = tmp_path / "data" / "generated" / "demo"
    assert "Composing Tiny ..." in shown.err
    assert "2 tracks to do" in shown.err
    lines = shown.out.splitlines()
    heading = next(line for line in lines if line.startswith("piece"))
    assert heading.split() == ["piece", "BPM", "measured", "beats", "F", "key", "measured", "LUFS", "dBTP"]
    row = lines[lines.index(heading) + 1]
    assert row.startswith("Tiny")
    assert " 240 " in row
    assert "C major" in row
    assert f"Library: {home / 'library'}" in shown.out
    assert (home / "library" / "Tiny" / "Tiny.INFO").exists()
    page = home / "reports" / "library" / "index.html"
    assert f"in a browser: {page}" in shown.out
    assert page.is_file()
    assert len(list((page.parent / "tracks").glob("*.html"))) == 2
    assert any(line.startswith("Small: ") and line.endswith(".") for line in lines)

    assert main(["demo", "--json"]) == 0
    shown = capsys.readouterr()
    document = document_of("sda demo", shown.out)
    assert document["tracks"] == {"done": 0, "skipped": 2, "failed": 0, "unfinished": 0}
    assert [piece["title"] for piece in document["pieces"]] == ["Tiny", "Small"]
    assert document["pieces"][0]["sentence"].startswith("Tiny: ")
    assert document["report"] == str(page)
    assert "already there" in shown.err


def test_a_piece_that_fails_is_named_and_the_others_are_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["demo", "here", "--device", "cpu"]) == 0
    assert "Device: CPU" in capsys.readouterr().err
    info = tmp_path / "here" / "library" / "Tiny" / "Tiny.INFO"
    info.write_text("{ not json")
    assert main(["demo", "here"]) == 1
    shown = capsys.readouterr()
    assert "Warning: Tiny: " in shown.err
    assert "\nSmall " in shown.out
    assert "\nTiny " not in shown.out
    assert info.read_text() == "{ not json"


def test_somebody_elses_track_of_that_name_is_not_taken_for_the_piece(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    mine = tmp_path / "data" / "generated" / "demo" / "library" / "Tiny"
    mine.mkdir(parents=True)
    write_audio(mine / "full_mix.wav", noise(1))
    assert main(["demo", "--json"]) == 0
    pieces = document_of("sda demo", capsys.readouterr().out)["pieces"]
    assert [Path(piece["track"]).name for piece in pieces] == ["Tiny (2)", "Small"]
