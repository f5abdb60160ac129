"""Run as `python -m support.faults [--most N] [--part 1/5] [--json]`: strike every piece of work with every fault at every point.

Prints a table of faults, points and survivals; ends with status 1 if a point was not survived.
"""

import argparse
import itertools
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: a forked child has no other threads

from small_dataset_audio import locks
from support.faults.hand_on_trials import HAND_ON_TRIALS
from support.faults.injections import FAULTS, Fault
from support.faults.kept_trials import KEPT_TRIALS, close_site
from support.faults.run_trials import RUN_TRIALS
from support.faults.store_trials import STORE_TRIALS
from support.faults.tracing import why_not
from support.faults.trial import Bench, Trial

_MEMORY = Path("/dev/shm")
TRIALS = (*STORE_TRIALS, *RUN_TRIALS, *HAND_ON_TRIALS, *KEPT_TRIALS)


@dataclass
class Report:
    """What came of it.

    Attributes:
        points: fault -> how many points were struck.
        survived: fault -> how many of them did no harm.
        by_trial: trial -> how many points were struck.
        problems: what was wrong.
    """

    points: Counter[str] = field(default_factory=Counter)
    survived: Counter[str] = field(default_factory=Counter)
    by_trial: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, object]:
        """Return it as JSON."""
        return {
            "points": dict(self.points),
            "survived": dict(self.survived),
            "by_trial": dict(self.by_trial),
            "total": self.points.total(),
            "problems": self.problems,
        }

    def table(self) -> str:
        """Return it as text."""
        rows = [("fault", "points", "survived")]
        rows += [(name, f"{count:,}", f"{self.survived[name]:,}") for name, count in self.points.items()]
        rows.append(("all", f"{self.points.total():,}", f"{self.survived.total():,}"))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join(f"{row[0]:<{widths[0]}}  {row[1]:>{widths[1]}}  {row[2]:>{widths[2]}}" for row in rows)


def main() -> int:
    """Return the exit status."""
    asked = _arguments()
    if (reason := why_not()) is not None:
        sys.stdout.write(json.dumps({"skipped": reason}) if asked.json else f"Nothing was done: {reason}.\n")
        return 0
    report = Report()
    began = time.monotonic()
    number = itertools.count()
    for lock_file in (False, True) if asked.lock_files else (False,):
        for trial in chosen(asked.trial):
            with tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as folder, ExitStack() as stack:
                if lock_file:  # as on network file systems, where folders cannot be locked
                    stack.enter_context(patch.object(locks, "_needs_lock_file", lambda _folder: True))
                _carry_out(Bench(trial, Path(folder) / "bench"), report, asked, number)
            if not asked.json:
                sys.stderr.write(
                    f"{trial.name}: {report.by_trial[trial.name]} points, {time.monotonic() - began:.0f} s\n"
                )
    close_site()
    if asked.trial is None and asked.fault is None and asked.part[0] == 1:
        _crowd(report, asked.rounds)
    sys.stdout.write(json.dumps(report.as_dict()) if asked.json else f"{report.table()}\n")
    if not asked.json:
        sys.stdout.write(f"{len(report.problems)} problems\n" if report.problems else "")
    return 1 if report.problems else 0


def chosen(names: list[str] | None) -> Iterable[Trial]:
    """Return the trials whose name begins so; all where none is named."""
    return [trial for trial in TRIALS if names is None or trial.name.startswith(tuple(names))]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m support.faults")
    parser.add_argument("--most", type=int, default=10**9, help="points of one fault in one trial")
    parser.add_argument("--most-costly", type=int, default=10**9, help="the same, in trials that take long")
    parser.add_argument("--lock-files", action="store_true", help="do it all again with lock files")
    parser.add_argument("--trial", action="append", help="only those whose name begins so")
    parser.add_argument("--fault", help="only those whose name begins so")
    parser.add_argument("--part", type=_part, default=(1, 1), help="such as 2/5: the second fifth of all points")
    parser.add_argument("--seed", default="", help="another one takes other points, where not all are tried")
    parser.add_argument("--rounds", type=int, default=10, help="how often several processes write to one track")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _part(text: str) -> tuple[int, int]:
    which, _, of = text.partition("/")
    return int(which), int(of)


def _carry_out(bench: Bench, report: Report, asked: argparse.Namespace, number: "itertools.count[int]") -> None:
    bench.set_up()
    most = asked.most_costly if bench.trial.costly else asked.most
    counts = bench.points(FAULTS)
    for fault in FAULTS:
        if asked.fault is None or fault.name.startswith(asked.fault):
            for point in _some(counts[fault.name], most, f"{bench.trial.name}, {fault.name}{asked.seed}"):
                if next(number) % asked.part[1] == asked.part[0] - 1:
                    _strike(bench, fault, point, report)


def _strike(bench: Bench, fault: Fault, point: int, report: Report) -> None:
    problems = bench.strike(fault, point)
    report.points[fault.name] += 1
    report.by_trial[bench.trial.name] += 1
    report.survived[fault.name] += not problems
    report.problems += problems
    sys.stderr.write("".join(f"{problem}\n" for problem in problems))


def _crowd(report: Report, rounds: int) -> None:
    """Let two and eight processes write to one track while all but one of them are killed."""
    for processes in (2, 8):
        name = f"{processes} processes on one track, killed"
        made = subprocess.run(
            [sys.executable, "-m", "support.faults.writers", str(processes), str(rounds)],
            check=True,
            stdout=subprocess.PIPE,
        )
        found = json.loads(made.stdout)
        report.points[name] += found["killed"]
        report.survived[name] += max(0, found["killed"] - len(found["problems"]))
        report.problems += [f"{name}: {problem}" for problem in found["problems"]]


def _some(count: int, most: int, seed: str) -> list[int]:
    """Return the points from 1 to ``count``, or ``most`` of them: any, but the same ones each time."""
    points = range(1, count + 1)
    return list(points) if count <= most else sorted(random.Random(seed).sample(points, most))


if __name__ == "__main__":
    sys.exit(main())
