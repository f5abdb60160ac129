"""How a run shows itself: a bar on a terminal, one plain line per finished track elsewhere."""

from contextlib import contextmanager
from typing import TYPE_CHECKING

from small_dataset_audio.cli.console import Terminal, plural
from small_dataset_audio.dataset.crops.places import is_crop
from small_dataset_audio.pipeline.logs import harmless, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.progress import Progress, TaskID

    from small_dataset_audio.pipeline.plan import Failure, Plan
    from small_dataset_audio.pipeline.run import Display
    from small_dataset_audio.pipeline.stage import Job
    from small_dataset_audio.pipeline.worker import StepResult

STOPPING = "Stopping: what is in flight is being finished. Press Ctrl-C again to stop at once."


class PlainProgress:
    """One line per finished track: for logs, pipes and containers."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._total = 0
        self._finished = 0
        self._seconds: dict[str, float] = {}
        self._nodes: dict[str, str] = {}

    def begin(self, plan: "Plan", workers: int) -> None:
        """Show that the jobs of ``plan`` start."""
        self._total = sum(not is_crop(job.track) for job in plan.jobs)
        tracks, processes = plural(self._total, "track"), plural(workers, "process", "processes")
        self._terminal.status(f"{tracks} to do on {processes}; {len(plan.done)} done already.")

    def step(self, result: "StepResult") -> None:
        """Remember how long the track took, and which machine of a cluster had it last."""
        name = result.job.track.name
        self._seconds[name] = self._seconds.get(name, 0.0) + result.seconds
        if result.node is not None:
            self._nodes[name] = f" on {result.node}"

    def finish_track(self, job: "Job", failure: "Failure | None") -> None:
        """Write the track's line."""
        name = job.track.name
        outcome = "done" if failure is None else f"FAILED ({failure.stage}): {failure.what}"
        if is_crop(job.track):  # their number is not known before they are cut
            place = "crop"
        else:
            self._finished += 1
            place = f"{self._finished}/{self._total}"
        took = f"{self._seconds.pop(name, 0.0):.1f} s{self._nodes.pop(name, '')}"
        self._terminal.status(f"[{place}] {name}: {outcome} ({took})")

    def stopping(self) -> None:
        """Say that Ctrl-C was heard."""
        self._terminal.status(STOPPING)


class BarProgress:
    """A bar with the tracks that are finished and the time that is left."""

    def __init__(self, terminal: Terminal, progress: "Progress") -> None:
        self._terminal = terminal
        self._progress = progress
        self._bar: TaskID | None = None

    def begin(self, plan: "Plan", workers: int) -> None:
        """Show the bar."""
        self._bar = self._progress.add_task(
            plural(workers, "process", "processes"), total=sum(not is_crop(job.track) for job in plan.jobs)
        )

    def step(self, result: "StepResult") -> None:
        """Name the track that was worked on last."""
        if self._bar is not None:
            where = "" if result.node is None else f" on {result.node}"
            self._progress.update(
                self._bar, description=f"{result.stage}{where}: {harmless(one_line(result.job.track.name[:30]))}"
            )

    def finish_track(self, job: "Job", failure: "Failure | None") -> None:
        """Move the bar; a failure gets a line of its own at once."""
        if failure is not None:
            line = f"FAILED {job.track.name} ({failure.stage}): {failure.what}"
            self._terminal.err.print(harmless(one_line(line)), style="red")
        if self._bar is not None and not is_crop(job.track):
            self._progress.advance(self._bar)

    def stopping(self) -> None:
        """Say that Ctrl-C was heard."""
        self._terminal.status(STOPPING)


@contextmanager
def progress_display(terminal: Terminal, *, quiet: bool) -> "Iterator[Display]":
    """Yield the display that fits: a bar where a person watches, plain lines elsewhere."""
    if quiet or not terminal.err.is_terminal:
        yield PlainProgress(terminal)
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=terminal.err, transient=True) as progress:
        yield BarProgress(terminal, progress)
