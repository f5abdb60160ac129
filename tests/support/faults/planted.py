"""Writers with a mistake each, run as `python -m support.faults.planted`: which of them the harness finds out, as JSON."""

import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from small_dataset_audio.atomic import write_text
from support.faults.injections import FAULTS
from support.faults.trial import SOURCE, Bench, Trial, Witness

_BEFORE: Final = '{\n  "kept": 1\n}\n'
_AFTER: Final = '{\n  "kept": 1,\n  "made": 2\n}\n'


def _prepare(root: Path) -> None:
    for folder in ("Song", SOURCE):
        (root / folder).mkdir()
    (root / "Song" / "Song.INFO").write_text(_BEFORE, encoding="utf-8")
    (root / SOURCE / "one.wav").write_bytes(b"a recording" * 100)


def _told(write: Callable[[Path], None]) -> Callable[[Path, Witness], None]:
    def work(root: Path, witness: Witness) -> None:
        info = root / "Song" / "Song.INFO"
        witness.did(info, {"kept": 1})
        witness.will(info, {"kept": 1, "made": 2})
        write(info)
        witness.did(info, {"kept": 1, "made": 2})

    return work


def _in_place(info: Path) -> None:
    info.write_text(_AFTER, encoding="utf-8")


def _unflushed(info: Path) -> None:
    beside = info.with_name(".new.sda-tmp")
    beside.write_text(_AFTER, encoding="utf-8")
    beside.replace(info)


def _name_not_flushed(info: Path) -> None:
    beside = info.with_name(".new.sda-tmp")
    with beside.open("w", encoding="utf-8") as file:
        file.write(_AFTER)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(info)


def _never_swept(info: Path) -> None:
    write_text(info, _AFTER)


def _deaf_to_failures(info: Path) -> None:
    with contextlib.suppress(Exception):
        write_text(info, _AFTER)


def _restless(info: Path) -> None:
    with (info.parents[1] / SOURCE / "one.wav").open("ab") as original:
        original.write(b"!")
    write_text(info, _AFTER)


_PLANTED: Final = {
    "writes in place": _in_place,
    "does not flush the content": _unflushed,
    "does not flush the name": _name_not_flushed,
    "never sweeps": _never_swept,
    "takes failures for success": _deaf_to_failures,
    "writes into an original": _restless,
}


def main() -> None:
    """Print mistake -> the faults that showed it."""
    found: dict[str, list[str]] = {}
    for name, write in _PLANTED.items():
        with tempfile.TemporaryDirectory() as folder:
            bench = Bench(Trial(name, _prepare, _told(write)), Path(folder) / "bench")
            bench.set_up()
            counts = bench.points(FAULTS)
            found[name] = [
                fault.name
                for fault in FAULTS
                if any(bench.strike(fault, point) for point in range(1, counts[fault.name] + 1))
            ]
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
