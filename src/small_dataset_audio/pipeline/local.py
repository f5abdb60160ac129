"""The local engine: a pool of processes for CPU stages, and one process for the accelerator."""

import contextlib
import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event

from small_dataset_audio.pipeline import worker
from small_dataset_audio.pipeline.plan import Failure
from small_dataset_audio.pipeline.stage import Bench, Job
from small_dataset_audio.pipeline.worker import StepResult

Sink = Callable[[StepResult], None]
FollowUp = Callable[[Path], Job | None]


def no_follow_up(_folder: Path) -> Job | None:
    """Return None: a plan in which no stage makes new tracks."""
    return None


@dataclass
class _Lane:
    """One pool of processes and what waits for it."""

    width: int
    verbose: bool
    waiting: deque[Job] = field(default_factory=deque)
    running: dict[Future[StepResult], Job] = field(default_factory=dict)
    suspects: deque[Job] = field(default_factory=deque)
    pool: ProcessPoolExecutor | None = None

    def open(self) -> ProcessPoolExecutor:
        if self.pool is None:
            # Spawned, never forked: a forked copy of numpy's or torch's threads hangs.
            context = multiprocessing.get_context("spawn")
            self.pool = ProcessPoolExecutor(self.width, context, worker.start, (self.verbose,))
        return self.pool

    def close(self, *, kill: bool = False) -> None:
        if self.pool is None:
            return
        if kill:
            for process in list((self.pool._processes or {}).values()):  # noqa: SLF001 - no public way before 3.14
                process.kill()
        self.pool.shutdown(wait=True, cancel_futures=True)
        self.pool = None

    def next_job(self) -> Job | None:
        """Return the job to start now, if there is room.

        Jobs that were at work when a process died are tried again one at a time, so that the one at fault is known.
        """
        if self.suspects:
            return self.suspects.popleft() if not self.running else None
        if self.waiting and len(self.running) < self.width:
            return self.waiting.popleft()
        return None


class LocalEngine:
    """Runs jobs in processes on this machine.

    Args:
        bench: the settings, the accelerator and the registry of stages, handed to every worker.
        workers: processes for CPU stages.
        verbose: workers log in detail.
    """

    def __init__(self, bench: Bench, workers: int, *, verbose: bool = False) -> None:
        self._bench = bench
        self._cpu = _Lane(workers, verbose)
        self._accelerator = _Lane(1, verbose)
        self._lanes = (self._cpu, self._accelerator)

    def run(self, jobs: Iterable[Job], sink: Sink, stop: Event, follow_up: FollowUp = no_follow_up) -> None:
        """Carry out ``jobs`` and hand every step's result to ``sink``, in the order in which they end.

        When ``stop`` is set, what is in flight is finished and nothing new is started.
        """
        try:
            for job in jobs:
                self._lane(job).waiting.append(job)
            while futures := self._in_flight(stop):
                finished, _ = wait(futures, return_when=FIRST_COMPLETED)
                for lane in self._lanes:
                    self._collect(lane, finished, sink, follow_up)
        except BaseException:
            self._close(kill=True)
            raise
        self._close()

    def _in_flight(self, stop: Event) -> list[Future[StepResult]]:
        """Start what there is room for, unless ``stop`` is set, and return what is at work."""
        if not stop.is_set():
            for lane in self._lanes:
                self._fill(lane)
        return [future for lane in self._lanes for future in lane.running]

    def _close(self, *, kill: bool = False) -> None:
        for lane in self._lanes:
            lane.close(kill=kill)

    def _lane(self, job: Job) -> _Lane:
        wanted = self._bench.stage(job.steps[0]).accelerator(self._bench.settings)
        return self._accelerator if wanted else self._cpu

    def _fill(self, lane: _Lane) -> None:
        while (job := lane.next_job()) is not None:
            with _signals_blocked():
                try:
                    future = lane.open().submit(worker.perform, job.steps[0], job, self._bench)
                except BrokenProcessPool:
                    lane.close()
                    future = lane.open().submit(worker.perform, job.steps[0], job, self._bench)
            lane.running[future] = job

    def _collect(self, lane: _Lane, finished: set[Future[StepResult]], sink: Sink, follow_up: FollowUp) -> None:
        """Take in the steps of ``lane`` that have ended: first those with a result, then those whose process died."""
        ended = [future for future in lane.running if future in finished]
        lost = [future for future in ended if isinstance(future.exception(), BrokenProcessPool)]
        for future in ended:
            if future not in lost:
                self._finish(lane.running.pop(future), future.result(), sink, follow_up)
        if lost:
            self._survive(lane, sink)

    def _finish(self, job: Job, result: StepResult, sink: Sink, follow_up: FollowUp) -> None:
        sink(result)
        if result.failure is not None:
            return
        following = [next_job for folder in result.follow_up if (next_job := follow_up(folder)) is not None]
        if job.steps[1:]:
            following.insert(0, replace(result.job, steps=job.steps[1:], incoming=None))
        for next_job in following:
            # In front: a track that has begun is finished before another is started.
            self._lane(next_job).waiting.appendleft(next_job)

    def _survive(self, lane: _Lane, sink: Sink) -> None:
        """Go on after a worker died: blame the job if it was alone, else try all that were at work one by one."""
        together = list(lane.running.values())
        lane.running.clear()
        lane.close()
        if len(together) > 1:
            lane.suspects.extend(together)
            return
        [job] = together
        name = job.steps[0]
        failure = Failure(
            job.track.name,
            name,
            f"The process that ran {name} on {job.track.name} died.",
            "The system ended it, most often because memory ran out, or a library crashed on this file.",
            "Run again with --workers 1. If it happens again, take this recording out and report it.",
        )
        sink(StepResult(job, name, 0.0, 0, 0, failure))


@contextlib.contextmanager
def _signals_blocked() -> Iterator[None]:
    """Let processes that are started in this block never see Ctrl-C: they inherit the blocked signal."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
