"""How long a library takes to be checked, the first time and again.

    python benchmarks/lint.py [--tracks 500] [--minutes 3] [--workers N]

The tracks are noise through a melody's envelope, different in each, in FLAC at 44.1 kHz with 16 bits; what was heard is kept for
the second time. With ``--compare N`` the search for near-duplicates is timed on N made-up fingerprints of that length too.
"""

import argparse
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

from small_dataset_audio.dataset.heard.fingerprint import BANDS, FRAMES_PER_SECOND
from small_dataset_audio.dataset.lint import lint
from small_dataset_audio.dataset.similar.candidates import candidates
from small_dataset_audio.features.catalog import declared
from small_dataset_audio.hardware.processor import usable_cores

RATE = 44100
NOTE = RATE // 4


def make_track(folder: Path, seed: int, minutes: float) -> None:
    """Write a track of short notes of noise and tone."""
    folder.mkdir(parents=True)
    generator = np.random.default_rng(seed)
    t = np.arange(NOTE) / RATE
    with soundfile.SoundFile(folder / "full_mix.flac", "w", RATE, 2, "PCM_16") as file:
        for _ in range(round(minutes * 240)):
            hertz = 110 * 2 ** (generator.integers(0, 48) / 12)
            wave = np.exp(-6 * t) * (np.sin(2 * np.pi * hertz * t) + 0.2 * generator.standard_normal(NOTE))
            file.write(0.3 * np.stack([wave, 0.9 * wave], axis=1))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--tracks", type=int, default=500)
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--workers", type=int, default=usable_cores())
    parser.add_argument("--compare", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        library = Path(home) / "library"
        for number in range(options.tracks):
            make_track(library / f"track {number:04d}", number, options.minutes)
        for when in ("first", "again"):
            began = time.perf_counter()
            found = lint(library, declared(), cache=Path(home) / "cache", workers=options.workers)
            seconds = time.perf_counter() - began
            print(
                f"{when}: {options.tracks} tracks of {options.minutes:g} min, {options.workers} processes: {seconds:.1f} s "
                f"({seconds / options.tracks:.2f} s per track), {found.effective_size}"
            )
        used = sum(file.stat().st_size for file in (Path(home) / "cache").rglob("*.npz"))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
        print(f"kept: {used / options.tracks / 1000:.0f} kB per track; highest memory of the main process {peak} MiB")
    if options.compare:
        generator = np.random.default_rng(0)
        frames = round(60 * options.minutes * FRAMES_PER_SECOND)
        prints = [generator.integers(60, 255, (frames, BANDS), dtype=np.uint8) for _ in range(options.compare)]
        began = time.perf_counter()
        likely = len(candidates(prints))
        seconds = time.perf_counter() - began
        print(f"candidates among {options.compare}: {seconds:.1f} s, {likely} pairs to look at closely")


if __name__ == "__main__":
    main()
