"""Real processes: memory does not grow with the recording, and nothing is left on the disk."""

import json
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from small_dataset_audio.audio.spool import MOST_HELD
from small_dataset_audio.config.model import Settings
from small_dataset_audio.pipeline import scratch as module
from small_dataset_audio.pipeline.scratch import scratch
from support.signals import clicks, noise

RATE = 8000
"""Low, so that a quarter of an hour is measured in a few seconds; what is derived at higher rates is as large as ever."""
MEASURE = """
import json, resource, sys
from pathlib import Path
from small_dataset_audio.config.model import Settings
from small_dataset_audio.pipeline.analyze_file import analyze_file
from small_dataset_audio.pipeline.stage import Bench
from small_dataset_audio.pipeline.stages import ANALYZE
settings = Settings.model_validate({"paths": {"cache": sys.argv[2]}})
found = analyze_file(Path(sys.argv[1]), (ANALYZE,), Bench(settings)).found
print(json.dumps({"peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, "onsets": found.values["onset_count"]}))
"""


def recording(file: Path, minutes: int) -> Path:
    """Write ``minutes`` of clicks over noise."""
    ten = clicks(np.arange(0.25, 10.0, 0.5), 10.0, RATE) + noise(10.0, RATE, 0.001)
    with soundfile.SoundFile(file, "w", RATE, 1) as out:
        for _ in range(6 * minutes):
            out.write(ten.T)
    return file


@pytest.mark.process
def test_twice_the_length_takes_no_more_memory_and_leaves_nothing(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    peaks = []
    for minutes in (6, 14):
        file = recording(tmp_path / f"{minutes}.flac", minutes)
        words = [sys.executable, "-c", MEASURE, str(file), str(cache)]
        # Started by a small process of its own: a child's peak counts what its parent held when it was started.
        starter = "import subprocess, sys; sys.exit(subprocess.run(sys.argv[1:]).returncode)"
        ended = subprocess.run([sys.executable, "-c", starter, *words], capture_output=True, text=True, check=True)
        told = json.loads(ended.stdout)
        assert told["onsets"] == pytest.approx(120 * minutes, abs=5)
        peaks.append(told["peak"] * (1 if sys.platform == "darwin" else 1024))
        assert list(cache.iterdir()) == []
    # Held whole, the longer one would take 90 MB more: its samples at 8 and at 22 kHz, and its bands.
    assert peaks[1] - peaks[0] < 30e6
    assert peaks[1] < 400e6


@pytest.mark.process
def test_a_process_that_is_killed_leaves_nothing(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    file = recording(tmp_path / "long.flac", 6)
    with subprocess.Popen([sys.executable, "-c", MEASURE, str(file), str(cache)]) as process:
        links = Path(f"/proc/{process.pid}/fd")
        until = time.monotonic() + 30.0
        while links.is_dir() and not any(str(cache) in _target(link) for link in _listed(links)):
            assert time.monotonic() < until
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert list(cache.iterdir()) == []


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except FileNotFoundError:
        return []


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:
        return ""


def settings_with(cache: Path) -> Settings:
    return Settings.model_validate({"paths": {"cache": str(cache)}})


def test_the_cache_folder_is_used_where_there_is_one(tmp_path: Path) -> None:
    assert scratch(settings_with(tmp_path)).folder == tmp_path
    assert scratch(settings_with(tmp_path)).most_held == MOST_HELD
    assert scratch(settings_with(tmp_path), 4).most_held == MOST_HELD // 4


def test_otherwise_it_is_a_folder_for_temporary_files_that_lies_on_a_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = settings_with(tmp_path / "not made")
    monkeypatch.delenv("TMPDIR", raising=False)
    monkeypatch.setattr(module, "LASTING", tmp_path)
    assert scratch(gone).folder == tmp_path
    monkeypatch.setattr(module, "LASTING", tmp_path / "gone too")
    monkeypatch.setattr(tempfile, "gettempdir", lambda: "/usual")
    assert scratch(gone).folder == Path("/usual")
    monkeypatch.setattr(module, "LASTING", tmp_path)
    monkeypatch.setenv("TMPDIR", "/usual")
    assert scratch(gone).folder == Path("/usual")
    assert not (tmp_path / "not made").exists()
