"""A run, from what the user asked for to the summary: plan, engine, run log."""

import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from threading import Event, current_thread, main_thread
from types import FrameType
from typing import TYPE_CHECKING, Any, Protocol

from small_dataset_audio import __version__
from small_dataset_audio.atomic import store_error
from small_dataset_audio.config.model import Settings
from small_dataset_audio.dataset.crops.places import is_crop
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.errors import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_OK, SdaError, StoreError
from small_dataset_audio.pipeline.agenda import Engine, FollowUp
from small_dataset_audio.pipeline.forecast.estimate import Estimate, compared, estimate, remark
from small_dataset_audio.pipeline.forecast.machine import likenesses, look_around
from small_dataset_audio.pipeline.local import LocalEngine
from small_dataset_audio.pipeline.plan import Failure, Plan, Request
from small_dataset_audio.pipeline.runlog import RunLog
from small_dataset_audio.pipeline.stage import Bench, Job
from small_dataset_audio.pipeline.standing import Standing
from small_dataset_audio.pipeline.worker import StepResult

if TYPE_CHECKING:
    from small_dataset_audio.pipeline.cluster.engine import RayEngine


@dataclass
class Summary:
    """How a run ended.

    Attributes:
        library: the library's folder.
        done: names of the tracks for which every stage asked for was carried out now.
        crops: names of the crops that were measured now.
        skipped: names of the tracks that had nothing left to do.
        failures: what failed, in the order in which it did.
        warnings: sentences for the user.
        seconds: wall time.
        log: the run log, where one was written.
        interrupted: the user ended the run before all was done.
        unfinished: how many tracks that leaves.
        remark: a sentence about an estimate of the run that was wrong, where that is worth knowing.
    """

    library: Path
    done: list[str] = field(default_factory=list)
    crops: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    seconds: float = 0.0
    log: Path | None = None
    interrupted: bool = False
    unfinished: int = 0
    remark: str | None = None

    @property
    def exit_status(self) -> int:
        """0 done, 1 something failed, 130 interrupted."""
        if self.interrupted:
            return EXIT_INTERRUPTED
        return EXIT_FAILED if self.failures else EXIT_OK

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON shape of ``sda run --json``."""
        return {
            "library": str(self.library),
            "tracks": {
                "done": len(self.done),
                "skipped": len(self.skipped),
                "failed": len({failure.track for failure in self.failures}),
                "unfinished": self.unfinished,
            },
            "crops": len(self.crops),
            "failures": [asdict(failure) for failure in self.failures],
            "warnings": self.warnings,
            "seconds": round(self.seconds, 3),
            "log": str(self.log) if self.log else None,
            "interrupted": self.interrupted,
        }


class Display(Protocol):
    """What a run tells while it goes on."""

    def begin(self, plan: Plan, workers: int) -> None:
        """Show that the jobs of ``plan`` start on ``workers`` processes."""

    def step(self, result: StepResult) -> None:
        """Show what one stage did to one track."""

    def finish_track(self, job: Job, failure: Failure | None) -> None:
        """Show that a track is finished, or failed."""

    def stopping(self) -> None:
        """Show that Ctrl-C was heard and that what is in flight is being finished."""


@dataclass(frozen=True)
class RunOptions:
    """How to carry a plan out.

    Attributes:
        workers: processes for CPU stages; None lets the machine decide.
        device: the accelerator for stages that want one.
        verbose: workers log in detail.
        cluster: on a Ray cluster, which has its own idea of devices, rather than on this machine.
    """

    workers: int | None = None
    device: str | None = None
    verbose: bool = False
    cluster: bool = False


def carry_out(plan: Plan, request: Request, settings: Settings, options: RunOptions, display: Display) -> Summary:
    """Return how the jobs of ``plan`` ended, having shown and logged each step.

    Raises:
        StoreError: the library or the reports folder cannot be written at all.
    """
    began = time.monotonic()
    summary = Summary(plan.library, skipped=list(plan.done), failures=list(plan.failures), warnings=list(plan.notes))
    if plan.jobs:
        _ensure_writable(plan.library)
        machine = look_around(settings, request.every_stage, options.device)
        with ExitStack() as closing:
            cluster = closing.enter_context(_cluster(plan, request, settings, options)) if options.cluster else None
            hands = options.workers if cluster is None else cluster.width
            foreseen = estimate(plan, request.every_stage, settings, machine, hands, request.crop_stages)
            log = closing.enter_context(RunLog(settings.paths.reports))
            if cluster is not None:
                cluster.note = lambda sentence: log.write("note", {"text": sentence})
            stop = closing.enter_context(_interruptible(display.stopping))
            summary.log = log.path
            log.write("start", _start_facts(plan, request, settings, options, foreseen))
            display.begin(plan, foreseen.workers)
            local = LocalEngine(Bench(settings, options.device), foreseen.workers, verbose=options.verbose)
            recorder = _Recorder(summary, log, display, foreseen)
            engine: Engine = cluster or local
            engine.run(plan.jobs, recorder.step, stop, recorder.follow_up(request, settings))
            summary.unfinished = recorder.unfinished
            summary.interrupted = stop.is_set() and recorder.unfinished > 0
            summary.seconds = time.monotonic() - began
            summary.remark = None if options.cluster else recorder.remark()
            log.write("end", {**summary.as_dict(), "estimate": recorder.compared(), "timeline": log.timeline.as_dict()})
    summary.seconds = time.monotonic() - began
    return summary


def _cluster(
    plan: Plan, request: Request, settings: Settings, options: RunOptions
) -> AbstractContextManager["RayEngine"]:
    """Return the engine on the cluster that the settings name."""
    from small_dataset_audio.pipeline.cluster.opening import cluster_engine  # noqa: PLC0415 - an optional part of sda

    source = next((job.incoming.source for job in plan.jobs if job.incoming is not None), None)
    stages = [stage.name for stage in request.every_stage]
    return cluster_engine(settings, stages, plan.library, source, workers=options.workers)


class _Recorder:
    """Sorts every step's result into the summary, the log and the display."""

    def __init__(self, summary: Summary, log: RunLog, display: Display, foreseen: Estimate) -> None:
        self._summary = summary
        self._log = log
        self._display = display
        self._warned: set[str] = set()  # several stages may say the same of one track
        self._foreseen = foreseen
        self._took: dict[tuple[Path, str], float] = {}
        self._failed = False
        self._followed = False
        self.unfinished = foreseen.tracks

    def step(self, result: StepResult) -> None:
        """Take in how a step ended."""
        folder = result.job.track.folder
        self._log.step(result, self._foreseen.durations.get(folder))
        if result.failure is None and (folder, result.stage) in self._foreseen.work:
            self._took[folder, result.stage] = result.seconds - result.opening
        self._failed = self._failed or result.failure is not None
        self._summary.warnings.extend(one for one in result.warnings if one not in self._warned)
        self._warned.update(result.warnings)
        self._display.step(result)
        if result.failure is not None:
            self._summary.failures.append(result.failure)
        elif not result.job.steps[1:]:
            finished = self._summary.crops if is_crop(result.job.track) else self._summary.done
            finished.append(result.job.track.name)
        else:
            return
        self.unfinished -= 1
        self._display.finish_track(result.job, result.failure)

    def follow_up(self, request: Request, settings: Settings) -> FollowUp:
        """Return what plans the crops that a stage made: what is left to do on each, for the engine."""
        crops = Standing(request.of_crops(), settings) if request.crop_stages else None

        def job_for(folder: Path) -> Job | None:
            """Return what is left to do on the crop in ``folder``, None where that is nothing."""
            crop = Track(folder)
            try:
                job = crops.job(crop) if crops is not None else None
            except SdaError as error:
                self._summary.failures.append(Failure.of(crop.name, "plan", error))
                return None
            if job is not None:
                self.unfinished += 1
                self._followed = True
            return job

        return job_for

    def compared(self) -> dict[str, Any]:
        """Return how far off the estimate was."""
        return compared(self._foreseen, self._took, self._whole)

    def remark(self) -> str | None:
        """Return what the user should know of that."""
        return None if self._whole is None else remark(self._foreseen, self._whole)

    @property
    def _whole(self) -> float | None:
        """The wall time, where everything that was foreseen was done, and nothing else."""
        surprised = self._followed and not self._foreseen.crops
        return None if self._failed or surprised or self.unfinished else self._summary.seconds


def _start_facts(
    plan: Plan, request: Request, settings: Settings, options: RunOptions, foreseen: Estimate
) -> dict[str, Any]:
    return {
        "format": 1,
        "version": __version__,
        "library": str(plan.library),
        "source": str(request.source) if request.source else None,
        "stages": {stage.name: stage.version for stage in request.every_stage},
        "jobs": len(plan.jobs),
        "skipped": len(plan.done),
        "planning_failures": [asdict(failure) for failure in plan.failures],
        "notes": plan.notes,
        "workers": foreseen.workers,
        "device": options.device,
        "engine": "ray" if options.cluster else "local",
        # What other machines took tells nothing of this one.
        "likeness": {} if options.cluster else likenesses(request.every_stage, settings, options.device),
        "estimate": foreseen.as_dict(),
        "settings": settings.model_dump(mode="json"),
    }


def _ensure_writable(library: Path) -> None:
    """Create the library where it is missing and prove that it can be written, once, before any work is done."""
    try:
        library.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=library):
            pass
    except OSError as error:
        raise _library_error(library, error) from error


def _library_error(library: Path, error: OSError) -> StoreError:
    general = store_error("write the library", library, error)
    return StoreError(general.what, general.why, f"{general.fix} The library is set by --library or paths.library.")


@contextmanager
def _interruptible(tell: Callable[[], None]) -> Iterator[Event]:
    """Yield an event that the first Ctrl-C (or SIGTERM) sets; the second raises KeyboardInterrupt."""
    stop = Event()

    def heard(_number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        tell()

    if current_thread() is not main_thread():  # signals can be handled there alone
        yield stop
        return
    before = {number: signal.signal(number, heard) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
