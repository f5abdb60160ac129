import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from small_dataset_audio import __version__
from small_dataset_audio.cli import boundary
from small_dataset_audio.cli import main as main_module
from small_dataset_audio.cli.main import main
from small_dataset_audio.cli.words import force_with_value, global_options_first
from small_dataset_audio.errors import EnvironmentFault
from small_dataset_audio.features import catalog
from support.documents import document_of, error_of
from support.processes import assert_error, command, environment, sda


@pytest.mark.parametrize(
    ("words", "moved"),
    [
        (["run", "x", "-v"], ["-v", "run", "x"]),
        (["run", "--device", "cpu", "x", "--quiet"], ["--device", "cpu", "--quiet", "run", "x"]),
        (["run", "--config=c.toml"], ["--config=c.toml", "run"]),
        (["run", "--", "-v"], ["run", "--", "-v"]),
        (["run", "--version"], ["--version", "run"]),
        (["--version"], ["--version"]),
        ([], []),
    ],
)
def test_global_options_may_stand_anywhere(words: list[str], moved: list[str]) -> None:
    assert global_options_first(words) == moved


@pytest.mark.parametrize(
    ("words", "full"),
    [
        (["run", "--force"], ["run", "--force", "all"]),
        (["run", "--force", "analyze"], ["run", "--force", "analyze"]),
        (["run", "--force", "organize,analyze", "x"], ["run", "--force", "organize,analyze", "x"]),
        (["run", "--force", "music"], ["run", "--force", "all", "music"]),
        (["run", "--force", "--json"], ["run", "--force", "all", "--json"]),
        (["run", "--force=analyze"], ["run", "--force=analyze"]),
    ],
)
def test_the_value_of_force_may_be_left_out(words: list[str], full: list[str]) -> None:
    assert force_with_value(words) == full


@pytest.mark.parametrize(
    "words",
    [["--help"], ["--version"], ["config", "show"], ["config", "schema"], ["features"], ["features", "bpm"], ["-h"]],
)
def test_light_commands_import_neither_torch_nor_numpy(words: list[str], tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from small_dataset_audio.cli.main import main\n"
        f"status = main({words!r})\n"
        "heavy = sorted({'torch', 'torchaudio', 'numpy', 'scipy', 'av', 'soundfile'} & set(sys.modules))\n"
        "assert not heavy, heavy\n"
        "sys.exit(status)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_torch_is_left_out_of_errors_and_of_runs_that_need_no_device(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from small_dataset_audio.cli.main import main\n"
        "assert main(['run', 'nowhere']) == 1\n"
        "assert main(['analyze', 'nothing.wav']) == 1\n"
        "assert main(['doctor', '--fast']) == 0\n"
        "assert 'torch' not in sys.modules\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"sda {__version__}\n"


def test_errors_are_three_lines_or_one_document(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["features", "bmp"]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert [line.split(":")[0].strip() for line in shown.err.strip().splitlines()] == ["Error", "Why", "Fix"]
    assert main(["features", "bmp", "--json"]) == 2
    document = json.loads(capsys.readouterr().out)
    assert set(document["error"]) == {"what", "why", "fix"}


def test_a_settings_file_that_is_named_and_missing(tmp_path: Path) -> None:
    assert_error(sda("config", "show", "--config", "none.toml", cwd=tmp_path))
    assert_error(sda("--config", "none.toml", "run", cwd=tmp_path))


@pytest.mark.process
def test_a_reader_that_has_seen_enough_is_no_error(tmp_path: Path) -> None:
    line = " ".join(command("features", "--json")) + " | head -n 1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", line],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.returncode == 0


@pytest.mark.process
def test_python_dash_m_and_the_script_are_the_same(tmp_path: Path) -> None:
    script = Path(sys.executable).with_name("sda")
    done = subprocess.run([script, "--version"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout == sda("--version", cwd=tmp_path).out


def test_completion_can_be_shown(tmp_path: Path) -> None:
    done = sda(
        "--show-completion",
        cwd=tmp_path,
        env={"SHELL": "/bin/bash", "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"},
    )
    assert "Traceback" not in done.err


def failing(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr(catalog, "declared", fail)


@pytest.mark.parametrize(
    ("error", "what", "why", "fix"),
    [
        (ZeroDivisionError("by zero"), "does not know", "ZeroDivisionError: by zero", "--verbose"),
        (ImportError("libgone.so"), "cannot be loaded", "ImportError: libgone.so", "make setup"),
        (OSError(5, "Input/output error", "disk.wav"), "Could not use disk.wav", "Input/output error", "disk"),
        (OSError(28, "No space left on device"), "Could not write the output", "No space left", "Free some space"),
    ],
)
def test_a_fault_that_nobody_foresaw_is_three_sentences_and_a_traceback_only_when_verbose(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
    what: str,
    why: str,
    fix: str,
) -> None:
    failing(monkeypatch, error)
    assert main(["features"]) == 1
    err = capsys.readouterr().err
    assert "Traceback" not in err
    assert all(words in err for words in (what, why, fix))
    assert main(["features", "--json", "--verbose"]) == 1
    shown = capsys.readouterr()
    assert what in error_of(shown.out)["what"]
    assert "Traceback" in shown.err
    assert "in fail" in shown.err


def test_an_error_with_a_traceback_when_verbose(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["features", "bmp", "-v"]) == 2
    err = capsys.readouterr().err
    assert "Traceback" in err
    assert "Error: There is no feature named 'bmp'." in err


def test_an_interrupt_is_130_in_both_languages(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failing(monkeypatch, KeyboardInterrupt())
    assert main(["features"]) == 130
    assert "Error: The command was interrupted." in capsys.readouterr().err
    assert main(["features", "--json"]) == 130
    assert "half-written" in error_of(capsys.readouterr().out)["fix"]


class _Named:
    """Hears Ctrl-C while the class that it stands in is made."""

    def __set_name__(self, _owner: type, _name: str) -> None:
        signal.raise_signal(signal.SIGINT)


def making_a_class() -> None:
    type("Made", (), {"named": _Named()})  # Python 3.11 makes a RuntimeError of it


def loading_a_part() -> None:
    with contextlib.suppress(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    raise ImportError("could not import a module")  # as loaders in C do, which keep nothing of what it came from


def an_error_of_ours() -> None:
    try:
        loading_a_part()
    except ImportError as error:
        raise EnvironmentFault("It broke.", "It was old.", "Mend it.") from error


@pytest.mark.parametrize("fate", [making_a_class, loading_a_part, an_error_of_ours])
def test_an_error_that_was_made_of_ctrl_c_is_an_interrupt(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], fate: Callable[[], None]
) -> None:
    monkeypatch.setattr(boundary, "_dispatch", lambda _words: fate())
    before = signal.getsignal(signal.SIGINT)
    assert main(["features"]) == 130
    assert "Error: The command was interrupted." in capsys.readouterr().err
    assert signal.getsignal(signal.SIGINT) is before


def test_where_somebody_else_answers_ctrl_c_it_is_left_to_them(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _frame: heard.append(number))
    monkeypatch.setattr(boundary, "_dispatch", lambda _words: loading_a_part())
    try:
        assert main(["features"]) == 1
    finally:
        signal.signal(signal.SIGINT, before)
    assert heard == [signal.SIGINT]


def test_a_reader_that_goes_away_in_the_middle_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    gone: list[bool] = []
    monkeypatch.setattr(main_module, "_let_go_of_stdout", lambda: gone.append(True))
    failing(monkeypatch, BrokenPipeError())
    assert main(["features"]) == 0
    assert gone == [True]


@pytest.mark.process
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_output_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    for words in (("features",), ("features", "--json")):
        with Path("/dev/full").open("w") as full:
            done = subprocess.run(
                command(*words), cwd=tmp_path, env=environment(), stdout=full, stderr=subprocess.PIPE, check=False
            )
        assert done.returncode == 1
        assert b"Traceback" not in done.stderr


def test_output_that_fails_at_the_last_moment_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    gone: list[bool] = []
    monkeypatch.setattr(main_module, "_let_go_of_stdout", lambda: gone.append(True))

    def guarded(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(boundary, "guarded", guarded)
    assert main(["features"]) == 1
    assert gone == [True]


def test_the_shell_gets_its_completions(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name, value in (("_SDA_COMPLETE", "complete_bash"), ("COMP_WORDS", "sda feat"), ("COMP_CWORD", "1")):
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit):
        main([])
    assert capsys.readouterr().out.strip() == "features"


def test_where_names_are_not_utf8_python_is_started_again_in_its_utf8_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[tuple[list[str], dict[str, str]]] = []

    def execute(_program: str, words: list[str], environ: dict[str, str]) -> None:
        started.append((words, environ))
        raise SystemExit

    monkeypatch.setattr(os, "execve", execute)
    monkeypatch.setattr(sys, "getfilesystemencoding", lambda: "ascii")
    monkeypatch.setattr(sys, "orig_argv", ["python", "-m", "small_dataset_audio", "--version"])
    with pytest.raises(SystemExit):
        main()
    [(words, environ)] = started
    assert words[1:] == ["-X", "utf8", "-m", "small_dataset_audio", "--version"]
    assert environ["PYTHONUTF8"] == "1"
    assert environ["PYTHONIOENCODING"]


def test_config_alone_says_what_it_can_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Usage: sda config")
    assert all(name in out for name in ("show", "get", "set", "path", "schema"))


def test_config_documents_are_what_their_schemas_say(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["config", "show", "--json"]) == 0
    document = document_of("sda config show", capsys.readouterr().out)
    for key in document["settings"]:
        assert main(["config", "get", key, "--json"]) == 0
        assert document_of("sda config get KEY", capsys.readouterr().out).keys() == {key}


def test_a_misspelt_stage_after_force_is_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert force_with_value(["run", "--force", "analyse"]) == ["run", "--force", "analyse"]
    (tmp_path / "analyse").mkdir()
    assert force_with_value(["run", "--force", "analyse"]) == ["run", "--force", "all", "analyse"]
    assert force_with_value(["run", "--force"]) == ["run", "--force", "all"]
