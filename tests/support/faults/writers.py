"""Processes that write to one track at once and are killed at any moment: `python -m support.faults.writers PROCESSES ROUNDS`.

Each process counts upwards in a value of its own and says what was acknowledged. All but one are killed; the one that is left
must not have to wait for the dead. Prints, as JSON, how many were killed and what was wrong.
"""

import contextlib
import json
import os
import random
import signal
import struct
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from small_dataset_audio.dataset.info import StageRecord, read_info, safe_update
from small_dataset_audio.dataset.times import read_times, write_times
from support.dataset_library import temporaries
from support.faults.trial import FOREIGN

_SEED: Final = 8
_LONGEST: Final = 0.06
"""Seconds until a process is killed."""
_PATIENCE: Final = 20.0
"""Seconds that the one that is left may take for one more value, however busy the machine is."""
_ACKNOWLEDGED: Final = struct.Struct("<II")


def main() -> None:
    """Carry out the rounds."""
    processes, rounds = int(sys.argv[1]), int(sys.argv[2])
    chance = random.Random(_SEED)
    killed, problems = 0, []
    with tempfile.TemporaryDirectory() as folder:
        info = Path(folder) / "Song" / "Song.INFO"
        info.parent.mkdir()
        info.write_text(f"{FOREIGN}\n}}\n", encoding="utf-8")
        known = [0] * processes
        for number in range(rounds):
            killed += processes - 1
            problems += [f"round {number}: {one}" for one in _round(info, known, chance)]
    sys.stdout.write(json.dumps({"killed": killed, "problems": problems}))


def _round(info: Path, known: list[int], chance: random.Random) -> list[str]:
    """Return what was wrong after all but one of some writers were killed; ``known`` is what was acknowledged."""
    reading, writing = os.pipe()
    children = [_writer(number, info, known[number], writing) for number in range(len(known))]
    os.close(writing)
    survivor = chance.randrange(len(children))
    for number in chance.sample(range(len(children)), len(children)):
        time.sleep(chance.uniform(0, _LONGEST) / len(children))
        if number != survivor:
            os.kill(children[number], signal.SIGKILL)
            os.waitpid(children[number], 0)
    mark, problems = _value(info, survivor), []
    give_up = time.monotonic() + _PATIENCE
    while _value(info, survivor) == mark:
        time.sleep(0.001)
        if time.monotonic() > give_up:
            problems.append("the lock of a dead process is still held")
            break
    os.kill(children[survivor], signal.SIGKILL)
    os.waitpid(children[survivor], 0)
    with os.fdopen(reading, "rb") as told:
        for number, count in _ACKNOWLEDGED.iter_unpack(told.read()):
            known[number] = max(known[number], count)
    return problems + _check(info, known)


def _writer(number: int, info: Path, last: int, writing: int) -> int:
    child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            while True:
                last += 1
                safe_update(info, {f"value_{number}": last}, stage=StageRecord(f"stage_{number}", 1, "x", "y", 1.0))
                os.write(writing, _ACKNOWLEDGED.pack(number, last))
                write_times(info.with_name("Song.ONSETS"), range(last))
        os._exit(1)
    return child


def _value(info: Path, number: int) -> int:
    return int(read_info(info).get(f"value_{number}", 0))


def _check(info: Path, known: list[int]) -> list[str]:
    problems = []
    for number, acknowledged in enumerate(known):
        found = _value(info, number)
        if not acknowledged <= found <= acknowledged + 1:
            problems.append(f"process {number} was told {acknowledged}, and there is {found}")
        known[number] = found
    if not info.read_text(encoding="utf-8").startswith(FOREIGN):
        problems.append("what others wrote was changed")
    if info.with_name("Song.ONSETS").exists():
        read_times(info.with_name("Song.ONSETS"))
    safe_update(info, {})
    return problems + [f"left behind: {path.name}" for path in temporaries(info.parent)]


if __name__ == "__main__":
    main()
