"""Peak memory of ``sda analyze`` over the length of the recording, each length as a process of its own.

    python benchmarks/memory.py [--minutes 1,3,10,30,60,180] [--rate 44100] [--suffix .flac]

The recordings are the demo's pieces, one after another and then all over again, in stereo: as FLAC, or with ``--suffix .mp3`` as
MP3 at 320 kbit/s, whole pieces. Shown for each: what the operating system counts as the highest memory of the process, less that
of an interpreter that does nothing.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

MB = 1e6


def peak_of(command: Sequence[str]) -> tuple[float, float, float]:
    """Return peak memory in MB, processor seconds and wall seconds of one run of ``command``.

    A child's peak counts what its parent held when it was started: this process imports nothing large.
    """
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"{' '.join(command)} failed")
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return peak / MB, usage.ru_utime + usage.ru_stime, time.perf_counter() - began


def compose_minutes(file: Path, minutes: float, rate: int) -> None:
    """Write a stereo recording of ``minutes``; of an MP3, the pieces are encoded once and follow one another."""
    import numpy as np
    import soundfile

    from small_dataset_audio.audio.resample import resample
    from small_dataset_audio.dataset.demo import PIECES, compose

    parts = []
    for piece in PIECES:
        composed = compose(piece)
        samples = resample(composed.samples, composed.rate, rate)
        parts.append(np.broadcast_to(samples, (2, samples.shape[1])).T)
    once = np.ascontiguousarray(np.concatenate(parts))
    left = round(minutes * 60 * rate)
    if file.suffix == ".mp3":
        with soundfile.SoundFile(file, "w", rate, 2, compression_level=0.0, bitrate_mode="CONSTANT") as out:
            out.write(once)
        data = file.read_bytes()
        with file.open("ab") as again:
            for _ in range(left // once.shape[0]):
                again.write(data)
        return
    with soundfile.SoundFile(file, "w", rate, 2) as out:
        while left > 0:
            out.write(once[:left])
            left -= once.shape[0]


def main() -> int:
    """Print a row per length and return 0."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", default="1,3,10,30,60,180")
    parser.add_argument("--rate", type=int, default=44100)
    parser.add_argument("--suffix", default=".flac", choices=[".flac", ".mp3"])
    parser.add_argument("--compose", type=Path, help="only write a file of the first of the minutes")
    options = parser.parse_args()
    minutes = [float(word) for word in options.minutes.split(",")]
    if options.compose:
        compose_minutes(options.compose, minutes[0], options.rate)
        return 0
    bare, _, _ = peak_of([sys.executable, "-c", "pass"])
    print(f"bare interpreter: {bare:.0f} MB")
    print("minutes   file MB   peak MB   above bare   processor s   wall s")
    with tempfile.TemporaryDirectory() as folder:
        for length in minutes:
            file = Path(folder) / f"long{options.suffix}"
            told = [sys.executable, __file__, "--compose", str(file), "--minutes", f"{length:g}"]
            subprocess.run([*told, "--rate", str(options.rate)], check=True)
            command = [sys.executable, "-m", "small_dataset_audio", "analyze", str(file), "--json"]
            peak, cpu, wall = peak_of(command)
            size = file.stat().st_size / MB
            print(
                f"{length:7g}   {size:7.1f}   {peak:7.0f}   {peak - bare:10.0f}   {cpu:11.1f}   {wall:6.1f}", flush=True
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
