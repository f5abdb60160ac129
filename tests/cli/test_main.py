import json
import subprocess
import sys
from pathlib import Path

import pytest

from small_dataset_audio import __version__
from small_dataset_audio.cli.main import force_with_value, global_options_first, main
from support.processes import assert_error, command, environment, sda


@pytest.mark.parametrize(
    ("words", "moved"),
    [
        (["run", "x", "-v"], ["-v", "run", "x"]),
        (["run", "--device", "cpu", "x", "--quiet"], ["--device", "cpu", "--quiet", "run", "x"]),
        (["run", "--config=c.toml"], ["--config=c.toml", "run"]),
        (["run", "--", "-v"], ["run", "--", "-v"]),
        (["run", "--config"], ["--config", "run"]),
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
