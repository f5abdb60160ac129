"""Whole runs that are ended at any moment, run as `python -m support.faults.resume [--ends N] [--json]`.

A real `sda run`, with its workers, is ended: killed outright, by one Ctrl-C, by two, or asked to end by SIGTERM. Then the same
command runs again. In the end the library must be that of a run that nobody disturbed, file by file, but for times.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from small_dataset_audio.errors import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_OK, SdaError
from small_dataset_audio.pipeline.runlog import read_events
from support.faults.states import contents, differences, stamps
from support.processes import command, environment
from support.signals import clicks, noise, write_audio

_RATE: Final = 8000
_SECONDS: Final = 4.0
_SETTINGS: Final = """\
[pipeline]
stages = ["organize", "analyze", "crop"]
workers = 2
[features]
timeseries = true
[crops]
seconds = 1.0
"""
_WAYS: Final = ("killed outright", "Ctrl-C", "killed outright", "two Ctrl-Cs", "killed outright", "SIGTERM")
_SEED: Final = 20240
_POLL: Final = 0.005


@dataclass
class Report:
    """What came of it: way -> how often runs were ended so, and survived it."""

    ended: Counter[str] = field(default_factory=Counter)
    survived: Counter[str] = field(default_factory=Counter)
    unfinished: int = 0
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Home:
    """A folder with recordings and settings, and the library that a run makes of them."""

    folder: Path

    def make(self, recordings: int) -> None:
        (self.folder / "source").mkdir(parents=True)
        for number in range(recordings):
            beats = clicks(np.arange(0.1, _SECONDS, 0.5), _SECONDS, _RATE, channels=2)
            sound = (beats + noise(_SECONDS, _RATE, rms=0.02, channels=2, seed=number)).astype(np.float32)
            write_audio(self.folder / "source" / f"Song {number}.wav", sound, _RATE)
        (self.folder / "config.toml").write_text(_SETTINGS, encoding="utf-8")

    @property
    def library(self) -> Path:
        return self.folder / "library"

    @property
    def logs(self) -> Path:
        return self.folder / "data" / "reports"

    def clear(self) -> None:
        for folder in (self.library, self.logs):
            shutil.rmtree(folder, ignore_errors=True)

    def begin(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            command("run", "source", "--library", "library"),
            cwd=self.folder,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def problems(self) -> list[str]:
        """Return what is wrong with the run logs: each must tell all it was told, but for a last line that was cut off."""
        found = []
        for log in self.logs.glob("*.jsonl"):
            try:
                list(read_events(log))
            except SdaError as error:
                found.append(f"{log.name}: {error}")
        return found


def main() -> int:
    """Return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m support.faults.resume")
    parser.add_argument("--ends", type=int, default=50, help="how many runs are ended")
    parser.add_argument("--recordings", type=int, default=4)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    report = Report()
    with tempfile.TemporaryDirectory() as folder:
        home = _Home(Path(folder) / "home")
        home.make(asked.recordings)
        _end_many(home, asked.ends, report)
    if asked.json:
        sys.stdout.write(json.dumps(report.__dict__))
        return 0
    for way, count in report.ended.items():
        sys.stdout.write(f"{way:<16} {count:>3} ended {report.survived[way]:>3} survived\n")
    sys.stdout.write(f"of these unfinished when they were run again: {report.unfinished}\n")
    sys.stdout.write("".join(f"{problem}\n" for problem in report.problems))
    return 1 if report.problems else 0


def _end_many(home: _Home, ends: int, report: Report) -> None:
    chance = random.Random(_SEED)
    began = time.monotonic()
    report.problems += _finish(home, (EXIT_OK,))
    whole = time.monotonic() - began
    wanted, originals = contents(home.library), stamps(home.folder / "source")
    for number in range(ends):
        home.clear()
        way = _WAYS[number % len(_WAYS)]
        problems = _end(home, way, chance.uniform(0, whole))
        if contents(home.library) != wanted:
            report.unfinished += 1
        problems += _finish(home, (EXIT_OK,)) + home.problems()
        problems += differences(wanted, contents(home.library))
        problems += [] if stamps(home.folder / "source") == originals else ["an original was changed"]
        report.ended[way] += 1
        report.survived[way] += not problems
        report.problems += [f"{number + 1}, {way}: {problem}" for problem in problems]


def _finish(home: _Home, statuses: Sequence[int]) -> list[str]:
    """Return what is wrong with how a run ended that nobody disturbed."""
    process = home.begin()
    told = process.communicate()[1].decode("utf-8", "replace")
    if process.returncode in statuses and "Traceback" not in told:
        return []
    return [f"ended with {process.returncode}: {told}"]


def _end(home: _Home, way: str, after: float) -> list[str]:
    """Return what is wrong with how a run ended that was ended ``after`` seconds, in one of the ways."""
    process = home.begin()
    moment = time.monotonic() + after
    # What a signal says is heard once the workers are there; before that there is nothing to be finished.
    begun = home.library / "Song 0" / "full_mix.wav"
    while process.poll() is None and (time.monotonic() < moment or not (way == "killed outright" or begun.exists())):
        time.sleep(_POLL)
    if way == "killed outright":
        _send(process, signal.SIGKILL)
        process.communicate()
        return []
    _send(process, signal.SIGTERM if way == "SIGTERM" else signal.SIGINT)
    if way == "two Ctrl-Cs":
        time.sleep(after / 10)
        _send(process, signal.SIGINT)
    told = process.communicate()[1].decode("utf-8", "replace")
    expected = {
        EXIT_OK,
        EXIT_FAILED,
        EXIT_INTERRUPTED,
        -signal.SIGINT,
        -signal.SIGTERM,
    }  # before Python has begun it dies
    return (
        [] if process.returncode in expected and not _is_noisy(told) else [f"ended with {process.returncode}: {told}"]
    )


def _is_noisy(told: str) -> bool:
    """Whether a traceback of sda is shown; before it has begun, Python shows one of its own."""
    return "Traceback" in told and "small_dataset_audio" in told


def _send(process: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    if process.poll() is None:
        os.killpg(process.pid, number)


if __name__ == "__main__":
    sys.exit(main())
