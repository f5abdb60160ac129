"""What an engine does next: jobs are taken as there is room for them, and a track that has begun goes before a new one."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Final, Protocol

from small_dataset_audio.pipeline.plan import Failure
from small_dataset_audio.pipeline.stage import Job
from small_dataset_audio.pipeline.worker import StepResult

Sink = Callable[[StepResult], None]
FollowUp = Callable[[Path], Job | None]

LOOK_AHEAD: Final = 1000
"""So many jobs of the other kind are laid aside while one is looked for that a free worker can do."""


class Engine(Protocol):
    """What carries jobs out."""

    def run(self, jobs: Iterable[Job], sink: Sink, stop: Event, follow_up: FollowUp) -> None:
        """Carry out ``jobs`` and hand every step's result to ``sink``, in the order in which they end.

        When ``stop`` is set, what is in flight is finished and nothing new is started.
        """


def no_follow_up(_folder: Path) -> Job | None:
    """Return None: a plan in which no stage makes new tracks."""
    return None


class Agenda:
    """The steps that are still to be started, by where they run.

    Args:
        jobs: taken one by one, so that a large plan need not be held.
        accelerated: whether a job's next step wants the accelerator.
        sink: takes every step's result.
        follow_up: folder of a track that a stage made -> its job, if there is anything to do.
    """

    def __init__(
        self, jobs: Iterable[Job], accelerated: Callable[[Job], bool], sink: Sink, follow_up: FollowUp = no_follow_up
    ) -> None:
        self._new: Iterator[Job] = iter(jobs)
        self._accelerated = accelerated
        self._sink = sink
        self._follow_up = follow_up
        self._waiting: dict[bool, deque[Job]] = {False: deque(), True: deque()}
        self._ended = False

    @property
    def exhausted(self) -> bool:
        """Whether nothing is left to be started, unless a step at work leads to more."""
        return self._ended and not any(self._waiting.values())

    def next(self, *, accelerated: bool) -> Job | None:
        """Return the job whose next step is to be started, of those that run on the accelerator or of the others."""
        waiting, others = self._waiting[accelerated], self._waiting[not accelerated]
        while not waiting and len(others) < LOOK_AHEAD:
            job = next(self._new, None)
            if job is None:
                self._ended = True
                break
            self._waiting[self._accelerated(job)].append(job)
        return waiting.popleft() if waiting else None

    def again(self, job: Job) -> None:
        """Put a job back whose step has to be started once more."""
        self._waiting[self._accelerated(job)].appendleft(job)

    def settle(self, job: Job, result: StepResult) -> None:
        """Pass a step's result on, and note what follows from it: the track's next step, and tracks that it made."""
        self._sink(result)
        if result.failure is not None:
            return
        following = [made for folder in result.follow_up if (made := self._follow_up(folder)) is not None]
        if job.steps[1:]:
            following.insert(0, replace(result.job, steps=job.steps[1:], incoming=None))
        for next_job in following:
            # In front: a track that has begun is finished before another is started.
            self.again(next_job)

    def died(self, job: Job) -> None:
        """Give up on a job whose step takes the process that carries it out with it."""
        name = job.steps[0]
        failure = Failure(
            job.track.name,
            name,
            f"The process that ran {name} on {job.track.name} died.",
            "The system ended it, most often because memory ran out, or a library crashed on this file.",
            "Run again with --workers 1. If it happens again, take this recording out and report it.",
        )
        self.settle(job, StepResult(job, name, 0.0, 0, 0, failure))
