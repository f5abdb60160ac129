"""How much faster a run is with two workers than with one, and on two nodes of a Ray cluster than on one.

    python benchmarks/ray_speed.py [--tracks 12] [--minutes 2] [--runs 3] [--stages organize,analyze]

The nodes are processes of this machine with one processor each, so that the figures mean something only where as many cores are
idle as there are nodes. Every run is a process of its own into a fresh library; the fastest of the runs counts, without the
time that the cluster takes to start (once, before).
"""

import argparse
import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import DEVNULL, check_call

from workers import compose

SETTINGS = '[features]\nbeats = "dsp"\n[separation]\nbackend = "dsp"\n'
STORE_BYTES = 80_000_000


@contextlib.contextmanager
def nodes(count: int) -> Iterator[str]:
    """Yield the address of a cluster whose head does no work, with so many nodes of one processor."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "object_store_memory": STORE_BYTES})
    try:
        for _ in range(count):
            cluster.add_node(num_cpus=1, object_store_memory=STORE_BYTES)
        yield str(cluster.address)
    finally:
        cluster.shutdown()


def timed(source: Path, stages: str, *words: str) -> float:
    """Return the seconds that one run into a fresh library takes.

    Raises:
        CalledProcessError: the run failed.
    """
    with tempfile.TemporaryDirectory() as home:
        (Path(home) / "config.toml").write_text(SETTINGS)
        command = [sys.executable, "-P", "-m", "small_dataset_audio", "--quiet", "run", str(source), "--stages", stages]
        began = time.perf_counter()
        check_call([*command, *words], cwd=home, stdout=DEVNULL)
        return time.perf_counter() - began


def best(what: str, runs: int, run: Callable[[], float]) -> float:
    """Return the seconds of the fastest of some runs, having shown it."""
    fastest = min(run() for _ in range(runs))
    print(f"{what:12} {fastest:8.2f} s (load: {os.getloadavg()[0]:.1f})", flush=True)
    return fastest


def main() -> int:
    """Print a row per engine and size, and return 0."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tracks", type=int, default=12)
    parser.add_argument("--minutes", type=float, default=2.0, help="length of each track")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--stages", default="organize,analyze")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source, runs, stages = Path(folder), options.runs, options.stages
        compose(source, options.tracks, options.minutes)
        hands = [best(f"{n} workers", runs, lambda n=n: timed(source, stages, "--workers", str(n))) for n in (1, 2)]
        machines = []
        for count in (1, 2):
            with nodes(count) as address:
                words = ("--engine", "ray", "--address", address)
                machines.append(best(f"{count} nodes", runs, lambda words=words: timed(source, stages, *words)))
    print(f"1 -> 2 workers: {hands[0] / hands[1]:.2f} times as fast; 1 -> 2 nodes: {machines[0] / machines[1]:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
