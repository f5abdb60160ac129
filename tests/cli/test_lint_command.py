from pathlib import Path

import numpy as np
import pytest

from small_dataset_audio.cli.lint import _progress
from small_dataset_audio.cli.main import main
from small_dataset_audio.cli.session import Session
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.dataset.lint.checks import CHECKS
from support.dataset_library import tree
from support.documents import document_of, error_of
from support.processes import sda
from support.signals import noise, silence
from support.similar_pieces import melody, piece


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "config.toml").write_text('[paths]\nlibrary = "library"\n[crops]\nsamples = 88200\n')
    (tmp_path / "library").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_library_with_faults(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    piece(home / "library", "a hum", melody(1) + np.float32(0.05))
    piece(home / "library", "b again", 0.5 * melody(1))
    piece(home / "library", "c nothing", silence(2.0))
    before = tree(home / "library")
    assert main(["lint", "--json"]) == 1
    document = document_of("sda lint", capsys.readouterr().out)
    assert tree(home / "library") == before
    assert document["effective_size"] == "3 tracks, 2 independent"
    assert document["checks"] == [check.name for check in CHECKS]
    assert document["groups"] == [["a hum", "b again"]]
    assert {one["check"] for one in document["findings"]} >= {
        "offset",
        "silent",
        "duplicates",
        "leaks",
        "rate",
        "licence",
    }
    assert main(["lint"]) == 1
    out = capsys.readouterr().out
    assert "duplicates: copies, other masters" in out
    assert "It is the same recording as a hum, in another master or format." in out
    assert "  fail  c nothing: It is silent" in out
    assert "a hum, b again, c nothing: It is not known under which licence it may be used." in out
    assert (
        "What Stable Audio Tools would make of 3 recordings, crops included: 2 cropped, 1 replaced; 3 resampled." in out
    )
    assert out.splitlines()[-1].startswith("3 tracks, 2 independent: 2 failures, ")


def test_few_of_many_findings_are_shown_unless_all_are_asked_for(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(8):
        piece(home / "library", f"song {number}", noise(1.0 + number / 100, 8000, seed=number), rate=8000)
    assert main(["lint", "--check", "length"]) == 0
    out = capsys.readouterr().out
    assert out.count("It lasts") == 5
    assert out.count("Fix: ") == 1
    assert "and 3 more: song 5, song 6, song 7 (-v shows all)" in out
    assert out.splitlines()[-1] == "8 tracks: 0 failures, 8 warnings, 0 notes."
    assert main(["lint", "--check", "length", "-v"]) == 0
    assert capsys.readouterr().out.count("It lasts") == 8
    assert (
        main(
            ["lint", "--check", "trainer,length", "--skip", "length", "--sample-size", "8000", "--sample-rate", "8000"]
        )
        == 0
    )
    assert ": 1 read whole, 7 cropped." in capsys.readouterr().out.replace(
        "7 cropped, 1 read whole", "1 read whole, 7 cropped"
    )


def test_nothing_to_check_and_nothing_to_find(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint"]) == 0
    assert "There are no tracks in" in capsys.readouterr().out
    assert main(["lint", "--check", "cliped", "--json"]) == 2
    assert "Did you mean clipped" in error_of(capsys.readouterr().out)["fix"]
    assert main(["lint", "nowhere"]) == 1
    assert "There is no library" in capsys.readouterr().err
    (home / "library" / "half").mkdir()
    Track(home / "library" / "half").info.write_text("{ half")
    assert main(["lint"]) == 1
    assert "unreadable" in capsys.readouterr().out


def test_how_far_it_is_is_said_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter((0.0, 1.0, 6.0, 6.0, 7.0))
    monkeypatch.setattr("small_dataset_audio.cli.lint.time.monotonic", lambda: next(clock))
    progress = _progress(Session(None, None, verbose=False, quiet=False))
    for done in (1, 2, 3):
        progress(done, 3)
    assert capsys.readouterr().err == "[2/3] tracks listened to\n"


@pytest.mark.process
def test_as_a_process_with_a_cache_that_is_a_file(home: Path) -> None:
    (home / "config.toml").write_text('[paths]\nlibrary = "library"\ncache = "config.toml"\n')
    piece(home / "library", "song", noise(1.0))
    done = sda("lint", "--check", "clipped,silent", cwd=home)
    assert done.status == 0, done.err
    assert done.out == "1 track: 0 failures, 0 warnings, 0 notes.\n"
