"""What planning, resuming and listing a large library cost: seconds, processor seconds and memory, each in a process of its own.

    python benchmarks/scale.py [--tracks 5000,20000,100000] [--folder DIR] [--no-stems]

A library is generated for each number of tracks: folders with the .INFO that all stages leave, times, stems, and recordings
that are not there in full (a size and a change time are all that planning looks at; the hash is noted in .INFO). Half of the
tracks lack their last stages. Nothing is decoded, and everything is removed at the end. 100 000 tracks take about 5 GB of
blocks and 900 000 names.
"""

import argparse
import json
import os
import resource
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

_SELF, _CHILDREN = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
MTIME_NS = 1_700_000_000_123_456_789
LINKS = 10_000
"""So many names for one file: file systems bound them (65 000 on ext4)."""
LEFT_OUT = ("crop",)
"""What every second track still lacks."""


class Library:
    """A generated library, and the folder of recordings that it came from."""

    def __init__(self, home: Path, *, stems: bool) -> None:
        self.library = home / "library"
        self.recordings = home / "recordings"
        self._stems = stems
        self._texts: tuple[str, str] = ("", "")

    def write(self, tracks: int) -> None:
        """Write ``tracks`` folders, as many recordings, and a run log."""
        _run_log(self.library.parent / "reports")
        self.library.mkdir()
        self.recordings.mkdir()
        self._texts = self._template(done=True), self._template(done=False)
        stems: list[Path] = []
        for number in range(tracks):
            if number % LINKS == 0:
                stems = self._originals(number)
            self._track(number, stems)
        shutil.rmtree(self.library.parent / "originals")

    def _originals(self, number: int) -> list[Path]:
        """Return files that the stems and times of the next tracks are links to."""
        folder = self.library.parent / "originals" / str(number)
        folder.mkdir(parents=True)
        names = [*(f"{name}.flac" for name in _STEMS if self._stems), *_TIMES]
        for name in names:
            _file(folder / name, _SIZES.get(name, len(name)), b"0.500000\n" if name in _TIMES else b"")
        return [folder / name for name in names]

    def _track(self, number: int, stems: Iterable[Path]) -> None:
        name = f"Track {number:07} of a band"
        folder = self.library / name
        folder.mkdir()
        size = _size(number)
        _file(folder / "full_mix.wav", size, _wav_header(size))
        _file(self.recordings / f"{name}.wav", size)
        for stem in stems:
            os.link(stem, folder / (f"{name}.{stem.name}" if stem.name in _TIMES else stem.name))
        text = self._texts[number % 2].replace(_NAME, name).replace(str(_SIZE), str(size))
        (folder / f"{name}.INFO").write_text(text)

    def _template(self, *, done: bool) -> str:
        """Return the ``.INFO`` of a track as the stages leave it, with a placeholder for its name."""
        from small_dataset_audio.config.model import Settings
        from small_dataset_audio.dataset.identity import stem_identities
        from small_dataset_audio.dataset.info import StageRecord, safe_update
        from small_dataset_audio.dataset.layout import Track
        from small_dataset_audio.features.catalog import declared
        from small_dataset_audio.pipeline.stages import STAGES

        folder = self.library.parent / "template" / _NAME
        folder.mkdir(parents=True)
        track, settings, digest = Track(folder), Settings(), "0" * 64
        _file(folder / "full_mix.wav", _SIZE)
        for made in self._originals(-1):
            made.rename(folder / (f"{_NAME}.{made.name}" if made.name in _TIMES else made.name))
        source: dict[str, object] = {
            "path": str(self.recordings / f"{_NAME}.wav"),
            "name": f"{_NAME}.wav",
            "size": _SIZE,
        }
        audio = {"sha256": digest, "size": _SIZE, "mtime_ns": MTIME_NS, "seconds": 180.0, "rate": 44100, "channels": 2}
        noted: dict[str, object] = {"source": {**source, "mtime_ns": MTIME_NS, "sha256": digest}, "audio": audio}
        safe_update(track.info, {}, reserved={**noted, "stems": stem_identities(track, remember=False)})
        for stage in STAGES:
            if not stage.records or (stage.name in LEFT_OUT and not done):
                continue
            made_by = {name: 0.123456789 for name, one in declared().items() if one.stage == stage.name}
            record = StageRecord(
                stage.name,
                stage.version,
                stage.settings_hash(settings),
                digest,
                1.234,
                inputs=stage.inputs(track, False),
                absent={"lufs_choir": "there is no such stem"},
            )
            safe_update(track.info, made_by, stage=record)
        text = track.info.read_text()
        shutil.rmtree(self.library.parent / "template")
        shutil.rmtree(self.library.parent / "originals")
        return text


_NAME = "@name@"
_SIZE = 1_234_567_891
_STEMS = ("bass", "drums", "other", "vocals")
_TIMES = ("BEATS_GRID", "DOWNBEATS", "ONSETS")
_SIZES = {f"{name}.flac": 2000 + place for place, name in enumerate(_STEMS)}


def _size(number: int) -> int:
    """Return the size of a recording: every one has its own, as in life."""
    return 10_000 + 2 * number


def _wav_header(size: int) -> bytes:
    """Return how a mono WAV file of that size begins."""
    data = size - 44
    riff = struct.pack("<4sI4s4sIHHIIHH", b"RIFF", size - 8, b"WAVE", b"fmt ", 16, 1, 1, 44100, 88200, 2, 16)
    return riff + struct.pack("<4sI", b"data", data)


def _run_log(reports: Path) -> None:
    """Write the log of a run that knows how long every stage takes here."""
    from small_dataset_audio.config.model import Settings
    from small_dataset_audio.pipeline.forecast.machine import likenesses
    from small_dataset_audio.pipeline.stages import STAGES

    reports.mkdir()
    step: dict[str, object] = {
        "event": "step",
        "ok": True,
        "seconds": 1.0,
        "audio_seconds": 60.0,
        "opening": 0.1,
        "peak_bytes": 10**8,
    }
    events: list[dict[str, object]] = [{"event": "start", "likeness": likenesses(STAGES, Settings(), None)}]
    events += [{**step, "stage": stage.name} for stage in STAGES for _ in range(200)]
    (reports / "run-20200101-000000-0000.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in events))


def _file(path: Path, size: int, content: bytes = b"") -> None:
    """Write a file that begins with ``content`` and is so large, always with the same change time."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    os.write(descriptor, content)
    if size > len(content):
        os.truncate(descriptor, size)
    os.utime(descriptor, ns=(MTIME_NS, MTIME_NS))
    os.close(descriptor)


def _listing(home: Path) -> str:
    from small_dataset_audio.dataset.layout import list_tracks

    return f"{len(list_tracks(home / 'library'))} tracks"


def _entries(home: Path) -> str:
    from small_dataset_audio.dataset.entries import entries

    return f"{sum(len(entry.values) for entry in entries(home / 'library'))} values"


def _planning(home: Path, *, source: bool, force: bool, new: bool = False, foresee: bool = False) -> str:
    from small_dataset_audio.config.model import Settings
    from small_dataset_audio.pipeline.forecast.estimate import estimate
    from small_dataset_audio.pipeline.forecast.machine import look_around
    from small_dataset_audio.pipeline.plan import make_plan
    from small_dataset_audio.pipeline.stages import STAGES, request_for

    settings = Settings.model_validate({"paths": {"reports": str(home / "reports")}})
    forced = frozenset(stage.name for stage in STAGES) if force else frozenset()
    request = request_for(home / "recordings" if source else None, STAGES, forced, settings)
    plan = make_plan(request, home / ("new" if new else "library"), settings)
    if foresee:
        estimate(plan, request.every_stage, settings, look_around(settings, request.every_stage))
    return f"{len(plan.jobs)} to do, {len(plan.done)} done, {len(plan.failures)} failed"


MEASURES: dict[str, Callable[[Path], str]] = {
    "nothing": lambda _home: "imports alone",
    "list": _listing,
    "read every .INFO": _entries,
    "plan, all to do": lambda home: _planning(home, source=False, force=True),
    "resume, half to do": lambda home: _planning(home, source=False, force=False),
    "resume, by recordings": lambda home: _planning(home, source=True, force=False),
    "plan, new recordings": lambda home: _planning(home, source=True, force=False, new=True),
    "plan and estimate": lambda home: _planning(home, source=False, force=True, foresee=True),
}


def measure(what: str, home: Path) -> dict[str, object]:
    """Return what one measure took in this process."""
    import small_dataset_audio.pipeline.forecast.estimate
    import small_dataset_audio.pipeline.stages  # noqa: F401 - imports are not what is measured
    from small_dataset_audio.hardware.processor import usable_cores

    before, began = _processor_seconds(), time.perf_counter()
    found = MEASURES[what](home)
    wall, processor = time.perf_counter() - began, _processor_seconds() - before
    kilobytes = 1 if sys.platform == "darwin" else 1024
    own, others = (resource.getrusage(who).ru_maxrss * kilobytes for who in (_SELF, _CHILDREN))
    # The largest of the processes that helped stands for each of them.
    return {"wall": wall, "processor": processor, "peak": own + usable_cores() * others, "found": found}


def _processor_seconds() -> float:
    """Return what this process and those that helped it have used."""
    used = [resource.getrusage(who) for who in (_SELF, _CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def main() -> int:
    """Print a row per measure and number of tracks, and return 0."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tracks", default="5000,20000,100000")
    parser.add_argument(
        "--folder", type=Path, help="where to write the libraries; default: the folder for temporary files"
    )
    parser.add_argument("--no-stems", action="store_true")
    parser.add_argument("--only", help="only the measures with these words in their name")
    parser.add_argument("--measure", nargs=2, metavar=("WHAT", "HOME"), help="one measure in this process, as JSON")
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options.measure[0], Path(options.measure[1]))))
        return 0
    print(f"{'tracks':>8}  {'measure':22} {'wall s':>8} {'proc. s':>8} {'us/track':>9} {'peak MB':>8}")
    for tracks in (int(word) for word in options.tracks.split(",")):
        with tempfile.TemporaryDirectory(dir=options.folder, prefix="sda-scale-") as folder:
            home = Path(folder)
            began = time.perf_counter()
            Library(home, stems=not options.no_stems).write(tracks)
            print(f"{tracks:8}  generated in {time.perf_counter() - began:.0f} s", flush=True)
            for what in (name for name in MEASURES if options.only is None or options.only in name):
                words = [sys.executable, __file__, "--measure", what, str(home)]
                told = json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)
                each = 1e6 * told["wall"] / tracks
                print(
                    f"{tracks:8}  {what:22} {told['wall']:8.2f} {told['processor']:8.2f} {each:9.0f} "
                    f"{told['peak'] / 1e6:8.0f}  {told['found']}",
                    flush=True,
                )
    return 0


if __name__ == "__main__":
    sys.exit(main())
