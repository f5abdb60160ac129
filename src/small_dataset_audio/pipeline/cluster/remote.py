"""What runs on the nodes of a cluster. Ray finds these functions by name: every node needs the same sda."""

import os
import pickle
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import python_version
from typing import Any, Final

from small_dataset_audio import __version__
from small_dataset_audio.errors import SdaError
from small_dataset_audio.locks import LockTaken, folder_lock
from small_dataset_audio.pipeline import worker
from small_dataset_audio.pipeline.stage import Bench, Job
from small_dataset_audio.pipeline.worker import StepResult

PACKAGES: Final = ("numpy", "scipy", "soxr", "av", "soundfile", "torch")
"""What decides about the last bits of a result; every node must have the same."""
PROBE: Final = "probe"
"""The file by which a node shows that it sees the library."""


def packed(bench: Bench) -> bytes:
    """Return a bench as it travels with every job: settings are the driver's, on every node."""
    return pickle.dumps(bench)


@lru_cache(maxsize=4)
def _unpacked(bench: bytes) -> Bench:
    found: Bench = pickle.loads(bench)  # noqa: S301 - from the driver, over Ray, which is built on it
    return found


def perform(name: str, job: Job, bench: bytes) -> StepResult:
    """Return what the stage ``name`` did to the track of ``job``: `worker.perform`, in a task of Ray's."""
    return worker.perform(name, job, _unpacked(bench))


class Holder:
    """A process that holds an accelerator, and the models that it has loaded, until the run ends."""

    def __init__(self, threads: str | None) -> None:
        """Let networks on the processor use it as they would without Ray, which allows them a single thread."""
        if threads is None:
            os.environ.pop("OMP_NUM_THREADS", None)
        else:
            os.environ["OMP_NUM_THREADS"] = threads

    def perform(self, name: str, job: Job, bench: bytes) -> StepResult:
        """Return what the stage ``name`` did to the track of ``job``."""
        return perform(name, job, bench)


def facts(bench: bytes, asked: str, stages: Sequence[str], probe: Path, source: Path | None) -> dict[str, Any]:
    """Return what decides whether this machine gives the results that the driver's would give.

    Args:
        bench: settings and registry, packed.
        asked: the driver's version of sda; of another version nothing more is told.
        stages: names of the stages of the run.
        probe: a locked folder that the driver made in the library, with a file `PROBE`.
        source: a recording that is to be brought in; None where there is none.
    """
    found: dict[str, Any] = {"version": __version__}
    if __version__ != asked:
        return found
    opened = _unpacked(bench)
    return found | {
        "packages": packages(),
        "stages": {name: _stage(opened, name) for name in stages},
        "probe": _content(probe / PROBE),
        "unwritable": _unwritable(probe),
        "locked": _locked(probe),
        "source": source is None or source.is_file(),
    }


def packages() -> dict[str, str]:
    """Return package -> version, Python's own among them."""
    found = {"python": python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "none"
    return found


def _stage(bench: Bench, name: str) -> Mapping[str, Any]:
    """Return what a stage would make here (equal facts, equal results), and what keeps it from running here."""
    stage = bench.stage(name)
    obstacle = stage.obstacle(bench.settings)
    return {
        "makes": f"{stage.version} {stage.settings_hash(bench.settings)}",
        "obstacle": None if obstacle is None else obstacle.as_dict(),
    }


def _content(path: Path) -> str | None:
    try:
        return path.read_text()
    except OSError:
        return None


def _unwritable(folder: Path) -> str | None:
    """Return why nothing can be written in a folder, None where something can."""
    file = folder / f"{os.uname().nodename}-{os.getpid()}"
    try:
        file.touch()
        file.unlink()
    except OSError as error:
        return error.strerror or str(error)
    return None


def _locked(folder: Path) -> bool:
    """Whether the lock that the driver holds is seen here."""
    try:
        with folder_lock(folder, seconds=0.0):
            return False
    except LockTaken:
        return True
    except SdaError:
        return False
