"""How fast a report is made, how large it is, and how fast its pages open.

    python benchmarks/report.py [--tracks 500] [--seconds 180] [--workers 2] [--long] [--browser]

The tracks are different noises with a pulse, stereo at 44.1 kHz with 16 bits, each with beats, onsets, every number and ten labels,
made from ten recordings. Told are the seconds and the processor time, workers included, of the first report, of a second one in
which nothing has changed, and of one in which one track has; and the size of the folder by kind of file, beside that of the
library. With ``--long`` one recording of three hours is drawn by itself in this process, and the highest resident memory is told.
With ``--browser`` the pages are opened in Chromium, the table is searched and sorted and the map redrawn, and the processor time of
each is told.
"""

import argparse
import os
import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import numpy as np
import soundfile

from small_dataset_audio.audio.spool import Scratch
from small_dataset_audio.dataset.info import StageRecord, safe_update
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.dataset.report.drawing.draw import Sheet, draw
from small_dataset_audio.dataset.report.write import write_report
from small_dataset_audio.dataset.times import write_times
from small_dataset_audio.features.catalog import FEATURES, declared

if TYPE_CHECKING:
    from support.browser import Browser

RATE = 44100
MASTERS = 10
LABELS = 60
LONG_HOURS = 3


def write_sound(path: Path, seconds: float, seed: int) -> None:
    """Write noise with a pulse, in pieces of ten seconds."""
    generator = np.random.default_rng(seed)
    with soundfile.SoundFile(path, "w", RATE, 2, "PCM_16") as file:
        for start in np.arange(0, seconds, 10.0):
            length = round(min(10.0, seconds - start) * RATE)
            pulse = np.exp(-8 * (np.arange(length) / RATE % 0.5))[:, None]
            file.write(0.2 * pulse * generator.standard_normal((length, 2)))


def make_library(library: Path, tracks: int, seconds: float) -> None:
    """Make the tracks; the recordings of all but the first ten are links to theirs."""
    masters = [library.parent / f"master{number}.flac" for number in range(MASTERS)]
    for number, master in enumerate(masters[:tracks]):
        write_sound(master, seconds, number)
    generator = np.random.default_rng(1)
    numbers = [feature for feature in FEATURES if feature.kind == "float"]
    for index in range(tracks):
        track = Track(library / f"Piece {index:04}")
        track.folder.mkdir(parents=True)
        os.link(masters[index % MASTERS], track.folder / "full_mix.flac")
        beats = np.arange(0, seconds, 0.5)
        for ending, times in (
            ("BEATS_GRID", beats),
            ("DOWNBEATS", beats[::4]),
            ("ONSETS", np.arange(0, seconds, 0.25)),
        ):
            write_times(track.sidecar(ending), times)
        values: dict[str, object] = {
            feature.name: float(generator.uniform(feature.low, feature.high)) for feature in numbers
        }
        chosen = generator.choice(LABELS, 10, replace=False)
        values["essentia_genre"] = {f"Genre---Label {label}": float(generator.random()) for label in chosen}
        values |= {"bpm_is_defined": 1, "tonic": index % 12, "tonic_scale": "minor" if index % 2 else "major"}
        safe_update(track.info, values, stage=StageRecord("analyze", 2, "a", "b", 1.0))


def size(folder: Path, pattern: str = "*") -> float:
    """Return the size of the files of a folder in MB."""
    return sum(path.stat().st_size for path in folder.rglob(pattern) if path.is_file()) / 1e6


def time_reports(library: Path, folder: Path, workers: int) -> None:
    """Print how long reports take."""
    for what in ("first", "nothing new", "one track new"):
        if what == "one track new":
            safe_update(next(Track(path).info for path in sorted(library.iterdir())), {"lufs": -9.0})
        before = _spent()
        made = write_report(library, folder, declared(), workers=workers, scratch=Scratch(folder.parent))
        print(
            f"{what}: {made.seconds:.1f} s, {_spent() - before:.1f} s of processor time, {made.drawn} drawn, "
            f"{made.changed} files changed",
            flush=True,
        )
    kinds = ", ".join(f"{kind} {size(folder, f'*.{kind}'):.1f}" for kind in ("html", "js", "png"))
    print(f"report {size(folder):.1f} MB ({kinds}), library {size(library):.1f} MB")


def _spent() -> float:
    """Return the processor time of this process and of its children that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def open_pages(folder: Path) -> None:
    """Print what pages cost to open, and what the table and the map cost to use; processor time of the page's main thread."""
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
    from support.browser import browser

    with tempfile.TemporaryDirectory() as profile, browser(Path(profile)) as page:
        page.do("Performance.enable", timeDomain="threadTicks")
        for file in (folder / "findings.html", *_pages(folder)):
            page.open(file)
            page.run(_TWO_FRAMES)
            cost = _metrics(page)
            asked = sum(size_of(address) for address in page.requests)
            print(
                f"{file.name}: {len(page.requests)} files, {asked / 1e6:.2f} MB; scripts {1000 * cost['ScriptDuration']:.0f} ms, "
                f"all {1000 * cost['TaskDuration']:.0f} ms; {cost['JSHeapUsedSize'] / 1e6:.1f} MB of heap, {cost['Nodes']:.0f} nodes"
            )
            for what, action in _ACTIONS.get(file.name, {}).items():
                before = _metrics(page)
                page.run(action)
                page.run(_TWO_FRAMES)
                after = _metrics(page)
                script, task = (1000 * (after[name] - before[name]) for name in ("ScriptDuration", "TaskDuration"))
                print(f"  {what}: scripts {script:.1f} ms, all {task:.1f} ms")


_TWO_FRAMES = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
_TYPE = "(() => {{ const i = document.querySelector('#finder input'); i.value = '{}'; i.dispatchEvent(new Event('input')); }})()"
_SORT = "[...document.querySelectorAll('#tracks thead button')].find(b => b.textContent === '{}').click()"
_CHOOSE = (
    "(() => {{ const s = document.querySelectorAll('#map select')[{}]; s.selectedIndex = {}; "
    "s.dispatchEvent(new Event('change')); }})()"
)
_ACTIONS = {
    "tracks.html": {
        "a letter typed": _TYPE.format("p"),
        "a word typed": _TYPE.format("piece 01"),
        "the word taken away": _TYPE.format(""),
        "sorted by tempo": _SORT.format("BPM"),
        "sorted by name": _SORT.format("track"),
        "turned over": "[...document.querySelectorAll('#pager button')].at(-1)?.click()",
    },
    "index.html": {
        "another number across": _CHOOSE.format(0, 5),
        "by size, too": _CHOOSE.format(3, 4),
        "a track marked": (
            "document.querySelector('#map .plot').dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowRight'}))"
        ),
    },
}


def _pages(folder: Path) -> list[Path]:
    return [
        folder / "index.html",
        folder / "tracks.html",
        folder / "numbers.html",
        next((folder / "tracks").glob("*.html")),
    ]


def _metrics(page: "Browser") -> dict[str, float]:
    """Return what the page has cost since it was opened."""
    return {one["name"]: one["value"] for one in page.do("Performance.getMetrics")["metrics"]}


def size_of(address: str) -> int:
    """Return the bytes of the file that an address leads to."""
    path = Path(unquote(urlsplit(address).path))
    return path.stat().st_size if path.is_file() else 0


def draw_long(folder: Path) -> None:
    """Print what drawing a recording of three hours takes."""
    path = folder / "long.flac"
    write_sound(path, LONG_HOURS * 3600, 0)
    (folder / "out").mkdir()
    sheet = Sheet("long", folder / "out", {"full_mix": path})
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    draw(sheet, sheet.key(), Scratch(folder))
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        f"three hours: {time.process_time() - began:.0f} s, {after / 1024:.0f} MiB resident at most ({before / 1024:.0f} before)"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--tracks", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=180)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--browser", action="store_true")
    asked = parser.parse_args()
    home = Path(tempfile.mkdtemp())
    try:
        if asked.long:
            draw_long(home)
            return
        make_library(home / "library", asked.tracks, asked.seconds)
        time_reports(home / "library", home / "report", asked.workers)
        if asked.browser:
            open_pages(home / "report")
    finally:
        shutil.rmtree(home)


if __name__ == "__main__":
    main()
