"""How well drums are heard: the F-measure of each drum (50 ms), per file and over all strokes.

    python benchmarks/drums.py FOLDER [--backend dsp|adtof|drumsep] [--models DIR] [--device cpu]
    python benchmarks/drums.py --demo

FOLDER holds audio files and `references.json`: a list of objects with ``file`` and ``references``, in which ``drums``
names strokes in seconds by class: KD, SD, TT, OT, HH, CY; an optional ``valid_range`` (seconds) says which part is
annotated. With ``--demo`` the pieces of sda's own demo library are heard, once as drums alone and once as the mix. What a
backend cannot tell apart is not held against it: without cymbals they count as hi-hats, and toms are left out.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import mir_eval
import numpy as np

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.audio.decode import decode
from small_dataset_audio.dataset.demo import DRUMS as DEMO_DRUMS
from small_dataset_audio.dataset.demo import PIECES, compose
from small_dataset_audio.models.store import Store
from small_dataset_audio.models.transcription.backends import opened
from small_dataset_audio.models.transcription.hits import CYMBAL, DRUMS, HAT, KICK, SNARE, TOM, Times, Transcription

WINDOW = 0.05
TOGETHER = 0.03
"""Strokes of one class this close are one: a hi-hat and a cymbal struck at once."""
CLASSES = {"KD": KICK, "SD": SNARE, "TT": TOM, "OT": TOM, "HH": HAT, "CY": CYMBAL,
           "kick": KICK, "snare": SNARE, "hat": HAT, "ride": CYMBAL, "crash": CYMBAL}  # fmt: skip

Truth = Mapping[str, Times]


@dataclass(frozen=True)
class Case:
    """One annotated recording."""

    name: str
    clip: Clip
    drums: Mapping[str, Sequence[float]]
    valid: tuple[float, float] | None = None


def annotated(folder: Path) -> Iterator[Case]:
    """Yield the files of ``folder`` whose drums are annotated."""
    for entry in json.loads((folder / "references.json").read_text(encoding="utf-8")):
        if drums := entry["references"].get("drums"):
            valid = entry.get("valid_range")
            yield Case(entry["file"], decode(folder / entry["file"]), drums, tuple(valid) if valid else None)


def composed() -> Iterator[Case]:
    """Yield the demo's pieces that have drums, without the other players and with them."""
    for piece in PIECES:
        alone = replace(piece, parts=tuple(part for part in piece.parts if part.role in DEMO_DRUMS))
        for name, version in (("drums of", alone), ("mix of", piece)) if alone.parts else ():
            made = compose(version)
            yield Case(f"{name} {piece.title}", Clip(made.samples, made.rate), made.truth.drums)


def truth(case: Case, heard: Transcription) -> dict[str, Times]:
    """Return the strokes that the backend could have heard, by the names it has for them."""
    merged: dict[str, list[float]] = {name: [] for name in heard.strokes}
    for label, times in case.drums.items():
        drum = CLASSES[label].name
        name = HAT.name if drum == CYMBAL.name and drum not in merged else drum
        if name in merged:
            merged[name] += times
    return {name: apart(within(np.sort(np.array(times)), case.valid)) for name, times in merged.items()}


def within(times: Times, valid: tuple[float, float] | None) -> Times:
    """Return the ``times`` in the annotated part."""
    if valid is None:
        return times
    return times[(times >= valid[0] - TOGETHER) & (times <= valid[1] + TOGETHER)]


def apart(times: Times) -> Times:
    """Return ``times`` without those that follow another within `TOGETHER`."""
    kept: list[float] = []
    for moment in times.tolist():
        if not kept or moment - kept[-1] > TOGETHER:
            kept.append(moment)
    return np.array(kept)


def counts(true: Times, heard: Times) -> tuple[int, int, int]:
    """Return how many strokes match, were heard, and are true."""
    matched = mir_eval.util.match_events(true, heard, WINDOW) if true.size and heard.size else []
    return len(matched), heard.size, true.size


def cell(matched: int, heard: int, true: int) -> str:
    """Return F-measure, precision and recall as text."""
    if not heard and not true:
        return f"{'-':>16}"
    return f"{2 * matched / (heard + true):6.2f}{matched / max(heard, 1):5.2f}{matched / max(true, 1):5.2f}"


def measure(cases: Iterator[Case], transcribe: Callable[[Clip], Transcription]) -> None:
    """Print one line a case, and one over all strokes."""
    names = [drum.name for drum in DRUMS]
    print(f"{'F, precision, recall':42}" + "".join(f"{name:>16}" for name in names) + f"{'x real time':>13}")
    pooled = {name: np.zeros(3, dtype=int) for name in names}
    late: list[float] = []
    for case in cases:
        start = time.process_time()
        heard = transcribe(case.clip)
        speed = case.clip.seconds / max(time.process_time() - start, 1e-9)
        true, line = truth(case, heard), ""
        for name in names:
            if name not in true:
                line += " " * 16
                continue
            found = within(heard.strokes[name].times, case.valid)
            counted = counts(true[name], found)
            pooled[name] += counted
            line += cell(*counted)
            if true[name].size and found.size:
                pairs = mir_eval.util.match_events(true[name], found, WINDOW)
                late += [found[second] - true[name][first] for first, second in pairs]
        print(f"{case.name[:41]:42}{line}{speed:13.0f}")
    print(f"{'all strokes':42}" + "".join(cell(*pooled[name]) if pooled[name].any() else " " * 16 for name in names))
    if late:
        print(f"median lateness {1000 * float(np.median(late)):.1f} ms")


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description="How well drums are heard.")
    parser.add_argument("folder", type=Path, nargs="?", help="audio files and references.json")
    parser.add_argument("--demo", action="store_true", help="the pieces of sda's demo library")
    parser.add_argument("--backend", default="dsp", choices=("dsp", "adtof", "drumsep"))
    parser.add_argument("--models", type=Path, default=Path("data/models"), help="where weights lie")
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    if arguments.folder is None and not arguments.demo:
        parser.error("name a folder, or --demo")
    cases = composed() if arguments.demo else annotated(arguments.folder)
    measure(cases, opened(arguments.backend, Store(arguments.models), arguments.device))


if __name__ == "__main__":
    main()
