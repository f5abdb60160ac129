"""Whether a node would give the results that this machine gives: asked of every node before it gets any work."""

import contextlib
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from small_dataset_audio import __version__
from small_dataset_audio.atomic import store_error
from small_dataset_audio.errors import PipelineError, SdaError
from small_dataset_audio.locks import LockTaken, folder_lock
from small_dataset_audio.pipeline.cluster import remote
from small_dataset_audio.pipeline.cluster.nodes import SAME_IMAGE
from small_dataset_audio.pipeline.stage import Bench

PROBE_PREFIX: Final = ".sda-cluster-"


@dataclass(frozen=True)
class Preflight:
    """What is asked of every node, and what it must answer.

    Attributes:
        bench: settings and registry, packed.
        stages: names of the stages of the run.
        probe: the folder in the library.
        token: what its file holds.
        source: a recording that is to be brought in; None where there is none.
        expected: what this machine answers.
        library: the library's folder.
    """

    bench: bytes
    stages: tuple[str, ...]
    probe: Path
    token: str
    source: Path | None
    expected: Mapping[str, Any]
    library: Path

    @property
    def question(self) -> tuple[bytes, str, Sequence[str], Path, Path | None]:
        """The arguments of `remote.facts`."""
        return (self.bench, __version__, self.stages, self.probe, self.source)

    def misfit(self, node: str, found: Mapping[str, Any]) -> SdaError | None:
        """Return why a node cannot take part, given its facts; None where it can."""
        if found["version"] != __version__:
            return _misfit(node, f"It has sda {found['version']}; this machine has {__version__}.", SAME_IMAGE)
        return self._library(node, found) or self._installation(node, found)

    def _library(self, node: str, found: Mapping[str, Any]) -> SdaError | None:
        share = (
            f"Mount the library at {self.library} on every node, writable and with locks (NFSv4, CephFS and the like)."
        )
        if found["probe"] != self.token:
            return _misfit(node, f"The library {self.library} is not there, or is another folder than here.", share)
        if found["unwritable"] is not None:
            return _misfit(node, f"It cannot write in the library {self.library}: {found['unwritable']}.", share)
        if not found["locked"]:
            return _misfit(node, f"It does not see that a file in {self.library} is locked here.", share)
        if not found["source"]:
            return _misfit(
                node,
                f"The recording {self.source} is not there.",
                "Mount the folder of recordings at the same path on every node, or bring them in first: "
                "`sda run --stages organize` without --engine ray.",
            )
        return None

    def _installation(self, node: str, found: Mapping[str, Any]) -> SdaError | None:
        for name, version in self.expected["packages"].items():
            if found["packages"].get(name) != version:
                return _misfit(
                    node, f"It has {name} {found['packages'].get(name)}; this machine has {version}.", SAME_IMAGE
                )
        for name, stage in found["stages"].items():
            if (obstacle := stage["obstacle"]) is not None:
                return _misfit(node, f"It cannot run {name}: {obstacle['what']} {obstacle['why']}", obstacle["fix"])
            if stage["makes"] != self.expected["stages"][name]["makes"]:
                return _misfit(
                    node,
                    f"Its {name} would give other results: it has other weights, or other added features, than this machine.",
                    "Share the folder of models (paths.models) between all nodes, or `sda models pull` the same on each. "
                    + SAME_IMAGE,
                )
        return None


@contextlib.contextmanager
def prepared(bench: Bench, stages: Sequence[str], library: Path, source: Path | None) -> Iterator[Preflight]:
    """Yield what to ask the nodes, with a locked folder in the library by which they show that they see it.

    Raises:
        StoreError: the library cannot be written.
    """
    probe, token = library / f"{PROBE_PREFIX}{secrets.token_hex(6)}", secrets.token_hex(16)
    sweep(library)
    try:
        probe.mkdir()
        (probe / remote.PROBE).write_text(token)
    except OSError as error:
        raise store_error("write the library", library, error) from error
    try:
        with folder_lock(probe):
            packed = remote.packed(bench)
            expected = remote.facts(packed, __version__, tuple(stages), probe, source)
            yield Preflight(packed, tuple(stages), probe, token, source, expected, library)
    finally:
        shutil.rmtree(probe, ignore_errors=True)


def sweep(library: Path) -> None:
    """Remove the folders that drivers left which did not end by themselves: nobody holds their locks any more."""
    for left in library.glob(f"{PROBE_PREFIX}*"):
        with contextlib.suppress(LockTaken), folder_lock(left, seconds=0.0):
            shutil.rmtree(left, ignore_errors=True)


def _misfit(node: str, why: str, fix: str) -> PipelineError:
    return PipelineError(f"The node {node} cannot take part in this run.", why, fix)
