"""Several processes on one track, some of which die: nothing that was acknowledged is lost, and nobody waits for the dead."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from small_dataset_audio.dataset.info import read_info, safe_update
from small_dataset_audio.locks import LOCK_NAME, LockTaken, folder_lock
from support.dataset_processes import answer, start

pytestmark = pytest.mark.process


@pytest.mark.parametrize(("processes", "rounds"), [(2, 20), (8, 6)])
def test_writers_that_are_killed_lose_nothing_and_hold_up_nobody(processes: int, rounds: int) -> None:
    found = json.loads(answer(start("faults.writers", processes, rounds)))
    assert found == {"killed": (processes - 1) * rounds, "problems": []}


HOLD = """
import sys, time
from pathlib import Path
from small_dataset_audio import locks
if sys.argv[2] == "file":
    locks._needs_lock_file = lambda folder: True
with locks.folder_lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_the_lock_of_a_dead_process_is_free(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if kind == "file":
        monkeypatch.setattr("small_dataset_audio.locks._needs_lock_file", lambda _folder: True)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path, kind], env=environment, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(LockTaken), folder_lock(tmp_path, seconds=0):
            pass
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        began = time.monotonic()
        safe_update(tmp_path / "Song.INFO", {"bpm": 1.0})
        assert time.monotonic() - began < 30
    assert read_info(tmp_path / "Song.INFO") == {"bpm": 1.0}
    assert (tmp_path / LOCK_NAME).exists() == (kind == "file")
