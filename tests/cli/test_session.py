import logging
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from small_dataset_audio.cli.session import Session, session_of
from small_dataset_audio.config.load import Loaded
from small_dataset_audio.errors import ConfigError, EnvironmentFault, UsageError
from small_dataset_audio.hardware import device as device_module
from small_dataset_audio.hardware.device import Choice, Device
from small_dataset_audio.pipeline.logs import log_to_stderr
from small_dataset_audio.validation import doctor
from small_dataset_audio.validation.check import Report

if TYPE_CHECKING:
    import typer


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def session(*, verbose: bool = False, quiet: bool = False, device: str | None = None) -> Session:
    return Session(None, device, verbose=verbose, quiet=quiet)


def test_the_settings_may_ask_for_more_or_less_and_the_options_win(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[general]\nverbosity = "quiet"\n')
    assert session().quiet
    assert not session(verbose=True).quiet
    quiet = session()
    assert quiet.loaded.settings.general.verbosity == "quiet"
    assert quiet.terminal.quiet
    file.write_text('[general]\nverbosity = "verbose"\n')
    assert session().verbose
    assert not session(quiet=True).verbose


def test_settings_that_cannot_be_read_say_nothing_of_how_much_to_say(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[general]\nverbosity = "loud"\n')
    broken = session()
    assert not broken.quiet
    assert not broken.verbose
    with pytest.raises(ConfigError):
        _ = broken.loaded


def test_a_wrong_option_is_wrong_usage_and_a_wrong_file_is_not(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--device"):
        _ = session(device="toaster").loaded
    (tmp_path / "config.toml").write_text("[pipeline]\nworkers = 0\n")
    with pytest.raises(ConfigError, match="workers"):
        _ = session(device="toaster").loaded


def test_options_are_above_the_file(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[pipeline]\nworkers = 3\n")
    one = session(device="cpu")
    assert one.device_was_named
    assert one.loaded.origins["pipeline.workers"].kind == "file"
    one.override({"pipeline.workers": ("--workers", "2"), "paths.library": ("--library", None)})
    settings = one.loaded.settings
    assert settings.pipeline.workers == int("2")
    assert str(one.loaded.origins["pipeline.workers"]) == "command line (--workers)"
    assert not session().device_was_named


def report(status: str, *, critical: bool = False) -> Report:
    return Report("memory", "memory", status, "Little is free.", "1 GiB.", "Close programs.", 0.0, critical)  # type: ignore[arg-type]


def test_warnings_are_shown_and_critical_failures_end_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = [report("ok"), report("warn")]
    asked: list[tuple[bool, object]] = []

    def examine(_settings: object, *, fast: bool, groups: object) -> doctor.Examination:
        asked.append((fast, groups))
        return doctor.Examination(found, None)

    monkeypatch.setattr(doctor, "examine", examine)
    one = session()
    one.check_environment(writes=False)
    assert capsys.readouterr().err == "Warning: Little is free. 1 GiB. Close programs.\n"
    found.append(report("fail", critical=True))
    with pytest.raises(EnvironmentFault):
        one.check_environment()
    (fast, groups), (_, everything) = asked
    assert fast
    assert groups
    assert everything is None


def test_the_device_is_shown_with_what_is_wrong_with_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cpu = Device("cpu", "cpu", "A processor", None, usable=True, reason=None)
    choice = Choice(cpu, "the GPU failed", "The GPU gave wrong numbers.", (cpu,))
    monkeypatch.setattr(device_module, "choose_device", lambda _requested: choice)
    monkeypatch.setattr("small_dataset_audio.hardware.runtime.import_torch", lambda _rocm: None)
    assert session().choose_device() is choice
    shown = capsys.readouterr().err
    assert shown.startswith("Device: ")
    assert "Warning: The GPU gave wrong numbers." in shown


def test_a_command_without_the_root_has_no_session() -> None:
    context = cast("typer.Context", SimpleNamespace(find_root=lambda: SimpleNamespace(obj=None)))
    with pytest.raises(TypeError, match="NoneType"):
        session_of(context)


def test_only_sda_logs_in_detail_and_to_what_stderr_is_now(capsys: pytest.CaptureFixture[str]) -> None:
    log_to_stderr(verbose=True)
    log_to_stderr(verbose=True)
    logging.getLogger("small_dataset_audio.some.room").debug("a detail of %s", "ours")
    logging.getLogger("another.package").debug("a detail of theirs")
    assert capsys.readouterr().err == "a detail of ours\n"
    log_to_stderr(verbose=False)
    logging.getLogger("small_dataset_audio.some.room").debug("not said")
    logging.getLogger("small_dataset_audio.some.room").warning("said")
    assert capsys.readouterr().err == "said\n"


def test_the_libraries_that_are_worked_on_are_checked_and_what_holds_for_all_is_said_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[Path] = []

    def examine(loaded: Loaded, **_options: object) -> doctor.Examination:
        seen.append(loaded.settings.paths.library)
        return doctor.Examination([report("warn")], None)

    monkeypatch.setattr(doctor, "examine", examine)
    session().check_environment(libraries=[tmp_path / "a", tmp_path / "b"])
    assert seen == [tmp_path / "a", tmp_path / "b"]
    assert capsys.readouterr().err.count("Little is free.") == 1
