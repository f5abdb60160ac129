"""How well beats, downbeats, tempo and onsets are found: mir_eval's scores per file and on average.

    python benchmarks/beats.py FOLDER [--peers]

FOLDER holds audio files and `references.json`: a list of objects with ``file`` and ``references``, an object with any of
``beats``, ``downbeats``, ``onsets`` (seconds) and ``bpm``; an optional ``valid_range`` (seconds) in either says which part
is annotated. With ``--peers`` the same is measured with librosa and Essentia, where they can be imported; neither is a
dependency. `mir_eval` is in the dev group. Nothing is trimmed from the beginning of a file.
"""

import argparse
import importlib
import json
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mir_eval
import numpy as np

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.audio.decode import decode
from small_dataset_audio.features.measured import Measured, Times
from small_dataset_audio.features.rhythm import FAMILY
from small_dataset_audio.features.sound import Sound
from small_dataset_audio.features.spectra import Spectra

TEMPO_TOLERANCE = 0.04
OCTAVES = (1.0, 2.0, 3.0, 1.0 / 2.0, 1.0 / 3.0)
EDGE_SECONDS = 0.03
SCORES = ("F", "CMLt", "AMLt", "Acc1", "Acc2", "downbeat F", "onset F")


@dataclass(frozen=True)
class Found:
    """What a tracker found in one file; downbeats are None where it does not look for them."""

    beats: Times
    downbeats: Times | None
    onsets: Times
    bpm: float


Tracker = Callable[[Clip], Found]


def track_with_sda(clip: Clip) -> Found:
    """Track with this package."""
    found = FAMILY.measure(Sound(Spectra(clip)), Measured())
    none = np.empty(0)
    beats, downbeats, onsets = (found.times.get(name, none) for name in ("beats", "downbeats", "onsets"))
    return Found(beats, downbeats, onsets, found.values.get("bpm", 0.0))


def librosa_tracker() -> Tracker | None:
    """Return a function that tracks with librosa's defaults; None where librosa is not installed."""
    try:
        librosa = importlib.import_module("librosa")
    except ImportError:
        return None

    def track(clip: Clip) -> Found:
        """Return the beats, onsets and tempo that librosa hears; it does not look for downbeats."""
        rate = 22050
        mono = Spectra(clip).mono_at(rate)
        bpm, beats = librosa.beat.beat_track(y=mono, sr=rate, units="time")
        onsets = librosa.onset.onset_detect(y=mono, sr=rate, units="time")
        return Found(np.asarray(beats), None, np.asarray(onsets), float(np.atleast_1d(bpm)[0]))

    return track


def essentia_tracker() -> Tracker | None:
    """Return a function that tracks with Essentia's multi-feature tracker; None where Essentia is not installed."""
    try:
        standard = importlib.import_module("essentia.standard")
    except ImportError:
        return None

    def track(clip: Clip) -> Found:
        """Return the beats, onsets and tempo that Essentia hears; it does not look for downbeats."""
        mono = np.ascontiguousarray(Spectra(clip).mono_at(44100))
        bpm, beats, *_ = standard.RhythmExtractor2013(method="multifeature")(mono)
        onsets, _ = standard.OnsetRate()(mono)
        return Found(np.asarray(beats, float), None, np.asarray(onsets, float), float(bpm))

    return track


def within(times: Sequence[float] | Times, valid: tuple[float, float] | None) -> Times:
    """Return the ``times`` in the annotated part."""
    found = np.unique(np.asarray(times, dtype=np.float64))
    if valid is None:
        return found
    return found[(found >= valid[0] - EDGE_SECONDS) & (found <= valid[1] + EDGE_SECONDS)]


def scores(found: Found, references: Mapping[str, Any], valid: tuple[float, float] | None) -> dict[str, float]:
    """Return the scores of one file, of what is annotated."""
    result: dict[str, float] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # mir_eval warns of empty lists, which are a score of 0
        if "beats" in references:
            true, beats = within(references["beats"], valid), within(found.beats, valid)
            result["F"] = mir_eval.beat.f_measure(true, beats)
            _, result["CMLt"], _, result["AMLt"] = mir_eval.beat.continuity(true, beats)
        if "bpm" in references:
            errors = [abs(found.bpm / (references["bpm"] * octave) - 1.0) for octave in OCTAVES]
            result["Acc1"] = float(errors[0] <= TEMPO_TOLERANCE)
            result["Acc2"] = float(min(errors) <= TEMPO_TOLERANCE)
        if "downbeats" in references and found.downbeats is not None:
            result["downbeat F"] = mir_eval.beat.f_measure(
                within(references["downbeats"], valid), within(found.downbeats, valid)
            )
        if "onsets" in references:
            result["onset F"], *_ = mir_eval.onset.f_measure(
                within(references["onsets"], valid), within(found.onsets, valid)
            )
    return result


def row(cells: Mapping[str, float]) -> str:
    """Return one line of the table."""
    return " ".join(f"{cells[name]:10.3f}" if name in cells else " " * 10 for name in SCORES)


def main() -> None:
    """Measure every annotated file with every tracker and print a table for each."""
    parser = argparse.ArgumentParser(description="How well beats, tempo and onsets are found.")
    parser.add_argument("folder", type=Path, help="audio files and references.json")
    parser.add_argument("--peers", action="store_true", help="compare with librosa and Essentia, where installed")
    arguments = parser.parse_args()
    trackers: dict[str, Tracker | None] = {"sda": track_with_sda}
    if arguments.peers:
        trackers |= {"librosa": librosa_tracker(), "essentia": essentia_tracker()}
    entries = json.loads((arguments.folder / "references.json").read_text(encoding="utf-8"))
    annotated = [entry for entry in entries if entry["references"].keys() & {"beats", "bpm", "onsets"}]
    for name, track in trackers.items():
        if track is None:
            print(f"{name} is not installed\n")
            continue
        print(f"{name:40} " + " ".join(f"{score:>10}" for score in SCORES) + "        bpm")
        table: list[dict[str, float]] = []
        seconds = 0.0
        for entry in annotated:
            clip = decode(arguments.folder / entry["file"])
            start = time.perf_counter()
            found = track(clip)
            seconds += time.perf_counter() - start
            references = entry["references"]
            table.append(scores(found, references, entry.get("valid_range") or references.get("valid_range")))
            print(f"{entry['file'][:40]:40} {row(table[-1])} {found.bpm:10.1f}")
        means = {score: float(np.mean([line[score] for line in table if score in line])) for score in SCORES
                 if any(score in line for line in table)}  # fmt: skip
        print(f"{f'mean of {len(table)} files, {seconds:.1f} s':40} {row(means)}\n")


if __name__ == "__main__":
    main()
