"""How many workers a run gets."""

from typing import Final

from small_dataset_audio.hardware.memory import host_memory
from small_dataset_audio.hardware.processor import usable_cores

BYTES_PER_WORKER: Final = 1_000_000_000
"""What one analysing worker is planned with: `benchmarks/analyze.py` measures it on a track of ten minutes."""


def worker_count(jobs: int, asked: int | None = None) -> int:
    """Return how many worker processes to start for ``jobs`` jobs.

    What the user asked for is taken as it is. Otherwise one per usable core, but no more than fit into the free
    memory at `BYTES_PER_WORKER` each, and no more than there are jobs.
    """
    if asked is not None:
        return max(1, min(asked, jobs))
    fitting = host_memory().free // BYTES_PER_WORKER
    return max(1, min(usable_cores(), fitting, jobs))
