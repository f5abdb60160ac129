"""Ctrl-C while several processes listen or draw: everything ends, and nothing is half-written."""

import os
import signal
from pathlib import Path

import psutil
import pytest

from small_dataset_audio.dataset.report.drawing.pool import WORTH_IT
from support.processes import PATIENCE, started, wait_until, workers_of
from support.signals import noise, write_audio

pytestmark = pytest.mark.process
TRACKS = 20
SECONDS = 20.0
TWO = {"SDA_PIPELINE_WORKERS": "2"}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a library that two processes are at work on for seconds."""
    library = tmp_path_factory.mktemp("library")
    for number in range(TRACKS):
        (library / f"song {number}").mkdir()
        write_audio(library / f"song {number}" / "full_mix.wav", noise(SECONDS, channels=2, seed=number))
    assert sum(path.stat().st_size for path in library.rglob("*.wav")) > WORTH_IT
    return library


@pytest.mark.parametrize("words", [("lint",), ("report", "--no-checks", "--output", "made")])
def test_ctrl_c_ends_the_processes_and_says_so_in_three_lines(
    tmp_path: Path, library: Path, words: tuple[str, ...]
) -> None:
    with started(*words, library, cwd=tmp_path, env=TWO) as process:
        wait_until(lambda: len(workers_of(process)) == 2, "nothing was started")
        below = psutil.Process(process.pid).children(recursive=True)
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, (out, err)
    assert "Error: The command was interrupted." in err
    assert "Traceback" not in err
    assert psutil.wait_procs(below, timeout=PATIENCE)[1] == []
    assert not list(tmp_path.rglob("*.sda-tmp"))
