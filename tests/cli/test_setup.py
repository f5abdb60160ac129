"""The first run, as a person at a terminal meets it, and without one."""

import tomllib
from pathlib import Path

import pytest

from small_dataset_audio.cli.main import main
from small_dataset_audio.cli.setup import FOLDERS
from support.processes import assert_error, sda
from support.terminals import CTRL_C, CTRL_D, Watched, at_terminal

pytestmark = pytest.mark.process


def paths_in(file: Path) -> dict[str, str]:
    found: dict[str, str] = tomllib.loads(file.read_text(encoding="utf-8")).get("paths", {})
    return found


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Watched]:
    home = tmp_path_factory.mktemp("first")
    return home, at_terminal(cwd=home, answers=["\n", "no\n"])


def test_a_bare_sda_on_a_terminal_guides_and_enter_takes_the_default(first: tuple[Path, Watched]) -> None:
    home, seen = first
    assert seen.status == 0
    assert seen.text.startswith("Welcome to sda.")
    assert "never changed" in seen.text
    assert f"[{home / 'data'}]: " in seen.text
    assert "Measure what this machine can train?" in seen.text
    assert "Largest batch" not in seen.text
    assert "Device: " in seen.text
    assert "Device check passed on " in seen.text
    assert "What to do next:" in seen.text
    assert sorted(folder.name for folder in (home / "data").iterdir()) == sorted(FOLDERS)
    assert paths_in(home / "config.toml") == {}


def test_a_second_time_there_is_nothing_to_ask(first: tuple[Path, Watched]) -> None:
    home, _ = first
    before = (home / "config.toml").read_bytes()
    seen = at_terminal(cwd=home)
    assert seen.status == 0
    assert "Welcome" not in seen.text
    assert "Settings: " in seen.text
    assert "Library: " in seen.text
    assert "What to do next:" in seen.text
    assert (home / "config.toml").read_bytes() == before


def test_existing_settings_are_kept_as_they_are(first: tuple[Path, Watched]) -> None:
    home, _ = first
    before = (home / "config.toml").read_bytes()
    ended = sda("setup", "--yes", "--data-dir", "elsewhere", cwd=home)
    assert ended.status == 0
    assert f"Settings kept: {home / 'config.toml'}" in ended.out
    assert "--data-dir is not used" in ended.err
    assert "all there already" in ended.out
    assert (home / "config.toml").read_bytes() == before
    assert not (home / "elsewhere").exists()


@pytest.mark.parametrize("key", [CTRL_C, CTRL_D], ids=["ctrl-c", "ctrl-d"])
def test_an_interrupt_at_the_question_leaves_nothing(tmp_path: Path, key: str) -> None:
    seen = at_terminal("setup", cwd=tmp_path, answers=[key])
    assert seen.status == 130
    assert "interrupted" in seen.text
    assert list(tmp_path.iterdir()) == []


def test_an_answer_is_taken_and_written_relative_to_the_file(tmp_path: Path) -> None:
    seen = at_terminal("setup", cwd=tmp_path, answers=["my dät\n", "n\n"], columns=40)
    assert seen.status == 0
    assert paths_in(tmp_path / "config.toml") == {name: f"my dät/{name}" for name in FOLDERS}
    assert sorted(folder.name for folder in (tmp_path / "my dät").iterdir()) == sorted(FOLDERS)
    ended = sda("config", "get", "paths.library", cwd=tmp_path)
    assert ended.out == f"{tmp_path / 'my dät' / 'library'}\n"


def test_without_a_terminal_defaults_are_taken_and_told(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    home = tmp_path / "home"
    home.mkdir()
    ended = sda("setup", "--data-dir", outside, cwd=home)
    assert ended.status == 0
    assert f"Folders made in {outside}: datasets, models" in ended.out
    assert f"Settings written: {home / 'config.toml'}" in ended.out
    assert paths_in(home / "config.toml") == {name: str(outside / name) for name in FOLDERS}


def test_a_settings_file_that_is_named_and_new_is_written(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    ended = sda("setup", "--yes", "--config", "sub/my.toml", cwd=tmp_path)
    assert ended.status == 0, ended
    assert (tmp_path / "sub" / "my.toml").exists()
    assert (tmp_path / "sub" / "data" / "library").is_dir()
    assert not (tmp_path / "config.toml").exists()


def test_a_bare_sda_without_a_terminal_checks_and_writes_nothing(tmp_path: Path) -> None:
    ended = sda(cwd=tmp_path)
    assert ended.status == 0
    assert "sda setup writes a config.toml" in ended.out
    assert "Device: " in ended.err
    assert list(tmp_path.iterdir()) == []


def test_folders_that_cannot_be_made_are_errors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert_error(sda("setup", "--yes", "--data-dir", "~nobody-has-this-name/x", cwd=tmp_path))
    monkeypatch.chdir(tmp_path)

    def refuse(_self: Path, *_args: object, **_named: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Path, "mkdir", refuse)
    assert main(["setup", "--yes", "--data-dir", "x"]) == 1
    assert "read-only" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
