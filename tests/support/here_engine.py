"""An engine without processes: tests of those are elsewhere."""

from collections.abc import Iterable
from threading import Event

from small_dataset_audio.pipeline import worker
from small_dataset_audio.pipeline.agenda import Sink
from small_dataset_audio.pipeline.stage import Bench, Job


class HereEngine:
    """Does the first step of every job in this process."""

    def __init__(self, bench: Bench, workers: int, *, verbose: bool = False) -> None:
        del workers, verbose
        self._bench = bench

    def run(self, jobs: Iterable[Job], sink: Sink, stop: Event, follow_up: object = None) -> None:
        """Hand the result of every job to ``sink``; stages are opened anew."""
        del stop, follow_up
        worker._opened.clear()
        for job in jobs:
            sink(worker.perform(job.steps[0], job, self._bench))
