"""A worker over many tracks: what it holds does not grow. `benchmarks/long_run.py` does the same for hundreds."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "long_run.py"
TRACKS, EVERY = 20, 2


@pytest.mark.process
def test_memory_and_open_files_of_a_worker_do_not_grow_with_the_tracks() -> None:
    size = ["--tracks", str(TRACKS), "--every", str(EVERY), "--seconds", "1.5"]
    words = [sys.executable, "-P", str(BENCHMARK), *size, "--stages", "organize,analyze"]
    told = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    readings = [(float(memory), int(files)) for memory, files in re.findall(r"([\d.]+) MB, (\d+) open files", told)]
    assert len(readings) == TRACKS // EVERY
    later = readings[2:]
    assert len({files for _, files in later}) == 1, told
    # What the heap keeps comes and goes by a few megabytes; one recording and what is derived from it takes ten.
    assert max(memory for memory, _ in later) - later[0][0] < 30, told
