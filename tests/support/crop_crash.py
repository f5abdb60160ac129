"""Crops that are cut while the process dies: run as `python -m support.crop_crash FOLDER`, prints what it found as JSON.

For every call to the operating system of one cut, a child process is killed right before that call. After each death every
crop must be whole or not there, and the next run must complete the work.
"""

import json
import os
import sys
from pathlib import Path

from small_dataset_audio.audio.decode import decode
from small_dataset_audio.dataset.crops.places import crop_folders, crops_folder
from small_dataset_audio.dataset.info import read_info
from support.crop_tracks import BAR, carried_out, crop_settings, cuttable
from support.dataset_faults import killed
from support.signals import noise

STEP = 67
"""Every so many calls are tried: they are hundreds."""


def main() -> None:
    """Run the trial: first cuts, then forced ones in the place of others."""
    folder = Path(sys.argv[1])
    sys.stdout.write(
        json.dumps({"first": _trial(folder / "first", force=False), "again": _trial(folder / "again", force=True)})
    )


def _survives(work: object, number: int) -> bool:
    child = os.fork()
    if child == 0:
        with killed(number):
            work()  # type: ignore[operator]
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def _trial(folder: Path, *, force: bool) -> dict[str, object]:
    track = cuttable(folder / "library", noise(2.0, 8000), bars=4, stems=("bass",))
    before = crop_settings(folder, seconds=1.3)
    settings = crop_settings(folder, seconds=2 * BAR)
    problems: list[str] = []
    number = 1
    while True:
        if force:
            carried_out(track, before, force=True)
        else:
            _remove(crops_folder(track))
        if _survives(lambda: carried_out(track, settings, force=force), number):
            return {"points": number, "problems": problems}
        for crop in crop_folders(track):
            part = read_info(crop.info)["_sda"]["crop"]
            if decode(crop.folder / "bass.flac").samples.shape[1] != part["stop"] - part["start"] or crop.mix is None:
                problems.append(f"call {number}: half a crop: {crop.name}")
        carried_out(track, settings, force=force)
        if [crop.name for crop in crop_folders(track)] != ["tape_1", "tape_2"]:
            problems.append(f"call {number}: {crop_folders(track)}")
        if hidden := list(crops_folder(track).glob(".*")):
            problems.append(f"call {number}: left {hidden}")
        number += STEP


def _remove(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir():
            path.rmdir()
        else:
            path.unlink()


if __name__ == "__main__":
    main()
