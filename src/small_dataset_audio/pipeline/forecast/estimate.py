"""What a run will need, all stages together, and afterwards how far off that was."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, get_args

from small_dataset_audio.audio.probe import probe
from small_dataset_audio.config.model import Settings
from small_dataset_audio.errors import SdaError
from small_dataset_audio.pipeline.forecast.crops import expected_of
from small_dataset_audio.pipeline.forecast.lanes import Step, wall_seconds
from small_dataset_audio.pipeline.forecast.machine import Machine
from small_dataset_audio.pipeline.forecast.stage import Bound, StageEstimate, StageForecast, gib
from small_dataset_audio.pipeline.plan import Plan
from small_dataset_audio.pipeline.stage import Job, Stage
from small_dataset_audio.pipeline.workers import fitting, worker_count

LOOKED_INTO: Final = 200
"""Of a large library about so many headers are read, evenly spread: that of an MP3 takes reading all of it."""
START_SECONDS: Final = 1.0
"""What it takes to start the workers."""
MANY_CROPS: Final = 10_000
"""More crops than these are not played through one by one: there are enough tracks to keep all workers busy."""
WORTH_SAYING: Final = 60.0
"""Nobody plans around a run that is shorter than this, in seconds."""


@dataclass(frozen=True)
class Estimate:
    """What a run will need.

    Attributes:
        tracks: how many have something left to do.
        workers: processes that share the work.
        stages: by stage, in order.
        seconds: wall time; None where a stage's is not known.
        low: at least about that long.
        high: at most about that long.
        durations: track folder -> seconds of its recording, of those whose header was read.
        work: (track folder, stage) -> seconds of work, of those jobs whose recording's header was read.
    """

    tracks: int = 0
    workers: int = 0
    stages: tuple[StageEstimate, ...] = ()
    seconds: float | None = 0.0
    low: float | None = 0.0
    high: float | None = 0.0
    durations: Mapping[Path, float] = field(default_factory=dict, repr=False)
    work: Mapping[tuple[Path, str], float] = field(default_factory=dict, repr=False)

    @property
    def crops(self) -> int:
        """How many crops are counted in that do not exist yet."""
        return max((stage.crops for stage in self.stages), default=0)

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON shape of ``sda plan``."""
        return {
            "tracks": self.tracks,
            "workers": self.workers,
            "stages": [stage.as_dict() for stage in self.stages],
            "seconds": self.seconds,
            "low": self.low,
            "high": self.high,
        }


def estimate(
    plan: Plan,
    stages: Sequence[Stage],
    settings: Settings,
    machine: Machine,
    asked: int | None = None,
    crop_stages: Sequence[Stage] = (),
) -> Estimate:
    """Return what the jobs of ``plan`` will need. Headers of some recordings are read, nothing else.

    Args:
        plan: what is left to do.
        stages: the stages of the run, in order.
        settings: theirs.
        machine: what is known of it.
        asked: how many workers the user wants; None lets the machine decide.
        crop_stages: those of them that go over the crops that the stage crop will make.
    """
    if not plan.jobs:
        return Estimate()
    known = _durations(plan.jobs)
    # Recordings whose header tells no duration, or was not looked into, are taken to be as long as the others on average.
    usual = sum(known.values()) / len(known) if known else 0.0
    audio = {job.track.folder: known.get(job.track.folder, usual) for job in plan.jobs} if known else {}
    crops = expected_of(plan.jobs, audio, settings.crops) if crop_stages else {}
    names = {stage.name for stage in crop_stages}
    every = [
        StageForecast(stage, plan.jobs, settings, machine, audio, crops if stage.name in names else {})
        for stage in stages
    ]
    busy = [one for one in every if one.jobs or one.crops]
    held = [_held(job, busy, audio) for job in plan.jobs]
    workers = worker_count(len(plan.jobs), asked, memory=machine.host, held=held)
    told = tuple(one.estimate(_too_many(workers, held, machine.host.free)) for one in busy)
    work = {
        (job.track.folder, one.stage.name): seconds
        for one in busy
        for job in one.jobs
        if job.track.folder in known and (seconds := one.work(job)) is not None
    }
    seconds, low, high = (_wall(plan.jobs, busy, workers, bound) for bound in get_args(Bound))
    return Estimate(len(plan.jobs), workers, told, seconds, low, high, known, work)


def compared(foreseen: Estimate, took: Mapping[tuple[Path, str], float], seconds: float | None) -> dict[str, Any]:
    """Return how far off an estimate was, for the run log.

    Args:
        foreseen: the estimate.
        took: (track folder, stage) -> seconds of work, of the steps that went well.
        seconds: wall time; None where not everything was done, so that it tells nothing.
    """
    stages: dict[str, tuple[float, float]] = {}
    for step, real in took.items():
        if (expected := foreseen.work.get(step)) is not None:
            before = stages.get(step[1], (0.0, 0.0))
            stages[step[1]] = before[0] + expected, before[1] + real
    return {
        "stages": {name: _off(*sums) for name, sums in stages.items()},
        "run": None if foreseen.seconds is None or seconds is None else _off(foreseen.seconds, seconds),
    }


def remark(foreseen: Estimate, seconds: float) -> str | None:
    """Return what a user should know of an estimate that was wrong, as a sentence; None where it was right or too small.

    Args:
        foreseen: the estimate.
        seconds: wall time of the whole run.
    """
    low, middle, high = foreseen.low, foreseen.seconds, foreseen.high
    if low is None or middle is None or high is None or max(seconds, middle) < WORTH_SAYING or low <= seconds <= high:
        return None
    return f"It took {seconds / middle:.1f} times as long as foreseen; the next estimate goes by this run as well."


def track_seconds(audio: Path | None) -> float | None:
    """Return how long a recording is by its header, or None where that is not told."""
    if audio is None:
        return None
    try:
        return probe(audio).seconds or None
    except SdaError:
        return None


def _durations(jobs: Sequence[Job]) -> dict[Path, float]:
    """Return track folder -> seconds, of jobs evenly spread over all."""
    told = {job.track.folder: track_seconds(_recording(job)) for job in jobs[:: max(1, len(jobs) // LOOKED_INTO)]}
    return {folder: seconds for folder, seconds in told.items() if seconds is not None}


def _recording(job: Job) -> Path | None:
    """Return the file that a job is about, or None where the track's folder cannot be read."""
    if job.incoming is not None:
        return job.incoming.source
    try:
        return job.track.mix
    except SdaError:
        return None


def _held(job: Job, forecasts: Sequence[StageForecast], audio: Mapping[Path, float]) -> int:
    """Return the bytes that a worker on the host holds for a job, as far as that is known."""
    seconds = audio.get(job.track.folder, 0.0)
    on_host = [one for one in forecasts if one.on_host]
    own = [one.memory(seconds) or 0 for one in on_host if one.stage.name in job.steps]
    of_crops = [one.memory(made.each) or 0 for one in on_host if (made := one.crops.get(job.track.folder)) is not None]
    return max((*own, *of_crops), default=0)


def _too_many(workers: int, held: Sequence[int], free: int) -> str | None:
    """Return why so many workers do not fit into the host's memory at the same time, or None where they do."""
    fit = max(1, fitting(free, held))
    if fit >= workers:
        return None
    largest = sum(sorted(held, reverse=True)[:workers])
    return (
        f"{workers} workers need {gib(largest)} together where they meet the longest recordings, and {gib(free)} are free: "
        f"run with --workers {fit}."
    )


def _wall(jobs: Sequence[Job], forecasts: Sequence[StageForecast], workers: int, bound: Bound) -> float | None:
    """Return the wall time of all jobs, or None where the time of one of their stages is not known."""
    if any(one.pace is None for one in forecasts):
        return None
    by_name = {one.stage.name: one for one in forecasts}
    over_crops = [one for one in forecasts if one.crops]
    split = sum(made.count for one in over_crops for made in one.crops.values()) <= MANY_CROPS
    every = []
    for job in jobs:
        steps = []
        for name in job.steps:
            seconds = by_name[name].work(job, bound)
            if seconds is None:
                return None
            steps.append(Step(seconds, by_name[name].on_accelerator))
        every.append(steps)
        every.extend(_of_crops(job, over_crops, bound, split=split))
    opening = sum(one.pace.opening for one in forecasts if one.pace is not None)
    return START_SECONDS + opening + wall_seconds(every, workers)


def _of_crops(job: Job, forecasts: Sequence[StageForecast], bound: Bound, *, split: bool) -> list[list[Step]]:
    """Return the steps of the crops that a job will make, of each crop or of all of them together."""
    busy = [(one, made) for one in forecasts if (made := one.crops.get(job.track.folder)) is not None]
    if not busy:
        return []
    made = busy[0][1]
    count, seconds = (made.count, made.each) if split else (1, made.seconds)
    return [[Step(one.work_on(seconds, bound) or 0.0, one.on_accelerator) for one, _ in busy]] * count


def _off(foreseen: float, took: float) -> dict[str, Any]:
    """Return a foreseen and a real duration with their ratio."""
    ratio = round(took / foreseen, 3) if foreseen > 0 else None
    return {"foreseen": round(foreseen, 3), "took": round(took, 3), "ratio": ratio}
