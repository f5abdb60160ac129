"""Time the analysis of one three-minute stereo FLAC as whole processes: ours, and others where they are installed.

    python benchmarks/analyze.py [--file F] [--runs N] [--essentia PYTHON] [--librosa PYTHON]

Each run is a process of its own; seconds and peak memory are the operating system's. PYTHON is an interpreter of an
environment that has that package: none of them is a dependency of sda.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from small_dataset_audio.audio.encode import encode
from small_dataset_audio.audio.resample import resample
from small_dataset_audio.dataset.demo import PIECES, compose

RATE = 44100
SECONDS = 180
ESSENTIA = "import sys, essentia; essentia.log.infoActive = False; import essentia.standard as e; e.MusicExtractor()(sys.argv[1])"
LIBROSA = """
import sys, librosa
y, sr = librosa.load(sys.argv[1], sr=None)
for f in (librosa.beat.beat_track, librosa.onset.onset_detect, librosa.feature.chroma_cqt,
          librosa.feature.spectral_centroid, librosa.feature.spectral_flatness, librosa.feature.rms):
    f(**({"y": y} if f in (librosa.feature.rms, librosa.feature.spectral_flatness) else {"y": y, "sr": sr}))
"""


@dataclass(frozen=True)
class Run:
    """One process: wall seconds, processor seconds, peak memory in MB."""

    wall: float
    cpu: float
    peak: float


def measure(command: Sequence[str]) -> Run:
    """Return what one run of ``command`` took."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    error = process.stderr.read().decode(errors="replace") if process.stderr else ""
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"{command[0]} failed:\n{error}")
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3))


def compose_three_minutes(file: Path) -> None:
    """Write a stereo FLAC of three minutes, made of the demo's pieces one after another."""
    parts = []
    for piece in PIECES:
        composed = compose(piece)
        samples = resample(composed.samples, composed.rate, RATE)
        parts.append(np.broadcast_to(samples, (2, samples.shape[1])))
    encode(file, np.ascontiguousarray(np.concatenate(parts, axis=1)[:, : RATE * SECONDS]), RATE)


def main() -> int:
    """Print a row per tool and return 0."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--file", type=Path)
    parser.add_argument("--compose", type=Path, help="only write the three-minute file")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--essentia", help="Python with essentia")
    parser.add_argument("--librosa", help="Python with librosa")
    options = parser.parse_args()
    if options.compose:
        compose_three_minutes(options.compose)
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        file = options.file or Path(scratch) / "three minutes.flac"
        if not options.file:
            # In a process of its own: a child's peak memory counts what its parent held when it was started.
            subprocess.run([sys.executable, __file__, "--compose", str(file)], check=True)
        commands = {"sda analyze": [sys.executable, "-m", "small_dataset_audio", "analyze", str(file), "--json"]}
        if options.essentia:
            commands["Essentia MusicExtractor"] = [options.essentia, "-c", ESSENTIA, str(file)]
        if options.librosa:
            commands["librosa, six calls"] = [options.librosa, "-c", LIBROSA, str(file)]
        print(f"{file.name}; {options.runs} runs each after one that is not counted; medians (min to max)")
        for name, command in commands.items():
            measure(command)
            runs = [measure(command) for _ in range(options.runs)]
            print(f"{name:26}" + "".join(_column(label, [getattr(r, key) for r in runs]) for label, key in _COLUMNS))
        shown = subprocess.run(commands["sda analyze"], capture_output=True, check=True)
        document = json.loads(shown.stdout)
        print(f"sda measured {len(document['features'])} numbers.")
    return 0


_COLUMNS = (("wall s", "wall"), ("cpu s", "cpu"), ("peak MB", "peak"))


def _column(label: str, values: list[float]) -> str:
    return f"  {label} {statistics.median(values):7.2f} ({min(values):.2f} to {max(values):.2f})"


if __name__ == "__main__":
    sys.exit(main())
