"""How far the timbral numbers agree with the package that defines them, timbral_models: a table, a line per feature.

    python benchmarks/timbre.py REFERENCE [FOLDER] [--save values.json] [--most N]

REFERENCE is the Python interpreter of an environment that has timbral-models 0.4.0 (`pip install --no-deps timbral-models==0.4.0`
beside librosa, scikit-learn, pyloudnorm and six), or the file that an earlier run saved. Sixty sounds are made from seeds: those of
the tests, each as it is and at three quarters of its speed. The middle eight seconds of every audio file in FOLDER are compared too.

Both hear the mean of the channels at 44.1 kHz: how channels and rates are treated is where the two differ on purpose
(docs/timbre.md). `reverberation` is compared with the probability behind the package's yes or no.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.audio.decode import decode
from small_dataset_audio.audio.formats import SUFFIXES
from small_dataset_audio.audio.resample import resample
from small_dataset_audio.features.extract import measure
from small_dataset_audio.features.sound import Sound
from small_dataset_audio.features.spectra import Spectra
from small_dataset_audio.features.timbral import FAMILY

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from support.timbral_signals import SOUNDS, make

RATE = 44100
EXCERPT = 8 * RATE

REFERENCE = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
import librosa, numpy as np
np.lib.pad = np.pad  # the package was written for older versions of both
strength, detect = librosa.onset.onset_strength, librosa.onset.onset_detect
rate_of = librosa.core.resample
librosa.onset.onset_strength = lambda y, sr, **more: strength(y=y, sr=sr, **more)
librosa.onset.onset_detect = lambda y, sr, **more: detect(y=y, sr=sr, **more)
librosa.core.resample = lambda y, a, b: rate_of(y, orig_sr=a, target_sr=b)
import timbral_models
names = "brightness roughness hardness depth booming reverb sharpness warmth".split()
for path in sys.argv[1:]:
    samples = np.load(path).astype(np.float64)
    values, seconds = {}, {}
    for name in names:
        began = time.process_time()
        try:
            function = getattr(timbral_models, "timbral_" + name)
            if name == "reverb":
                value = 100.0 * float(function(samples.copy(), fs=44100, dev_output=True)[1])
            else:
                value = float(function(samples.copy(), fs=44100))
            if np.isfinite(value):
                values[name.replace("reverb", "reverberation")] = value
        except (ValueError, IndexError, ZeroDivisionError):
            pass
        seconds[name.replace("reverb", "reverberation")] = time.process_time() - began
    print(json.dumps({"values": values, "seconds": seconds}), flush=True)
"""

Values = dict[str, dict[str, float]]


def sounds(folder: Path | None) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Yield name and samples ``[shape=(n,)]`` of everything that is compared."""
    for name in SOUNDS:
        wave = make(name).mean(axis=0, dtype=np.float32)
        yield name, wave
        yield f"{name}, slower", np.asarray(signal.resample_poly(wave, 4, 3), dtype=np.float32)
    for path in sorted(folder.iterdir()) if folder else []:
        if path.suffix.lower() in SUFFIXES:
            clip = decode(path)
            wave = resample(clip.samples.mean(axis=0, keepdims=True), clip.rate, RATE)[0]
            start = max(0, (wave.shape[0] - EXCERPT) // 2)
            yield path.name, wave[start : start + EXCERPT]


def measured_by_reference(python: Path, waves: dict[str, NDArray[np.float32]]) -> tuple[Values, dict[str, float]]:
    """Return what the reference says of each of ``waves``, and the CPU seconds it took for each feature."""
    values: Values = {}
    seconds: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, wave in enumerate(waves.values()):
            paths.append(str(Path(folder) / f"{number}.npy"))
            np.save(paths[-1], wave)
        command = [str(python), "-c", REFERENCE, *paths]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            for name, line in zip(waves, process.stdout or [], strict=False):
                answer = json.loads(line)
                values[name] = answer["values"]
                for feature, spent in answer["seconds"].items():
                    seconds[feature] = seconds.get(feature, 0.0) + spent
                print(f"reference: {name}", file=sys.stderr)
    if process.returncode or len(values) != len(waves):
        sys.exit(f"{python} measured {len(values)} of {len(waves)} sounds and ended with status {process.returncode}.")
    return values, seconds


def measured_here(waves: dict[str, NDArray[np.float32]]) -> tuple[Values, float]:
    """Return what this package says of each of ``waves``, and the CPU seconds it took in all."""
    values: Values = {}
    began = time.process_time()
    for name, wave in waves.items():
        values[name] = measure(Sound(Spectra(Clip(wave[np.newaxis], RATE))), [FAMILY]).values
    return values, time.process_time() - began


def table(ours: Values, theirs: Values, seconds: dict[str, float]) -> Iterator[str]:
    """Yield the lines of the comparison."""
    yield f"{'feature':14} {'n':>4} {'r':>8} {'median |d|':>11} {'max |d|':>8}  {'farthest apart':32} {'reference s':>11}"
    for feature in FAMILY.features:
        both = [name for name in ours if feature in ours[name] and feature in theirs.get(name, {})]
        here, there = (np.array([one[name][feature] for name in both]) for one in (ours, theirs))
        apart = np.abs(here - there)
        yield (
            f"{feature:14} {len(both):4} {np.corrcoef(here, there)[0, 1]:8.5f} {np.median(apart):11.3f} {apart.max():8.2f}"
            f"  {both[int(apart.argmax())][:32]:32} {seconds.get(feature, 0.0):11.1f}"
        )


def main() -> None:
    """Measure every sound with both and print the table."""
    parser = argparse.ArgumentParser(description="How far the timbral numbers agree with timbral_models.")
    parser.add_argument("reference", type=Path, help="a Python interpreter with timbral_models, or a saved file")
    parser.add_argument("folder", type=Path, nargs="?", help="audio files to compare beside the sounds made from seeds")
    parser.add_argument("--save", type=Path, help="file for what the reference measured")
    parser.add_argument("--most", type=int, help="compare only the first so many sounds")
    arguments = parser.parse_args()
    waves = dict(list(sounds(arguments.folder))[: arguments.most])
    if arguments.reference.suffix == ".json":
        theirs, seconds = json.loads(arguments.reference.read_text(encoding="utf-8"))
        waves = {name: wave for name, wave in waves.items() if name in theirs}
    else:
        theirs, seconds = measured_by_reference(arguments.reference, waves)
    if arguments.save:
        arguments.save.write_text(json.dumps([theirs, seconds]), encoding="utf-8")
    ours, spent = measured_here(waves)
    print("\n".join(table(ours, theirs, seconds)))
    total = sum(wave.shape[0] for wave in waves.values()) / RATE
    print(f"{len(waves)} sounds, {total:.0f} s: reference {sum(seconds.values()):.1f} s CPU, sda {spent:.2f} s CPU")


if __name__ == "__main__":
    main()
