"""Many changed files in one child that may not take much: run as `python -m support.fuzz.bounded NAMES SEED COUNT PROGRESS`.

Prints, as JSON, the most memory and time that one file took, and what went wrong. The child has so much address space and no
more; a file that makes it die is the one whose number stands in the file PROGRESS then.
"""

import contextlib
import json
import os
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from support.audio_files import SUFFIXES, music, write
from support.fuzz.mutations import mutated
from support.fuzz.targets import TARGETS, Target, target

MOST_SPACE: Final = 1 << 30
"""Bytes of address space beyond what the child has when it begins."""
MOST_MEMORY: Final = 256 << 20
"""Bytes that one file of some kilobytes may take."""
MOST_SECONDS: Final = 10.0
"""Seconds of the processor that one file of some kilobytes may take."""
_RATES: Final = {".opus": 48000, ".weba": 48000}


@dataclass
class Outcome:
    """What came of the files of one target.

    Attributes:
        files: how many were read.
        understood: how many of them were understood.
        most_memory: bytes of memory beyond those at the beginning, at most.
        most_seconds: of the processor, for one file, at most.
        problems: what went wrong, with the seed.
    """

    files: int = 0
    understood: int = 0
    most_memory: int = 0
    most_seconds: float = 0.0
    problems: list[str] = field(default_factory=list)


class TookTooLong(BaseException):
    """A file took more than its seconds; no reader may catch this."""


def main() -> None:
    """Feed the target."""
    names, seed, count, progress = sys.argv[1].split(","), int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])
    outcomes: dict[str, Outcome] = {}
    with tempfile.TemporaryDirectory() as folder:
        seeds = {name: _seeds(Path(folder), name) for name in names}
        for name in names:  # unchanged: everything is imported then
            outcomes[name] = Outcome()
            for data in seeds[name]:
                _feed(_target(name), Path(folder) / "first", data, outcomes[name], f"{name}, unchanged")
        _limit()
        for name in names:
            chance = random.Random(seed)
            for number in range(count):
                data = mutated(chance.choice(seeds[name]), chance, text=name in _WRITTEN)
                progress.write_text(f"{name}, seed {seed}, number {number}")
                _feed(_target(name), Path(folder) / name / str(number % 8), data, outcomes[name], progress.read_text())
    sys.stdout.write(json.dumps({name: asdict(outcome) for name, outcome in outcomes.items()}))


def _target(name: str) -> Target:
    return target("recording" if name.startswith(".") else name)


def _seeds(folder: Path, name: str) -> list[bytes]:
    return [_written(folder, name)] if name.startswith(".") else _target(name).seeds(folder)


def _written(folder: Path, suffix: str) -> bytes:
    rate = _RATES.get(suffix, 44100)
    return write(folder / f"a{suffix}", music(0.1, rate), rate).read_bytes()


def _feed(chosen: Target, folder: Path, data: bytes, outcome: Outcome, what: str) -> None:
    _forget_peak()
    before, began = _memory("VmRSS"), time.process_time()
    try:
        with _time_limit():
            outcome.understood += chosen.feed(folder, data)
    except (Exception, TookTooLong):  # noqa: BLE001 - whatever it is, it is what was looked for
        outcome.problems.append(f"{what}: {traceback.format_exc()[-1500:]}")
    taken, seconds = _memory("VmHWM") - before, time.process_time() - began
    if taken > MOST_MEMORY:
        outcome.problems.append(f"{what}: took {taken >> 20} MiB")
    outcome.files += 1
    outcome.most_memory = max(outcome.most_memory, taken)
    outcome.most_seconds = max(outcome.most_seconds, round(seconds, 3))


def _limit() -> None:
    """Let this process have little more address space than it has, and leave no core behind."""
    limit = _memory("VmSize") + MOST_SPACE
    if limit > MOST_SPACE:
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


@contextlib.contextmanager
def _time_limit() -> Iterator[None]:
    def stop(_number: int, _frame: object) -> None:
        raise TookTooLong

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, MOST_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _forget_peak() -> None:
    """Let the highest memory be measured from now on (Linux, proc(5): clear_refs)."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _memory(name: str) -> int:
    """Return bytes of memory as Linux tells them; 0 elsewhere."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
    return 0


_WRITTEN: Final = frozenset({one.name for one in TARGETS} - {"recording", "series", "tags"})
"""Readers of text."""
ALL: Final = (*SUFFIXES, *(one.name for one in TARGETS if one.name != "recording"))
"""What can be named: every format of audio, and every other reader."""

if __name__ == "__main__":
    main()
