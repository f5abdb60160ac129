"""The local engine: a pool of processes for CPU stages, and one process for the accelerator."""

import multiprocessing
from collections import deque
from collections.abc import Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from threading import Event

from small_dataset_audio.pipeline import worker
from small_dataset_audio.pipeline.agenda import Agenda, FollowUp, Sink, no_follow_up
from small_dataset_audio.pipeline.pieces import signals_blocked
from small_dataset_audio.pipeline.stage import Bench, Job
from small_dataset_audio.pipeline.worker import StepResult


@dataclass
class _Lane:
    """One pool of processes and what waits for it."""

    width: int
    verbose: bool
    accelerated: bool = False
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

    def next_job(self, agenda: Agenda) -> Job | None:
        """Return the job to start now, if there is room.

        Jobs that were at work when a process died are tried again one at a time, so that the one at fault is known.
        """
        if self.suspects:
            return self.suspects.popleft() if not self.running else None
        return agenda.next(accelerated=self.accelerated) if len(self.running) < self.width else None


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
        self._lanes = (self._cpu, _Lane(1, verbose, accelerated=True))

    def run(self, jobs: Iterable[Job], sink: Sink, stop: Event, follow_up: FollowUp = no_follow_up) -> None:
        """Carry out ``jobs`` and hand every step's result to ``sink``, in the order in which they end.

        When ``stop`` is set, what is in flight is finished and nothing new is started.
        """
        agenda = Agenda(jobs, self._accelerated, sink, follow_up)
        try:
            while futures := self._in_flight(agenda, stop):
                finished, _ = wait(futures, return_when=FIRST_COMPLETED)
                for lane in self._lanes:
                    self._collect(lane, finished, agenda)
        except BaseException:
            self._close(kill=True)
            raise
        self._close()

    def _in_flight(self, agenda: Agenda, stop: Event) -> list[Future[StepResult]]:
        """Start what there is room for, unless ``stop`` is set, and return what is at work."""
        if not stop.is_set():
            for lane in self._lanes:
                self._fill(lane, agenda)
        return [future for lane in self._lanes for future in lane.running]

    def _accelerated(self, job: Job) -> bool:
        return self._bench.stage(job.steps[0]).accelerator(self._bench.settings)

    def _close(self, *, kill: bool = False) -> None:
        for lane in self._lanes:
            lane.close(kill=kill)

    def _fill(self, lane: _Lane, agenda: Agenda) -> None:
        while (job := lane.next_job(agenda)) is not None:
            with signals_blocked():
                try:
                    future = lane.open().submit(worker.perform, job.steps[0], job, self._bench)
                except BrokenProcessPool:
                    lane.close()
                    future = lane.open().submit(worker.perform, job.steps[0], job, self._bench)
            lane.running[future] = job

    def _collect(self, lane: _Lane, finished: set[Future[StepResult]], agenda: Agenda) -> None:
        """Take in the steps of ``lane`` that have ended: first those with a result, then those whose process died."""
        ended = [future for future in lane.running if future in finished]
        lost = [future for future in ended if isinstance(future.exception(), BrokenProcessPool)]
        for future in ended:
            if future not in lost:
                agenda.settle(lane.running.pop(future), future.result())
        if lost:
            self._survive(lane, agenda)

    def _survive(self, lane: _Lane, agenda: Agenda) -> None:
        """Go on after a worker died: blame the job if it was alone, else try all that were at work one by one."""
        together = list(lane.running.values())
        lane.running.clear()
        lane.close()
        if len(together) > 1:
            lane.suspects.extend(together)
        else:
            agenda.died(together[0])
