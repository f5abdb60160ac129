"""``sda plan`` through the real command: what it foresees, what it refuses, and that it writes nothing."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from small_dataset_audio.cli import plan as plan_module
from small_dataset_audio.cli import session as session_module
from small_dataset_audio.cli.main import main
from small_dataset_audio.hardware.device import Choice, Device
from small_dataset_audio.hardware.memory import GIB, Memory
from small_dataset_audio.pipeline import stages as stages_module
from support import fake_stages
from support.benchmark_profiles import profile
from support.documents import document_of, error_of
from support.processes import assert_error, sda
from support.signals import clicks, noise, write_audio

pytestmark = pytest.mark.process

TAPES = Path("data/datasets")


def tapes(folder: Path, *seconds: float) -> Path:
    folder.mkdir(parents=True)
    for index, length in enumerate(seconds):
        beats = clicks(np.array([0.3, 0.6]), length)
        write_audio(folder / f"tape {index}.wav", 0.1 * noise(length, seed=index) + beats)
    return folder


def content(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which two recordings were measured, with the log of that and a machine profile."""
    home = tmp_path_factory.mktemp("home")
    tapes(home / TAPES, 2.0, 3.0)
    ended = sda("run", "--stages", "organize,analyze", "--workers", "1", cwd=home)
    assert ended.status == 0, ended
    return home


def plan_json(home: Path, *words: str) -> dict[str, Any]:
    ended = sda("plan", *words, "--json", cwd=home)
    assert ended.status == 0, ended
    return document_of("sda plan", ended.out)


def test_nothing_there_is_said(tmp_path: Path) -> None:
    ended = sda("plan", "--stages", "analyze", cwd=tmp_path)
    assert (ended.status, ended.err) == (0, "")
    assert ended.out.startswith("Nothing to do: there are no recordings in ")
    document = plan_json(tmp_path)
    assert (document["tracks"], document["done"], document["stages"], document["seconds"]) == (0, 0, [], 0.0)
    assert list(tmp_path.iterdir()) == []


def test_before_anything_ran_the_time_is_not_known_and_the_memory_is(tmp_path: Path) -> None:
    tapes(tmp_path / TAPES, 2.0, 3.0)
    ended = sda("plan", "--stages", "organize,analyze", cwd=tmp_path)
    assert ended.status == 0
    assert "2 tracks to do (5 s of audio) on " in ended.out
    assert "In all" not in ended.out
    rows = [line for line in ended.out.splitlines() if line.startswith(("organize", "analyze"))]
    assert len(rows) == 2
    assert all("not known" in row and " GiB" in row and "It never ran here like this." in row for row in rows)
    assert "This machine was not measured yet: `" in ended.err
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == ["datasets"]


def test_what_is_done_needs_nothing_and_all_is_foreseen_by_the_log(home: Path) -> None:
    ended = sda("plan", "--stages", "organize,analyze", cwd=home)
    assert ended.out == "Nothing to do: 2 tracks done already.\n"
    before = content(home)
    document = plan_json(home, "--all", "--workers", "1", "--stages", "organize,analyze")
    [stage] = document["stages"]
    assert (stage["stage"], stage["basis"], stage["known_from"], stage["fits"]) == ("analyze", "run logs", 2, True)
    assert (document["workers"], document["tracks"], document["done"]) == (1, 2, 0)
    assert document["low"] <= document["seconds"] <= document["high"]
    assert document["training"] == {"max_batch_size": None, "best_batch_size": None}
    shown = sda("plan", "--all", "--workers", "1", "--stages", "analyze", cwd=home)
    assert "2 tracks to do (5 s of audio) on 1 worker; 0 done already." in shown.out
    assert "In all about " in shown.out
    assert "From the run logs of 2 tracks." in shown.out
    assert shown.err == ""
    assert content(home) == before


def test_the_profile_and_the_settings_are_told(home: Path, tmp_path: Path) -> None:
    shutil.copytree(home / TAPES, tmp_path / TAPES)
    profile().save(tmp_path / "data/reports")
    (tmp_path / "config.toml").write_text(
        "[hardware]\nmax_batch_size = 24\nbest_batch_size = 4\nmemory_limit_gb = 0.1\n"
    )
    ended = sda("plan", "--stages", "organize,analyze", "--device", "cpu", cwd=tmp_path)
    assert "From the machine profile alone: it may be off by a factor of 2." in ended.out
    assert "Training: the largest batch that fits is 24, the fastest 4 (by `sda benchmark`)." in ended.out
    assert "Device: CPU" in ended.err
    assert "It needs 0.3 GiB of memory, and cpu has 0.1 GiB (memory_limit_gb in [hardware]): not on this" in ended.out
    (tmp_path / "config.toml").write_text("[hardware]\nmax_batch_size = 24\n")
    assert "the largest batch that fits is 24 (by" in sda("plan", cwd=tmp_path).out


def test_a_library_that_is_named_is_planned_without_the_recordings_elsewhere(home: Path) -> None:
    document = plan_json(home, "data/library", "--stages", "analyze", "--all")
    assert (document["library"], document["tracks"]) == (str(home / "data/library"), 2)
    document = plan_json(home, "elsewhere", "--source", str(TAPES), "--stages", "organize,analyze")
    assert (document["library"], document["tracks"]) == (str(home / "elsewhere"), 2)


@pytest.mark.parametrize(
    ("words", "status", "what"),
    [
        (("nowhere",), 1, "nowhere is no library."),
        ((str(TAPES),), 2, "paths.library and paths.datasets are the same folder."),
        (("data",), 1, "data is no library. There are no tracks in it."),
        (("data/datasets/tape 0.wav",), 1, "tape 0.wav is no library."),
        (("--stages", "analyse"), 2, "pipeline.stages"),
        (("--workers", "0"), 2, "pipeline.workers"),
        (("--source", "nothing.wav"), 1, "nothing.wav"),
        (("one", "two"), 2, "did not understand"),
    ],
)
def test_what_cannot_be_planned_is_an_error_with_a_fix(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], status: int, what: str
) -> None:  # fmt: skip
    monkeypatch.chdir(home)
    found = main(["plan", *words, "--json"])
    error = error_of(capsys.readouterr().out)
    assert found == status
    assert what in f"{error['what']} {error['why']}"


def test_errors_are_three_lines(home: Path) -> None:
    assert_error(sda("plan", "nowhere", cwd=home))


def test_what_is_damaged_is_told_and_the_rest_is_planned(home: Path, tmp_path: Path) -> None:
    shutil.copytree(home, tmp_path / "home")
    home = tmp_path / "home"
    (home / "data/reports/benchmark.json").write_text("{")
    (home / "data/reports/run-99990101-000000-aaaa.jsonl").write_text('broken\n{"event": "end"}\n')
    (home / "data/library/tape 0/tape 0.INFO").write_text("{ not json")
    ended = sda("plan", "data/library", "--all", "--stages", "analyze", cwd=home)
    assert ended.status == 1
    assert "1 track to do" in ended.out
    assert "benchmark.json is damaged. Measure again" in ended.err
    assert "run-99990101-000000-aaaa.jsonl is damaged in line 1." in ended.err
    assert "tape 0 cannot be planned. " in ended.err
    document = document_of(
        "sda plan", sda("plan", "data/library", "--all", "--stages", "analyze", "--json", cwd=home).out
    )
    assert [failure["track"] for failure in document["failures"]] == ["tape 0"]
    assert len(document["notes"]) == 2


def test_what_does_not_fit_on_the_device_is_said(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    card = Device("cuda:0", "cuda", "A card", Memory(4 * GIB, 3 * GIB))
    monkeypatch.chdir(home)
    monkeypatch.setattr(session_module.Session, "choose_device", lambda _: Choice(card, "asked for", None, (card,)))
    every = (stages_module.ANALYZE, *map(fake_stages.stage, ("stems", "captions")))
    monkeypatch.setattr(stages_module, "pick", lambda _: stages_module.Picked(every))
    for one in every[1:]:
        monkeypatch.setitem(one.__dict__, "records", True)
    assert main(["plan", "data/library", "--all"]) == 0
    shown = capsys.readouterr()
    rows = {line.split()[0]: line for line in shown.out.splitlines() if line.strip()}
    assert "on cuda:0" in rows["stems"]
    assert "2.0 GiB" in rows["stems"]
    assert "It needs 6.0 GiB of memory, and cuda:0 has 4.0 GiB: not on this device." in rows["captions"]
    assert "In all" not in shown.out


def test_help_says_what_it_is_for(home: Path) -> None:
    text = " ".join(sda("plan", "--help", cwd=home).out.split())
    for piece in ("Say what a run will need on this machine.", "[LIBRARY]", "--source", "--all", "Nothing is written."):
        assert piece in text
    assert " plan " in sda("--help", cwd=home).out


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.2, "1 s"),
        (45, "45 s"),
        (119.4, "119 s"),
        (119.6, "2 min"),
        (3599, "1 h"),
        (3600, "1 h"),
        (7500, "2 h 5 min"),
        (100_000, "28 h"),
    ],
)
def test_durations_in_words(seconds: float, expected: str) -> None:
    assert plan_module.duration(seconds) == expected


def test_bounds_are_told_where_they_differ() -> None:
    assert plan_module.spread(100, 50, 170) == "100 s (50 s to 3 min)"
    assert plan_module.spread(180, 181, 182) == "3 min"
    assert plan_module.spread(180, None, None) == "3 min"


def test_torch_is_not_imported_where_no_stage_wants_the_accelerator(home: Path, tmp_path: Path) -> None:
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "__init__.py").write_text("raise ImportError('torch was imported')\n")
    (tmp_path / "torch" / "version.py").write_text("__version__ = '2.10.0'\ncuda = None\nhip = None\n")
    ended = sda(
        "plan", "--all", "--stages", "analyze", "--json", cwd=home, env={"PYTHONPATH": str(tmp_path)}
    )  # fmt: skip
    assert json.loads(ended.out)["tracks"] == 2, ended
