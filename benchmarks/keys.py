"""How often the key is found: mir_eval's weighted score per file and on average, beside Essentia's where it is installed.

    python benchmarks/keys.py FOLDER [--profile krumhansl|electronic]

FOLDER holds audio files and `references.json`: a list of objects with ``file`` and ``references.key`` such as "F# minor";
files without a key are passed over. Essentia is no dependency: without it, or where it cannot be imported, its columns are
left out. `mir_eval` is in the dev group.
"""

import argparse
import importlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import mir_eval
import numpy as np

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.audio.decode import decode
from small_dataset_audio.features.harmonic import FAMILY
from small_dataset_audio.features.measured import Measured
from small_dataset_audio.features.sound import Options, Sound
from small_dataset_audio.features.spectra import Spectra

PITCH_CLASSES = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
ESSENTIA_RATE = 44100

Finder = Callable[[Clip], str | None]


def find_with_sda(options: Options) -> Finder:
    """Return a function that finds the key with this package; it returns None where no key can be told."""

    def find(clip: Clip) -> str | None:
        """Return the key that sda hears, None where there is none."""
        found = FAMILY.measure(Sound(Spectra(clip), options=options), Measured())
        if "tonic" not in found.values:
            return None
        return f"{PITCH_CLASSES[int(found.values['tonic'])]} {next(iter(found.labels['tonic_scale']))}"

    return find


def find_with_essentia(profile: str) -> Finder | None:
    """Return a function that finds the key with Essentia's KeyExtractor; None where Essentia is not installed."""
    try:
        standard = importlib.import_module("essentia.standard")
    except ImportError:
        return None

    def find(clip: Clip) -> str | None:
        """Return the key that Essentia hears."""
        mono = Spectra(clip).mono_at(ESSENTIA_RATE)
        tonic, scale, _ = standard.KeyExtractor(profileType=profile, sampleRate=ESSENTIA_RATE)(
            np.ascontiguousarray(mono)
        )
        return f"{tonic} {scale}"

    return find


def annotated(folder: Path) -> list[tuple[Path, str]]:
    """Return the files of ``folder`` whose key is known, and the keys."""
    entries = json.loads((folder / "references.json").read_text(encoding="utf-8"))
    keys = [(folder / entry["file"], entry["references"].get("key")) for entry in entries]
    return [(path, key) for path, key in keys if key]


def main() -> None:
    """Measure every annotated file with every finder and print a table."""
    parser = argparse.ArgumentParser(description="How often the key is found.")
    parser.add_argument("folder", type=Path, help="audio files and references.json")
    choices = get_args(Options.__annotations__["key_profile"])
    parser.add_argument("--profile", choices=choices, default=Options().key_profile, help="key profile of sda")
    arguments = parser.parse_args()
    finders: dict[str, Finder] = {"sda": find_with_sda(Options(key_profile=arguments.profile))}
    for profile in ("bgate", "edma", "krumhansl"):
        finder = find_with_essentia(profile)
        if finder is not None:
            finders[f"essentia {profile}"] = finder

    scores: dict[str, list[float]] = {name: [] for name in finders}
    seconds = dict.fromkeys(finders, 0.0)
    print(f"{'file':40} {'key':10} " + " ".join(f"{name:>24}" for name in finders))
    for path, key in annotated(arguments.folder):
        clip = decode(path)
        cells = []
        for name, find in finders.items():
            start = time.perf_counter()
            found = find(clip)
            seconds[name] += time.perf_counter() - start
            scores[name].append(mir_eval.key.weighted_score(key, found) if found else 0.0)
            cells.append(f"{found or 'none':>19} {scores[name][-1]:4.1f}")
        print(f"{path.name[:40]:40} {key:10} " + " ".join(cells))
    for name, values in scores.items():
        print(f"{name}: weighted score {np.mean(values):.3f} on {len(values)} files, {seconds[name]:.1f} s")


if __name__ == "__main__":
    main()
