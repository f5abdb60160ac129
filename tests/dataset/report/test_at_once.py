"""Reports into one folder at the same time: one after the other, and none takes away what another is writing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from small_dataset_audio import locks
from small_dataset_audio.dataset.report.folder import Folder, alone
from small_dataset_audio.dataset.report.write import INDEX
from support.dataset_library import leave_temporary, temporaries
from support.dataset_processes import answer, start
from support.report_library import piece

pytestmark = pytest.mark.process


def test_a_second_report_waits_for_the_first_one(tmp_path: Path) -> None:
    library, out, pipe = tmp_path / "library", tmp_path / "out", tmp_path / "pipe"
    piece(library, "Song")
    os.mkfifo(pipe)
    first = start("report_paused", library, out, pipe)
    command = [sys.executable, "-m", "small_dataset_audio", "report", str(library), "--no-checks", "--output", str(out)]
    try:
        assert first.stdout is not None
        assert first.stdout.readline() == "drawn\n"
        half = leave_temporary(out / "tracks")  # as if it were in the middle of a page
        with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as second:
            assert second.stderr is not None
            told = next((line for line in second.stderr if "waiting for it" in line), "")
            assert told.startswith("Another report is being written")
            assert half.exists()
            assert second.poll() is None
            pipe.write_bytes(b"go")
            answer(first)
            second.communicate(timeout=120)
            assert second.returncode == 0
    finally:
        first.kill()
        first.communicate()
    assert temporaries(out) == []
    assert (out / INDEX).is_file()


def test_what_ended_while_it_was_waited_for_is_known(tmp_path: Path) -> None:
    library, out = tmp_path / "library", tmp_path / "out"
    library.mkdir()
    with alone(out, library):
        first = Folder.claimed(out, library)
        first.write("tracks/gone.html", "gone")
        first.conclude()
    with alone(out, library):
        Folder.claimed(out, library).conclude()
    assert not (out / "tracks" / "gone.html").exists()


def test_a_folder_with_a_lock_file_alone_is_an_empty_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "_needs_lock_file", lambda _folder: True)
    library, out = tmp_path / "library", tmp_path / "out"
    library.mkdir()
    with alone(out, library):  # killed before it was marked
        pass
    assert [path.name for path in out.iterdir()] == [locks.LOCK_NAME]
    with alone(out, library):
        Folder.claimed(out, library).conclude()
