"""Whether a worker grows: memory and open files of one process over very many tracks.

    python benchmarks/long_run.py [--tracks 500] [--seconds 5] [--stages organize,separate,analyze,crop] [--every 50]

Short recordings, each with a length and content of its own, go through `pipeline.worker.perform` in this process, one after
another, as in a worker of ``sda run``. The slope is that of a line through the readings after the first hundred tracks (a fifth
where there are fewer), when everything has been loaded and the heap has found its size.
"""

import argparse
import gc
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from statistics import median

import numpy as np
import psutil


@dataclass(frozen=True)
class Reading:
    """What the process held after so many tracks: bytes of memory, and open files."""

    tracks: int
    memory: int
    files: int


def recording(path: Path, number: int, seconds: float) -> None:
    """Write a stereo FLAC whose length, tempo and noise nothing else has."""
    import soundfile

    rate = 44100
    generator = np.random.default_rng(number)
    length = round((seconds + generator.uniform(-0.3, 0.3) * seconds) * rate)
    samples = 0.05 * generator.standard_normal((length, 2))
    beat = np.exp(-np.arange(2000) / 300) * np.sin(np.arange(2000) * 0.3)
    for start in range(0, length - 2000, round(generator.uniform(0.35, 0.6) * rate)):
        samples[start : start + 2000] += 0.5 * beat[:, None]
    soundfile.write(path, samples, rate)


def carried_out(home: Path, tracks: int, seconds: float, stages: tuple[str, ...], every: int) -> list[Reading]:
    """Return readings while ``tracks`` go through ``stages`` in this process.

    Raises:
        RuntimeError: a stage failed.
    """
    from small_dataset_audio.config.model import Settings
    from small_dataset_audio.dataset.organize import assign
    from small_dataset_audio.pipeline.stage import Bench, Job
    from small_dataset_audio.pipeline.worker import perform

    paths = {name: str(home / name) for name in ("library", "reports", "cache", "models")}
    bench = Bench(
        Settings.model_validate(
            {"paths": paths, "separation": {"backend": "dsp"}, "crops": {"seconds": max(1.0, seconds / 2)}}
        )
    )
    process, found = psutil.Process(), []
    for number in range(1, tracks + 1):
        source = home / f"piece {number}.flac"
        recording(source, number, seconds)
        [incoming] = assign([source], home / "library" / str(number))  # the cost of a large library is another matter
        job = Job(incoming.track, stages, incoming)
        while job.steps:
            result = perform(job.steps[0], job, bench)
            if result.failure is not None:
                raise RuntimeError(result.failure)
            job = replace(result.job, steps=job.steps[1:], incoming=None)
        source.unlink()
        if number % every == 0:
            gc.collect()
            found.append(Reading(number, process.memory_info().rss, process.num_fds()))
    return found


def settled(readings: list[Reading]) -> list[Reading]:
    """Return the readings after everything was loaded."""
    first = min(100, readings[-1].tracks // 5)
    return [one for one in readings if one.tracks >= first]


def slope(readings: list[Reading]) -> float:
    """Return how many bytes of memory a track adds: the median over all pairs of readings (Theil and Sen).

    The heap keeps a few megabytes now and gives them back then, which draws a line of least squares this way and that.
    """
    pairs = combinations(settled(readings), 2)
    return median((late.memory - early.memory) / (late.tracks - early.tracks) for early, late in pairs)


def main() -> int:
    """Print the readings and the slope, and return 0."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tracks", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--stages", default="organize,separate,analyze,crop")
    parser.add_argument("--every", type=int, default=25)
    options = parser.parse_args()
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="sda-long-") as folder:
        readings = carried_out(
            Path(folder), options.tracks, options.seconds, tuple(options.stages.split(",")), options.every
        )
    for one in readings:
        print(f"{one.tracks:6} tracks: {one.memory / 1e6:8.1f} MB, {one.files} open files")
    print(f"{slope(readings) * 100 / 1e6:+.2f} MB per 100 tracks ({time.perf_counter() - began:.0f} s in all)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
