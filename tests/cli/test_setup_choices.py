"""What the guide takes from variables, and the benchmark that it offers."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from small_dataset_audio.cli import benchmark as benchmark_module
from small_dataset_audio.cli import setup as guide_module
from small_dataset_audio.cli.console import Terminal
from small_dataset_audio.cli.main import main
from small_dataset_audio.errors import DeviceError
from small_dataset_audio.hardware.benchmark.profile import Profile
from small_dataset_audio.hardware.benchmark.setup import Setup
from support.benchmark_profiles import profile
from support.processes import assert_error, sda


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[Setup]:
    """Return what the guide asks to be measured; nothing is."""
    asked: list[Setup] = []

    def run_benchmark(_session: object, setup: Setup, *, again: bool) -> tuple[Profile, None]:
        assert not again
        asked.append(setup)
        return profile(), None

    monkeypatch.setattr(benchmark_module, "run_benchmark", run_benchmark)
    return asked


def at_keyboard(monkeypatch: pytest.MonkeyPatch, *answers: str) -> list[str]:
    """Let a person answer; return the questions."""
    questions: list[str] = []
    typed = iter(answers)

    def ask(_self: Terminal, question: str, default: str) -> str:
        questions.append(question)
        return next(typed) or default

    monkeypatch.setattr(Terminal, "interactive", property(lambda _: True))
    monkeypatch.setattr(Terminal, "ask", ask)
    return questions


def settings() -> dict[str, Any]:
    return tomllib.loads(Path("config.toml").read_text(encoding="utf-8"))


# Folders.


@pytest.mark.process
def test_what_variables_say_is_kept_and_written(tmp_path: Path) -> None:
    given = {"SDA_PATHS_LIBRARY": str(tmp_path / "elsewhere"), "SDA_PATHS_REPORTS": "told", "SDA_PATHS_CACHE": ""}
    ended = sda("setup", "--yes", cwd=tmp_path, env=given)
    assert ended.status == 0, ended
    assert settings()["paths"] == {"library": "elsewhere", "reports": "told"}
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == ["cache", "datasets", "generated", "models"]
    assert (tmp_path / "elsewhere").is_dir()
    assert (tmp_path / "told").is_dir()
    assert sda("config", "get", "paths.library", cwd=tmp_path).out == f"{tmp_path / 'elsewhere'}\n"


@pytest.mark.process
def test_variables_win_over_the_folder_for_all_data(tmp_path: Path) -> None:
    ended = sda(
        "setup", "--yes", "--data-dir", "all", "--config", "own.toml", cwd=tmp_path, env={"SDA_PATHS_MODELS": "m"}
    )
    assert ended.status == 0, ended
    paths = tomllib.loads((tmp_path / "own.toml").read_text())["paths"]
    assert paths["models"] == "m"
    assert paths["library"] == "all/library"
    assert (tmp_path / "m").is_dir()
    assert not (tmp_path / "all" / "models").exists()


# The benchmark.


def test_with_yes_nothing_is_measured_unless_it_is_asked_for(
    measured: list[Setup], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["setup", "--yes"]) == 0
    assert main(["setup", "--yes", "--benchmark", "no"]) == 0
    assert measured == []
    assert main(["setup", "--yes", "--benchmark", "quick"]) == 0
    assert main(["setup", "--yes", "--benchmark", "full"]) == 0
    assert [one.quick for one in measured] == [True, False]
    assert "Largest batch: 24 examples of 1 s" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("answers", "expected"),
    [(["", ""], [True]), (["", "YES"], [True]), (["", "full"], [False]), (["", "maybe", "n"], []), (["", "no"], [])],
)
def test_on_a_terminal_it_is_offered(
    measured: list[Setup], monkeypatch: pytest.MonkeyPatch, answers: list[str], expected: list[bool]
) -> None:
    questions = at_keyboard(monkeypatch, *answers)
    assert main(["setup"]) == 0
    assert [one.quick for one in measured] == expected
    assert len(questions) == len(answers)
    assert questions[1].startswith("Measure what this machine can train? quick takes 20 s, full about a minute (quick,")


def test_what_was_said_is_not_asked(measured: list[Setup], monkeypatch: pytest.MonkeyPatch) -> None:
    questions = at_keyboard(monkeypatch, "")
    assert main(["setup", "--benchmark", "no"]) == 0
    assert len(questions) == 1
    assert measured == []


def test_a_machine_that_was_measured_is_not_offered_again(
    measured: list[Setup], monkeypatch: pytest.MonkeyPatch
) -> None:
    profile().save(Path("data/reports"))
    assert len(at_keyboard(monkeypatch, "")) == 0
    assert main(["setup"]) == 0
    assert measured == []
    Path("data/reports/benchmark.json").write_text("{")
    questions = at_keyboard(monkeypatch, "quick")
    assert main(["setup"]) == 0
    assert len(questions) == 1, "the settings are there already; the damaged profile is as good as none"
    assert len(measured) == 1


def test_a_wrong_choice_is_wrong_usage(tmp_path: Path) -> None:
    assert_error(sda("setup", "--yes", "--benchmark", "slow", cwd=tmp_path), 2)
    assert list(tmp_path.iterdir()) == []


def test_a_benchmark_that_fails_is_a_warning_where_it_was_offered_and_an_error_where_it_was_demanded(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise DeviceError("The device cpu failed.", "It is too hot.", "Let it cool.")

    monkeypatch.setattr(benchmark_module, "run_benchmark", broken)
    at_keyboard(monkeypatch, "", "quick")
    assert main(["setup"]) == 0
    shown = capsys.readouterr()
    assert "Warning: The machine could not be measured. The device cpu failed. Let it cool." in shown.err
    assert "What to do next:" in shown.out
    assert main(["setup", "--yes", "--benchmark", "full"]) == 1
    assert "Error: The device cpu failed." in capsys.readouterr().err


def test_every_answer_is_a_choice() -> None:
    assert set(guide_module._ANSWERS.values()) == set(guide_module.MEASURES)
