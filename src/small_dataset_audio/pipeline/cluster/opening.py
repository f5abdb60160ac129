"""How a run comes by its engine on a cluster: connect, wait for a node, ask every node, and only then begin."""

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Final

from small_dataset_audio.config.model import Settings
from small_dataset_audio.pipeline.cluster.connection import connected
from small_dataset_audio.pipeline.cluster.engine import RayEngine
from small_dataset_audio.pipeline.cluster.nodes import Node, device_for, no_node, useful_nodes
from small_dataset_audio.pipeline.cluster.preflight import prepared
from small_dataset_audio.pipeline.stage import Bench

JOIN_SECONDS: Final = 60.0
"""How long a cluster without a node to work on is given: workers that were started with the head join some seconds after it."""
LOOK_SECONDS: Final = 1.0

_log = logging.getLogger(__name__)


@contextmanager
def cluster_engine(
    settings: Settings,
    stages: Sequence[str],
    library: Path,
    source: Path | None = None,
    *,
    workers: int | None = None,
    registry: str | None = None,
) -> Iterator[RayEngine]:
    """Yield an engine on the cluster that the settings name, all of whose nodes have shown that they can take part.

    Args:
        settings: the address, the device, and what the stages go by.
        stages: names of those of the run.
        library: the library's folder, which exists.
        source: a recording that is to be brought in; None where there is none.
        workers: at most so many CPU steps at the same time.
        registry: the module of the stages; None for that of sda.

    Raises:
        SdaError: there is no such cluster, it has not the device that was asked for, or a node cannot take part.
    """
    with connected(settings.pipeline.address, workers=workers) as ray:
        device = device_for(settings.hardware.device, joined(ray))
        bench = Bench(settings, device) if registry is None else Bench(settings, device, registry)
        with prepared(bench, stages, library, source) as preflight:
            engine = RayEngine(ray, bench, preflight, workers)
            engine.gather()
            yield engine


def joined(ray: ModuleType) -> list[Node]:
    """Return the nodes that there are to work on, after waiting for the first.

    Raises:
        PipelineError: there is none.
    """
    until = time.monotonic() + JOIN_SECONDS
    told = False
    while not (there := useful_nodes(ray.nodes())):
        if time.monotonic() >= until:
            raise no_node()
        if not told:
            _log.warning("The cluster has no node to work on yet: waiting for one to join.")
            told = True
        time.sleep(LOOK_SECONDS)
    return list(there.values())
