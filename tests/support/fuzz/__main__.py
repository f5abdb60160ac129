"""Run as `python -m support.fuzz [--files N] [--runs N] [NAME ...]`: every reader, in children that may not take much.

Each reader (every format of audio, and every kind of text) gets so many changed files in a child with bounded memory and time.
Where atheris is installed, libFuzzer then looks for inputs that reach new lines of the reader's code, for so many runs.
Prints a table; ends with status 1 if a reader did anything but answer or refuse.
"""

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from support.dataset_processes import start
from support.fuzz.bounded import ALL
from support.fuzz.targets import TARGETS

_MEGABYTE: Final = 1 << 20
_SECONDS: Final = 600.0


def main() -> int:
    """Return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m support.fuzz")
    parser.add_argument("names", nargs="*", help="readers; all where none is named")
    parser.add_argument("--files", type=int, default=2000, help="changed files for each reader")
    parser.add_argument("--runs", type=int, default=20_000, help="runs of libFuzzer for each reader")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    names = asked.names or list(ALL)
    problems = [problem for name in names for problem in _changed(name, asked.seed, asked.files)]
    guided = [one.name for one in TARGETS if not asked.names or one.name in asked.names]
    if importlib.util.find_spec("atheris") is None:
        sys.stdout.write("atheris is not installed: libFuzzer was left out\n")
    elif asked.runs:
        problems += [problem for name in guided for problem in _guided(name, asked.runs, asked.seed)]
    sys.stdout.write("".join(f"{problem}\n" for problem in problems) or "no reader did anything but answer or refuse\n")
    return 1 if problems else 0


def _changed(name: str, seed: int, files: int) -> list[str]:
    """Return what was wrong with a reader that was given changed files, after a line of the table."""
    with tempfile.TemporaryDirectory() as folder:
        progress = Path(folder) / "progress"
        child = start("fuzz.bounded", name, seed, files, progress)
        try:
            out, err = child.communicate(timeout=_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.communicate()
            return [f"{progress.read_text()}: did not end"]
        if child.returncode != 0:
            return [f"{progress.read_text()}: the process ended with {child.returncode}: {err[-500:]}"]
    found: dict[str, Any] = json.loads(out)[name]
    taken, seconds = found["most_memory"] / _MEGABYTE, found["most_seconds"]
    sys.stdout.write(f"{name:<24} {found['files']:>6} files {taken:>7.1f} MiB {seconds:>7.3f} s at most\n")
    sys.stdout.flush()
    problems: list[str] = found["problems"]
    return problems


def _guided(name: str, runs: int, seed: int) -> list[str]:
    """Return what libFuzzer found in a reader, after a line of the table."""
    child = start("fuzz.guided", name, runs, seed)
    out, err = child.communicate(timeout=_SECONDS * 3)
    if child.returncode == 0:
        done = next((line for line in reversed(err.splitlines()) if line.startswith("Done ")), "done")
        sys.stdout.write(f"{name:<24} libFuzzer: {done}\n")
        sys.stdout.flush()
        return []
    return [f"{name}, libFuzzer, seed {seed}: {out[-1500:]}{err[-3000:]}"]


if __name__ == "__main__":
    sys.exit(main())
