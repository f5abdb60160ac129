"""Streams that are closed, and Ctrl-C before there is anything to interrupt."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from small_dataset_audio.cli import main as main_module
from small_dataset_audio.cli.boundary import guarded
from support.processes import command, environment
from support.signals import noise, write_audio

pytestmark = pytest.mark.process


def closed(streams: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Return how sda ended that was started with ``streams`` (as the shell closes them) closed."""
    return subprocess.run(
        ["sh", "-c", f'exec "$@" {streams}', "sh", *command(*arguments)],
        cwd=cwd,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("streams", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_are_no_error(streams: str, tmp_path: Path) -> None:
    done = closed(streams, "features", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    wrong = closed(streams, "features", "bmp", cwd=tmp_path)
    assert wrong.returncode == 2
    assert "Traceback" not in wrong.stderr
    assert ("Error: " in wrong.stderr) == ("2>" not in streams)


def test_with_closed_input_nobody_is_asked(tmp_path: Path) -> None:
    done = closed("<&-", "setup", "--data-dir", "music", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "config.toml").exists()


def test_what_would_have_been_said_gets_into_no_file(tmp_path: Path) -> None:
    (tmp_path / "tapes").mkdir()
    write_audio(tmp_path / "tapes" / "one.wav", noise(0.5))
    done = closed("<&- >&- 2>&-", "run", "tapes", "--library", "library", "--stages", "organize,analyze", cwd=tmp_path)
    assert done.returncode == 0
    assert (tmp_path / "library/one/full_mix.wav").read_bytes() == (tmp_path / "tapes/one.wav").read_bytes()
    logs = "".join(path.read_text() for path in (tmp_path / "data/reports").glob("*.jsonl"))
    assert all(line.startswith("{") for line in logs.splitlines())


def test_a_closed_stream_is_replaced_only_where_it_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    before = sys.stderr
    monkeypatch.setattr(sys, "stdin", None)
    monkeypatch.setattr(sys, "stdout", None)
    main_module._lead_closed_streams_nowhere()
    assert sys.stdin.read() == ""
    assert sys.stdout.write("x") == 1
    assert sys.stderr is before
    sys.stdin.close()
    sys.stdout.close()


def test_ctrl_c_while_sda_is_being_loaded_is_answered_like_any_other(tmp_path: Path) -> None:
    code = (
        "import builtins, signal, sys\n"
        "import small_dataset_audio.cli.main as entry\n"
        "assert 'typer' not in sys.modules, 'the door itself must open at once'\n"
        "load = builtins.__import__\n"
        "def interrupted(name, *rest):\n"
        "    if name.endswith('cli.boundary'):\n"
        "        signal.raise_signal(signal.SIGINT)\n"
        "    return load(name, *rest)\n"
        "builtins.__import__ = interrupted\n"
        "sys.exit(entry.main(['features']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (130, ""), done.stderr
    assert "Error: The command was interrupted." in done.stderr
    assert "Traceback" not in done.stderr


def test_what_was_blocked_before_stays_blocked_after() -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        assert main_module.main(["--version"]) == 0
        assert signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ())
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    assert guarded(["--version"]) == 0
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_a_file_of_settings_that_may_not_be_read_is_no_wrong_usage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "locked.toml").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("os.access", lambda *_: False)
    for words in (["--config", "locked.toml"], ["--config=locked.toml"]):
        assert main_module.main([*words, "config", "show"]) == 1
        err = capsys.readouterr().err
        assert "Error: Could not read locked.toml." in err
        assert "Permission denied" in err
