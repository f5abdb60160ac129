"""What lies in a folder before and after a fault, and how two such states differ."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from small_dataset_audio.atomic import TEMPORARY_SUFFIX
from small_dataset_audio.dataset.info import read_info
from small_dataset_audio.dataset.series import read_series
from small_dataset_audio.dataset.times import read_times
from small_dataset_audio.pipeline.runlog import read_events

Facts = Mapping[str, Any] | list[Any] | str | None
_FLEETING: Final = re.compile(r'"(seconds|mtime_ns|time|at|when|bytes_per_second)": *[-0-9.e+"T:Z]+')
_DATE: Final = re.compile(rb"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}")
_KEY: Final = re.compile(rb'"key": ?"[0-9a-f]+"')
"""By which a drawing knows the recording that it is of; its date is a part of that."""
_RUN_LOG: Final = ".jsonl"
_TURN: Final = "next-turn"
"""What `dataset.metadata.sources.pace` notes: a time, and nothing else."""
_UNFINISHED: Final = (TEMPORARY_SUFFIX, ".part", ".part.json", "-probe", ".sda-export", ".sda-stems")


def facts_of(path: Path) -> Facts:
    """Return what a file holds, in the form in which a witness speaks of it; None where it is not there."""
    if path.suffix == ".INFO":
        return read_info(path)
    if not path.exists():
        return None
    if path.suffix in {".BEATS_GRID", ".DOWNBEATS", ".ONSETS"}:
        times: list[float] = read_times(path).tolist()
        return times
    if path.suffix == ".npz":
        return sorted(read_series(path).values)
    if path.suffix == _RUN_LOG:
        return [str(event["event"]) for event in read_events(path)]
    return hashlib.sha256(path.read_bytes()).hexdigest()


def left_behind(root: Path) -> list[str]:
    found = [path for path in root.rglob(".*") if path.name.endswith(_UNFINISHED)]
    return [f"left behind: {path.relative_to(root)}" for path in found]


def stamps(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Return what the user's own files hold, and when they were changed."""
    return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()}


def contents(root: Path) -> dict[str, str]:
    """Return relative path -> what every file holds, but for times, for locks, and for the names of run logs."""
    found: dict[str, str] = {}
    for path in sorted(root.rglob("*")):
        if path.is_file() and path.suffix != _RUN_LOG and path.name not in {".sda-lock", _TURN}:
            data = path.read_bytes()
            if path.suffix in {".INFO", ".json"}:
                data = _FLEETING.sub(r'"\1": 0', data.decode("utf-8", "replace")).encode()
            if path.suffix in {".html", ".js"}:
                data = _DATE.sub(b"", _KEY.sub(b"", data))
            found[str(path.relative_to(root))] = hashlib.sha256(data).hexdigest()
        elif path.is_dir():
            found[f"{path.relative_to(root)}/"] = ""
    return found


def recordings(state: Mapping[str, str]) -> dict[str, str]:
    """Return content -> content of the recordings in a library."""
    return {digest: digest for path, digest in state.items() if "/full_mix." in path}


def without_second_ones(wanted: Mapping[str, str], found: Mapping[str, str]) -> dict[str, str]:
    """Return a state without the tracks that should not be there, but whose recordings others have as well."""
    mixes = recordings(wanted)
    second = tuple(
        path[: path.index("/full_mix.") + 1]
        for path, digest in found.items()
        if "/full_mix." in path and "/crops/" not in path and path not in wanted and digest in mixes
    )
    return {path: digest for path, digest in found.items() if not second or not path.startswith(second)}


def differences(wanted: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    """Return how two states differ, in sentences."""
    sentences = [f"missing: {path}" for path in wanted.keys() - found.keys()]
    sentences += [f"too much: {path}" for path in found.keys() - wanted.keys()]
    return sentences + [f"not the same: {path}" for path in wanted.keys() & found.keys() if wanted[path] != found[path]]
