"""The machines of a cluster, and how much each can carry."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from small_dataset_audio.errors import DeviceError, PipelineError
from small_dataset_audio.pipeline.workers import BYTES_PER_WORKER

CPU: Final = "cpu"
"""The processor, as torch names it."""
_GPU: Final = "cuda:0"
"""A process that holds a GPU of a cluster sees no other, be it NVIDIA's or AMD's."""
SAME_IMAGE: Final = "Run the same image, or the same locked environment, on every node."
"""What makes nodes alike that are not."""


@dataclass(frozen=True)
class Node:
    """One machine of a cluster.

    Attributes:
        id: Ray's name for it.
        name: the machine's own.
        tasks: how many tracks it works on at the same time: one per processor, fewer where memory is short.
        gpus: accelerators that Ray found on it.
    """

    id: str
    name: str
    tasks: int
    gpus: int

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "Node":
        """Return the node that Ray describes (`ray.nodes`)."""
        has: Mapping[str, float] = told.get("Resources", {})
        processors = int(has.get("CPU", 0))
        fitting = max(1, int(has.get("memory", BYTES_PER_WORKER)) // BYTES_PER_WORKER)
        name = str(told.get("NodeManagerHostname") or told.get("NodeManagerAddress") or told["NodeID"])
        return cls(str(told["NodeID"]), name, min(processors, fitting), int(has.get("GPU", 0)))

    @property
    def useful(self) -> bool:
        """Whether it has anything to work with; the head of a cluster is often told to do nothing else."""
        return self.tasks > 0 or self.gpus > 0


def useful_nodes(told: Iterable[Mapping[str, Any]]) -> dict[str, Node]:
    """Return id -> node of those that are there and have anything to work with."""
    found = (Node.of(one) for one in told if one.get("Alive"))
    return {node.id: node for node in found if node.useful}


def device_for(asked: str, nodes: Iterable[Node]) -> str:
    """Return the device that stages with models run on: the nodes' GPUs where there are any, unless the user wants otherwise.

    Args:
        asked: ``hardware.device`` of the settings.
        nodes: those that are there.

    Raises:
        DeviceError: the cluster has not what was asked for.
    """
    gpus = sum(node.gpus for node in nodes)
    if asked == "auto":
        return _GPU if gpus else CPU
    if asked == CPU or (asked.startswith("cuda") and gpus):
        return CPU if asked == CPU else _GPU
    raise DeviceError(
        f"The cluster cannot compute on {asked}.",
        "Ray knows of no GPU in it."
        if asked.startswith("cuda")
        else "A cluster computes on GPUs of NVIDIA and AMD, or on processors.",
        "Use --device auto or --device cpu, or start a node on a machine with a GPU (`ray start --num-gpus N`).",
    )


def no_node() -> PipelineError:
    """Return that there is nothing to work on."""
    return PipelineError(
        "No node of the cluster has anything to work with.",
        "Ray lists none with a processor or an accelerator, and none has joined.",
        "Add a worker: `ray start --address=HEAD:6379` on another machine, or `docker compose up --scale`.",
    )
