"""How long jobs take together: the local engine, played instead of run."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heappop, heappush


@dataclass(frozen=True, slots=True)
class Step:
    """One stage of one job.

    Attributes:
        seconds: of work.
        accelerator: it waits for the one process that holds the accelerator.
    """

    seconds: float
    accelerator: bool = False


def wall_seconds(jobs: Sequence[Sequence[Step]], workers: int) -> float:
    """Return how long ``jobs`` take on ``workers`` processes and one for the accelerator.

    As in `pipeline.local`: jobs start in their order, those of either kind of process side by side, and a job that has
    begun goes on before another is started.
    """
    waiting: dict[bool, deque[tuple[int, int]]] = {False: deque(), True: deque()}
    free = {False: max(1, workers), True: 1}
    running: list[tuple[float, int, int]] = []
    now = 0.0
    for job, steps in enumerate(jobs):
        if steps:
            waiting[steps[0].accelerator].append((job, 0))
    while True:
        for lane, queue in waiting.items():
            while queue and free[lane]:
                job, index = queue.popleft()
                free[lane] -= 1
                heappush(running, (now + jobs[job][index].seconds, job, index))
        if not running:
            return now
        now, job, index = heappop(running)
        free[jobs[job][index].accelerator] += 1
        if index + 1 < len(jobs[job]):
            waiting[jobs[job][index + 1].accelerator].appendleft((job, index + 1))
