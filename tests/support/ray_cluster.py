"""A cluster of several nodes on this machine, whose nodes can be killed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ray.cluster_utils import Cluster

Node = Any
"""A node, as Ray hands it out."""
TESTS = Path(__file__).parents[1]
STORE_BYTES = 80_000_000

# Read when Ray is imported. The token keeps Ray from leaving one of its own in the home folder.
for _name, _value in {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": "0" * 64,
}.items():
    os.environ.setdefault(_name, _value)


class Machines:
    """Nodes that come and go; the head does no work."""

    def __init__(self, cluster: "Cluster") -> None:
        self._cluster = cluster
        self.address = str(cluster.address)

    def add(self, processors: int = 1, gpus: int = 0) -> Node:
        """Return a new node."""
        return self._cluster.add_node(num_cpus=processors, num_gpus=gpus, object_store_memory=STORE_BYTES)

    def kill(self, node: Node) -> None:
        """Take a node away without notice, with all that runs on it."""
        self._cluster.remove_node(node, allow_graceful=False)


@contextmanager
def machines() -> Iterator[Machines]:
    """Yield a cluster with a head and no nodes, which end with the block. Its workers find the tests' modules."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(TESTS.parent / "src"), str(TESTS), *filter(None, [before])])
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "object_store_memory": STORE_BYTES})
    try:
        yield Machines(cluster)
    finally:
        cluster.shutdown()  # type: ignore[no-untyped-call]
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before
