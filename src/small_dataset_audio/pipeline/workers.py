"""How many workers a run gets."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Final

from small_dataset_audio.config.model import Settings
from small_dataset_audio.hardware.memory import Memory, host_memory
from small_dataset_audio.hardware.processor import usable_cores

BYTES_PER_WORKER: Final = 1_000_000_000
"""What one analysing worker is planned with at least: enough for a recording of ten minutes (`benchmarks/analyze.py`)."""


def asked_for(settings: Settings) -> int | None:
    """Return how many workers the settings ask for, None where that is left to sda."""
    workers = settings.pipeline.workers
    return workers if isinstance(workers, int) else None


def worker_count(
    jobs: int, asked: int | None = None, *, memory: Memory | None = None, held: Sequence[int] = ()
) -> int:  # fmt: skip
    """Return how many worker processes to start for ``jobs`` jobs.

    What the user asked for is taken as it is. Otherwise one per usable core, but no more than fit into the free
    memory at `BYTES_PER_WORKER` each or more, and no more than there are jobs.

    Args:
        jobs: how many there are.
        asked: how many workers the user wants.
        memory: of the host, as far as it is planned with; what is free now if it is not given.
        held: bytes that a worker holds for each job, where that is known.
    """
    if asked is not None:
        return max(1, min(asked, jobs))
    free = (host_memory() if memory is None else memory).free
    each = [max(BYTES_PER_WORKER, one) for one in held] or [BYTES_PER_WORKER] * jobs
    return max(1, min(usable_cores(), fitting(free, each), jobs))


def fitting(free: int, held: Sequence[int]) -> int:
    """Return how many workers fit into ``free`` bytes, also while they work on the largest of ``held`` all at once."""
    return sum(together <= free for together in accumulate(sorted(held, reverse=True)))
