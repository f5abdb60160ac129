"""The local engine: a crew of processes for CPU stages, and one process for the accelerator."""

from collections.abc import Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from functools import partial
from threading import Event

from small_dataset_audio.pipeline import worker
from small_dataset_audio.pipeline.agenda import Agenda, FollowUp, Sink, no_follow_up
from small_dataset_audio.pipeline.stage import Bench, Job
from small_dataset_audio.pipeline.worker import StepResult
from small_dataset_audio.processes import Crew, Died

_Lane = Crew[Job, StepResult]


class LocalEngine:
    """Runs jobs in processes on this machine.

    Args:
        bench: the settings, the accelerator and the registry of stages, handed to every worker.
        workers: processes for CPU stages.
        verbose: workers log in detail.
    """

    def __init__(self, bench: Bench, workers: int, *, verbose: bool = False) -> None:
        self._bench = bench
        self._workers = workers
        self._verbose = verbose

    def run(self, jobs: Iterable[Job], sink: Sink, stop: Event, follow_up: FollowUp = no_follow_up) -> None:
        """Carry out ``jobs`` and hand every step's result to ``sink``, in the order in which they end.

        When ``stop`` is set, what is in flight is finished and nothing new is started.
        """
        agenda = Agenda(jobs, self._accelerated, sink, follow_up)
        with self._crew(self._workers) as processors, self._crew(1) as accelerator:
            lanes = {False: processors, True: accelerator}
            while futures := _in_flight(lanes, agenda, stop):
                wait(futures, return_when=FIRST_COMPLETED)
                for lane in lanes.values():
                    _settle(lane, agenda)

    def _crew(self, size: int) -> _Lane:
        return Crew(partial(_perform, self._bench), size, prepare=partial(worker.start, self._verbose))

    def _accelerated(self, job: Job) -> bool:
        return self._bench.stage(job.steps[0]).accelerator(self._bench.settings)


def _in_flight(lanes: Mapping[bool, _Lane], agenda: Agenda, stop: Event) -> list[Future[StepResult]]:
    """Start what there is room for, unless ``stop`` is set, and return what is at work."""
    if not stop.is_set():
        for accelerated, lane in lanes.items():
            lane.fill(partial(agenda.next, accelerated=accelerated))
    return [future for lane in lanes.values() for future in lane.at_work]


def _settle(lane: _Lane, agenda: Agenda) -> None:
    """Take in the steps of ``lane`` that have ended."""
    for job, result in lane.collect():
        if isinstance(result, Died):
            agenda.died(job)
        else:
            agenda.settle(job, result)


def _perform(bench: Bench, job: Job) -> StepResult:
    """Return what the next step of a job did."""
    return worker.perform(job.steps[0], job, bench)
