"""``sda run`` through the real command: what it writes, what it leaves alone, and what it survives."""

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from small_dataset_audio.cli.main import main
from support.documents import document_of, error_of
from support.processes import PATIENCE, command, environment, sda, started, wait_until, workers_of
from support.signals import clicks, noise, tone, write_audio
from support.terminals import at_terminal

pytestmark = pytest.mark.process

TAPES = 5
BEATS = np.arange(0.25, 4, 0.5)
UNDECODABLE = os.fsdecode(b"caf\xe9.wav")
ASCII_ONLY = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


def music(index: int, seconds: float = 4) -> np.typing.NDArray[np.float32]:
    return 0.2 * tone(seconds, frequency=220 + 30 * index, channels=2) + clicks(BEATS, seconds, channels=2)


def make_tapes(folder: Path, *names: str, first: int = 0) -> Path:
    folder.mkdir()
    for index, name in enumerate(names, first):
        write_audio(folder / "t.wav", music(index))
        (folder / "t.wav").rename(folder / name)
    return folder


def infos(library: Path) -> dict[str, dict[str, Any]]:
    """Return track name -> what was measured, without where it came from."""
    found = {}
    for path in library.glob("*/*.INFO"):
        values = json.loads(path.read_text())
        values.pop("_sda", None)
        found[path.parent.name] = values
    return found


def tree(folder: Path) -> dict[str, tuple[int, int]]:
    return {str(p): (p.stat().st_size, p.stat().st_mtime_ns) for p in sorted(folder.rglob("*"))}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with three tapes, one of them twice, measured on one process."""
    home = tmp_path_factory.mktemp("home")
    make_tapes(home / "tapes", "a.wav", "🎹 b.wav", UNDECODABLE)
    shutil.copy(home / "tapes" / "a.wav", home / "tapes" / "z copy of a.wav")
    ended = sda("run", "tapes", "--library", "library", "--workers", "1", "--json", cwd=home)
    document = document_of("sda run", ended.out)
    assert ended.status == 0, ended
    assert document["tracks"] == {"done": 3, "skipped": 0, "failed": 0, "unfinished": 0}
    [warning] = document["warnings"]
    assert "z copy of a.wav has the same content as" in warning
    return home


def test_names_that_are_no_text_are_kept_in_the_log_and_in_the_library(home: Path) -> None:
    assert sorted(infos(home / "library")) == ["a", "café", "🎹 b"]
    [log] = (home / "data" / "reports").glob("run-*.jsonl")
    events = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert [event["event"] for event in events] == ["start", *["step"] * 15, "end"]


def test_a_second_run_does_nothing_and_counts_each_track_once(home: Path) -> None:
    before = tree(home / "library")
    ended = sda("run", "tapes", "--library", "library", "--json", cwd=home)
    document = document_of("sda run", ended.out)
    assert document["tracks"] == {"done": 0, "skipped": 3, "failed": 0, "unfinished": 0}
    assert document["log"] is None
    assert tree(home / "library") == before


def test_any_number_of_workers_and_analyze_give_the_same_bits(home: Path, tmp_path: Path) -> None:
    expected = infos(home / "library")
    ended = sda("run", home / "tapes", "--library", "library", "--workers", "2", cwd=tmp_path)
    assert ended.status == 0
    assert "3 tracks done" in ended.out
    assert infos(tmp_path / "library") == expected
    shown = sda("analyze", home / "tapes" / "🎹 b.wav", "--json", cwd=tmp_path, env=ASCII_ONLY).out
    features = document_of("sda analyze FILE", shown)["features"]
    assert features == {key: value for key, value in expected["🎹 b"].items() if not isinstance(value, str)}
    for beats in (home / "library").glob("*/*.*[A-Z]"):
        if beats.suffix != ".INFO":
            assert beats.read_bytes() == (tmp_path / "library" / beats.parent.name / beats.name).read_bytes()


def test_a_locale_without_the_letters_changes_neither_names_nor_documents(home: Path, tmp_path: Path) -> None:
    ended = sda("run", home / "tapes", "--library", "library", "--stages", "organize", cwd=tmp_path, env=ASCII_ONLY)
    assert ended.status == 0
    assert "caf\\xe9: done" in ended.err
    assert sorted(path.name for path in (tmp_path / "library").iterdir()) == ["a", "café", "🎹 b"]
    nowhere = sda("run", os.fsdecode(b"no\xffwhere"), "--json", cwd=tmp_path, env=ASCII_ONLY)
    assert nowhere.out.isascii()
    assert "no\udcffwhere" in error_of(nowhere.out)["what"]
    doctor = sda("doctor", "--fast", cwd=tmp_path, env=ASCII_ONLY)
    assert "+ packages: " in doctor.out


def test_a_file_that_moved_is_known_again_and_its_note_is_refreshed(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(home / "library", tmp_path / "library")
    moved = tmp_path / "moved" / "renamed.wav"
    moved.parent.mkdir()
    shutil.copy(home / "tapes" / "a.wav", moved)
    before = infos(tmp_path / "library")
    monkeypatch.chdir(tmp_path)
    assert main(["run", "moved", "--library", "library", "--json"]) == 0
    assert document_of("sda run", capsys.readouterr().out)["tracks"]["done"] == 1
    info = json.loads((tmp_path / "library" / "a" / "a.INFO").read_text())
    assert info["_sda"]["source"]["path"] == str(moved)
    assert infos(tmp_path / "library") == before
    assert main(["run", "moved", "--library", "library", "--json"]) == 0
    assert document_of("sda run", capsys.readouterr().out)["tracks"] == {
        "done": 0,
        "skipped": 1,
        "failed": 0,
        "unfinished": 0,
    }


def test_a_dry_run_writes_nothing_at_all(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    tapes = make_tapes(tmp_path / "tapes", "new.wav", "too.wav", first=5)
    shutil.copy(tapes / "new.wav", tapes / "twin.wav")
    shutil.copytree(home / "library", tmp_path / "library")
    (tmp_path / "library" / "a" / "a.INFO").write_text("{ broken")
    before = tree(tmp_path)
    options = ["--library", "library", "--dry-run"]
    assert main(["run", "tapes", *options]) == 0
    shown = capsys.readouterr()
    assert f"new: organize, analyze, metadata, transcribe, crop  <- {tapes / 'new.wav'}" in shown.out
    assert "2 tracks to do, 0 done already, 0 that cannot be planned. Nothing was written." in shown.out
    assert "has the same content as" in shown.err
    assert main(["run", "library", *options, "--json", "--force"]) == 1
    document = document_of("sda run --dry-run", capsys.readouterr().out)
    assert sorted(job["track"] for job in document["jobs"]) == ["café", "🎹 b"]
    assert [failure["track"] for failure in document["failures"]] == ["a"]
    assert main(["run", "library", *options]) == 1
    assert "FAILED a (plan)" in capsys.readouterr().out
    assert tree(tmp_path) == before


def test_stems_beside_the_mix_are_measured(home: Path, tmp_path: Path) -> None:
    track = tmp_path / "library" / "a"
    shutil.copytree(home / "library" / "a", track)
    lonely = json.loads((track / "a.INFO").read_text())
    assert "lufs_drums" not in lonely
    write_audio(track / "drums.flac", clicks(BEATS, 4, channels=2))
    write_audio(track / "bass.flac", 0.2 * tone(4, frequency=80, channels=2))
    write_audio(track / "other.flac", 0.2 * tone(4, frequency=440, channels=2))
    write_audio(track / "vocals.flac", noise(4, channels=2, rms=0.05))
    ended = sda("run", "--library", "library", "--force", cwd=tmp_path)
    assert ended.status == 0, ended
    info = json.loads((track / "a.INFO").read_text())
    for stem in ("drums", "bass", "other", "vocals"):
        assert -70 < info[f"lufs_{stem}"] < 0
    assert info["onset_density_average_drums"] > 1
    assert {name: info[name] for name in lonely if name.startswith(("lufs", "true_peak", "rms"))}.items() >= {
        "lufs": lonely["lufs"],
        "true_peak": lonely["true_peak"],
    }.items()


def test_two_runs_at_once_on_one_library_do_not_hurt_each_other(home: Path, tmp_path: Path) -> None:
    words = command("run", home / "tapes", "--library", tmp_path / "library", "--workers", "1", "--json")
    runs = [
        subprocess.Popen(words, cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    for process in runs:
        out, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, err
        assert b"Traceback" not in err
        assert document_of("sda run", out.decode())["failures"] == []
    assert infos(tmp_path / "library") == infos(home / "library")
    assert not list((tmp_path / "library").rglob("*.sda-tmp"))


@pytest.mark.parametrize(
    ("words", "status", "expected"),
    [
        (["--stages", "separate,analyze"], 1, "The weights of htdemucs are not installed."),
        (["--stages", "analyse"], 2, "--stages"),
        (["--skip", "analyse"], 2, "--skip"),
        (["--skip", "caption,crop", "--stages", "crop"], 2, "No stage is left to run."),
        (["--force", "analyse"], 2, "no stage named 'analyse'"),
        (["--stages", "organize", "--force", "analyze"], 2, "analyze cannot be forced"),
        (["--workers", "two"], 2, "--workers"),
        (["--workers", "0"], 2, "--workers"),
        (["--engine", "steam"], 2, "--engine"),
    ],
)
def test_what_cannot_be_asked_for(
    home: Path,
    words: list[str],
    status: int,
    expected: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(home)
    assert main(["run", "tapes", "--library", "library", *words, "--json"]) == status
    assert expected in error_of(capsys.readouterr().out)["what"]


def test_stages_in_the_settings_that_cannot_run_here(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f'[paths]\nlibrary = "{home / "library"}"\n[pipeline]\nskip = ["caption", "crop"]\n')
    assert main(["run", "--config", str(config)]) == 0
    assert "0 tracks done, 3 had nothing left to do" in capsys.readouterr().out
    config.write_text('[pipeline]\nstages = ["organize", "separate"]\n')
    assert main(["run", "--config", str(config)]) == 1
    err = capsys.readouterr().err
    assert "The weights of htdemucs are not installed." in err
    assert "sda models pull htdemucs" in err


def test_nothing_to_do_says_where_music_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["run", "--json"]) == 0
    document = document_of("sda run", capsys.readouterr().out)
    assert document["tracks"] == {"done": 0, "skipped": 0, "failed": 0, "unfinished": 0}
    assert main(["run"]) == 0
    assert "Put music into" in capsys.readouterr().out


def test_recordings_in_the_datasets_folder_need_not_be_named(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(home / "tapes", tmp_path / "data" / "datasets", ignore=shutil.ignore_patterns("caf*"))
    assert main(["run", "--dry-run", "--quiet"]) == 0
    shown = capsys.readouterr()
    assert "2 tracks to do" in shown.out
    first, second = tmp_path / "data" / "datasets" / "a.wav", "z copy of a.wav"
    assert shown.err == f"Warning: {second} has the same content as {first} and is left out.\n"


def test_on_a_terminal_a_bar_is_shown_and_failures_stand_above_it(tmp_path: Path) -> None:
    make_tapes(tmp_path / "tapes", "good.wav")
    (tmp_path / "tapes" / "bad.wav").write_text("no music")
    seen = at_terminal("run", "tapes", "--library", "library", cwd=tmp_path)
    assert seen.status == 1
    assert "━" in seen.raw
    assert "2/2" in seen.raw
    assert "FAILED bad (organize)" in seen.text
    assert "1 track done, 1 failed" in seen.text


@pytest.fixture
def long_tapes(tmp_path: Path) -> Path:
    folder = tmp_path / "tapes"
    folder.mkdir()
    for index in range(TAPES):
        write_audio(folder / f"tape {index}.wav", noise(10, channels=2, seed=index))
    return folder


def measured(library: Path) -> list[Path]:
    return list(library.glob("*/*.ONSETS"))


def finish(home: Path) -> None:
    ended = sda("run", "tapes", "--library", "library", "--json", cwd=home)
    document = document_of("sda run", ended.out)
    assert ended.status == 0, ended
    assert document["tracks"]["done"] + document["tracks"]["skipped"] == TAPES
    assert not list((home / "library").rglob("*.sda-tmp"))
    assert len(infos(home / "library")) == TAPES


def test_a_run_that_was_killed_outright_goes_on_where_it_stopped(tmp_path: Path, long_tapes: Path) -> None:
    with started("run", "tapes", "--library", "library", cwd=tmp_path) as process:
        wait_until(lambda: measured(tmp_path / "library"), "no track was measured")
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    finish(tmp_path)


def test_a_worker_that_is_killed_once_costs_nothing(tmp_path: Path, long_tapes: Path) -> None:
    with started("run", "tapes", "--library", "library", "--workers", "2", "--json", cwd=tmp_path) as process:
        wait_until(lambda: measured(tmp_path / "library"), "no track was measured")
        workers_of(process)[0].kill()
        out, err = process.communicate(timeout=PATIENCE)
    assert "Traceback" not in err
    document = document_of("sda run", out)
    assert document["tracks"]["done"] == TAPES
    assert process.returncode == 0


def test_when_only_the_main_process_dies_its_workers_end_too(tmp_path: Path, long_tapes: Path) -> None:
    with started("run", "tapes", "--library", "library", "--workers", "2", cwd=tmp_path) as process:
        wait_until(lambda: measured(tmp_path / "library"), "no track was measured")
        workers = workers_of(process)
        process.kill()
        process.communicate()
    assert workers
    _, alive = psutil.wait_procs(workers, timeout=PATIENCE)
    assert alive == []


def test_sigterm_finishes_what_is_in_flight(tmp_path: Path, long_tapes: Path) -> None:
    with started("run", "tapes", "--library", "library", "--workers", "1", "--json", cwd=tmp_path) as process:
        wait_until(lambda: measured(tmp_path / "library"), "no track was measured")
        process.terminate()
        out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert "Stopping" in err
    document = document_of("sda run", out)
    assert document["interrupted"]
    assert document["tracks"]["unfinished"] > 0
    assert document["failures"] == []
    assert not list((tmp_path / "library").rglob("*.sda-tmp"))


def test_two_ctrl_cs_end_at_once(tmp_path: Path, long_tapes: Path) -> None:
    with started("run", "tapes", "--library", "library", "--workers", "1", cwd=tmp_path) as process:
        wait_until(lambda: measured(tmp_path / "library"), "no track was measured")
        process.send_signal(signal.SIGINT)
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert "Traceback" not in err


@pytest.mark.parametrize("words", [("run", "nowhere"), ("plan", "--source", "nowhere")])
def test_of_a_source_that_is_not_there_nothing_is_said_but_that(tmp_path: Path, words: tuple[str, ...]) -> None:
    ended = sda(*words, cwd=tmp_path)
    assert ended.status == 1
    assert ended.err.startswith("Error: There is nothing at"), ended.err
    make_tapes(tmp_path / "nowhere", "a.wav")
    assert "Left out, because their models are not installed" in sda("plan", "--source", "nowhere", cwd=tmp_path).err
