"""How fast tracks are cut, and how much memory that takes.

    python benchmarks/crops.py [--minutes 10] [--seconds 47.5] [--stems]

A recording of stereo noise at 44.1 kHz with 16 bits is cut; seconds are processor time of one core, the least of several runs,
decoding included. With ``--long`` one recording of three hours is cut as well, and the highest resident memory is told.
"""

import argparse
import resource
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

from small_dataset_audio.audio.decode import decode
from small_dataset_audio.config.model import Settings
from small_dataset_audio.dataset.layout import STEMS, Track
from small_dataset_audio.dataset.times import write_times
from small_dataset_audio.pipeline.stage import Bench, Job
from small_dataset_audio.pipeline.steps.crop import CROP

RATE = 44100
BAR = 2.0
RUNS = 3


def make_track(library: Path, minutes: float, *, stems: bool) -> Track:
    """Return a track of noise, with downbeats every two seconds."""
    folder = library / "noise"
    folder.mkdir(parents=True)
    generator = np.random.default_rng(0)
    for name in ("full_mix", *(STEMS if stems else ())):
        with soundfile.SoundFile(folder / f"{name}.flac", "w", RATE, 2, "PCM_16") as file:
            for _ in range(round(minutes * 6)):
                file.write(0.1 * generator.standard_normal((10 * RATE, 2)))
    track = Track(folder)
    beats = np.arange(0, minutes * 60, BAR / 4)
    write_times(track.sidecar("BEATS_GRID"), beats)
    write_times(track.sidecar("DOWNBEATS"), beats[::4])
    return track


def cut(track: Track, settings: Settings) -> tuple[int, float]:
    """Return how many crops were made, and the processor time that took."""
    shutil.rmtree(track.folder / "crops", ignore_errors=True)
    work = CROP.open(Bench(settings))
    began = time.process_time()
    made = work(Job(track, (CROP.name,)))
    return len(made.follow_up), time.process_time() - began


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seconds", type=float, default=47.5)
    parser.add_argument("--stems", action="store_true")
    parser.add_argument("--long", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        paths = {"cache": home, "library": f"{home}/library"}
        settings = Settings.model_validate({"paths": paths, "crops": {"seconds": options.seconds}})
        track = make_track(Path(home) / "library", options.minutes, stems=options.stems)
        crops, _ = cut(track, settings)
        seconds = min(cut(track, settings)[1] for _ in range(RUNS))
        began = time.process_time()
        if track.mix is not None:
            decode(track.mix)
        decoding = time.process_time() - began
        print(f"{crops} crops of {options.seconds:g} s: {seconds:.2f} s, {crops / seconds:.1f} crops per second")
        print(f"{options.minutes * 60 / seconds:.0f} times real time; {seconds / decoding:.1f} times decoding")
        if options.long:
            shutil.rmtree(track.folder)
            long = make_track(Path(home) / "library", 180, stems=False)
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            crops, seconds = cut(long, settings)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            print(
                f"three hours: {crops} crops, {seconds:.1f} s; highest memory {peak >> 10} MiB ({before >> 10} before)"
            )


if __name__ == "__main__":
    main()
