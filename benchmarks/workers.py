"""How much faster ``sda run`` is with two workers than with one, on copies of the demo's pieces.

    python benchmarks/workers.py [--tracks 12] [--minutes 3] [--workers 1,2] [--runs 3] [--stages organize,analyze]

Each run is a process of its own, into a fresh library; the fastest of the runs counts. The figures mean something on a machine with
as many idle cores as workers: the load before each run is shown.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Run:
    """One run: wall seconds, and processor seconds of it and all its workers."""

    wall: float
    cpu: float


def compose(folder: Path, tracks: int, minutes: float) -> None:
    """Write ``tracks`` of the demo's pieces, in turn, each over and over for ``minutes`` and with bytes of its own."""
    import numpy as np
    import soundfile

    from small_dataset_audio.dataset.demo import PIECES
    from small_dataset_audio.dataset.demo import compose as composed

    pieces = [composed(piece) for piece in PIECES]
    for number in range(tracks):
        piece = pieces[number % len(pieces)]
        gain = 0.999 ** (number // len(pieces))  # the same bytes twice would be taken for one recording
        over_and_over = np.take(piece.samples, np.arange(round(minutes * 60 * piece.rate)), axis=1, mode="wrap")
        soundfile.write(folder / f"piece {number:03}.flac", gain * over_and_over.T, piece.rate)


def timed(source: Path, workers: int, stages: str) -> Run:
    """Return what one run into a fresh library took."""
    with tempfile.TemporaryDirectory() as home:
        (Path(home) / "config.toml").write_text('[features]\nbeats = "dsp"\n')
        words = [sys.executable, "-m", "small_dataset_audio", "--quiet", "run", str(source)]
        words += ["--stages", stages, "--workers", str(workers)]
        began = time.perf_counter()
        process = subprocess.Popen(words, cwd=home, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        if os.waitstatus_to_exitcode(status) != 0:
            sys.exit(f"{' '.join(words)} failed")
        shutil.rmtree(Path(home) / "data", ignore_errors=True)
    return Run(wall, usage.ru_utime + usage.ru_stime)


def main() -> int:
    """Print a row per number of workers and return 0."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tracks", type=int, default=12)
    parser.add_argument("--minutes", type=float, default=3.0, help="length of each track")
    parser.add_argument("--workers", default="1,2")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--stages", default="organize,analyze")
    options = parser.parse_args()
    counts = [int(word) for word in options.workers.split(",")]
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder)
        compose(source, options.tracks, options.minutes)
        best: dict[int, Run] = {}
        for _ in range(options.runs):
            for count in counts:  # in turn, so that what else the machine does meets all of them
                load = os.getloadavg()[0]
                run = timed(source, count, options.stages)
                print(
                    f"workers {count}: wall {run.wall:.2f} s, processor {run.cpu:.2f} s (load before: {load:.1f})",
                    flush=True,
                )
                best[count] = min(best.get(count, run), run, key=lambda one: one.wall)
    first = best[counts[0]]
    print(f"{options.tracks} tracks of {options.minutes:g} min, {os.cpu_count()} cores, fastest of {options.runs}:")
    for count, run in best.items():
        ratio = first.wall / run.wall
        print(
            f"workers {count}: wall {run.wall:.2f} s, processor {run.cpu:.2f} s, {ratio:.2f} times as fast as {counts[0]}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
