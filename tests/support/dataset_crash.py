"""Processes that die: run as `python -m support.dataset_crash update|organize FOLDER`, prints what it found as JSON.

For every call to the operating system of one update (or of one recording's way into a library), a child process is killed
right before that call. After each death the store must be whole, and the next run must complete the work.
"""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from small_dataset_audio.dataset.info import StageRecord, read_info, safe_update
from small_dataset_audio.dataset.layout import list_tracks
from small_dataset_audio.dataset.organize import assign, find_audio, organize
from support.dataset_faults import killed
from support.dataset_library import temporaries, tree

FOREIGN = '{\n  "mine": 1.10,\n  "huge": 1e400\n}\n'
STAGE = StageRecord("analyze", 1, "settings", "audio", 1.0)


def main() -> None:
    """Run one of the two trials."""
    trial, folder = sys.argv[1], Path(sys.argv[2])
    sys.stdout.write(json.dumps({"update": _update, "organize": _organize}[trial](folder)))


def _survives(action: Callable[[], object], number: int) -> bool:
    """Whether a child process gets through ``action`` although it is to be killed at that call."""
    child = os.fork()
    if child == 0:
        with killed(number):
            action()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def _points(action: Callable[[], object], check: Callable[[], list[str]]) -> dict[str, object]:
    problems: list[str] = []
    points = 0
    while not _survives(action, points + 1):
        points += 1
        problems += [f"call {points}: {problem}" for problem in check()]
    return {"points": points, "problems": problems}


def _update(folder: Path) -> dict[str, object]:
    info = folder / f"{folder.name}.INFO"
    info.write_text(FOREIGN)
    acknowledged = safe_update(info, {"acknowledged": 1, "bpm": 0}, stage=STAGE)
    runs = 0

    def update() -> None:
        safe_update(info, {"acknowledged": 1, "bpm": runs}, stage=STAGE)

    def check() -> list[str]:
        nonlocal acknowledged, runs
        found, text = read_info(info), info.read_text()
        problems = [] if {**found, "bpm": 0} == {**acknowledged, "bpm": 0} else [f"lost: {found}"]
        problems += [] if text.startswith(FOREIGN[:-3]) else ["what others wrote was changed"]
        runs += 1
        acknowledged = safe_update(info, {"acknowledged": 1, "bpm": runs}, stage=STAGE)
        runs += 1
        return problems + [f"left: {path.name}" for path in temporaries(folder)]

    return _points(update, check)


def _organize(folder: Path) -> dict[str, object]:
    source, base = folder / "source", folder
    original = tree(source)
    library = base / "library-0"
    made = 0

    def run() -> None:
        for incoming in assign(find_audio(source), library):
            organize(incoming)

    def check() -> list[str]:
        nonlocal library, made
        problems = [] if tree(source) == original else ["an original was changed"]
        for track in list_tracks(library) if library.exists() else []:
            mix = track.mix
            if mix is None or mix.read_bytes() not in original.values():
                problems.append(f"half a track: {track.folder}")
        run()
        mixes = [track.mix for track in list_tracks(library)]
        if sorted(mix.read_bytes() for mix in mixes if mix) != sorted(original.values()):
            problems.append(f"after another run: {sorted(tree(library))}")
        if any("source" not in read_info(track.info)["_sda"] for track in list_tracks(library)):
            problems.append("a track does not know its source")
        problems += [f"left: {path}" for path in temporaries(library)]
        made += 1
        library = base / f"library-{made}"
        return problems

    return _points(run, check)


if __name__ == "__main__":
    main()
