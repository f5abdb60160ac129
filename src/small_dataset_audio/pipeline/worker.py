"""What happens inside a worker: a stage is opened once, and every step ends as a result, never as a crash."""

import logging
import os
import resource
import sys
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from small_dataset_audio.dataset.identity import AudioIdentity, audio_identity
from small_dataset_audio.dataset.info import StageRecord, safe_update
from small_dataset_audio.dataset.lock import track_lock
from small_dataset_audio.dataset.series import remove_series, write_series
from small_dataset_audio.dataset.times import remove_times, write_times
from small_dataset_audio.errors import SdaError, StoreError
from small_dataset_audio.pipeline.follow_up import fit_for
from small_dataset_audio.pipeline.logs import log_to_stderr
from small_dataset_audio.pipeline.plan import Failure
from small_dataset_audio.pipeline.stage import Bench, Job, Outcome, Stage, Work

_log = logging.getLogger(__name__)
_opened: dict[tuple[str, str, str | None], Work] = {}


@dataclass(frozen=True)
class StepResult:
    """What one stage did to one track, as it travels back to the engine and into the run log.

    Attributes:
        job: the track's job; its ``steps`` start with this step.
        stage: the stage's name.
        seconds: how long it took, opening included.
        opening: how long of that it took until the stage was ready: imports, and models that are loaded once a worker.
        peak_bytes: the worker's highest resident memory so far.
        worker: the worker's process id.
        failure: what went wrong, or None.
        absent: what could not be measured, and why.
        warnings: sentences for the user.
        follow_up: folders of tracks that the stage made.
        trace: the traceback of an unexpected fault, for ``--verbose`` and the run log.
        accelerated: the stage computes on the accelerator.
        node: the machine of a cluster that did it; None where that is this one.
    """

    job: Job
    stage: str
    seconds: float
    peak_bytes: int
    worker: int
    failure: Failure | None = None
    absent: tuple[tuple[str, str], ...] = ()
    warnings: tuple[str, ...] = ()
    follow_up: tuple[Path, ...] = ()
    trace: str | None = None
    opening: float = 0.0
    accelerated: bool = False
    node: str | None = None


def start(verbose: bool = False) -> None:  # noqa: FBT001, FBT002 - the pool hands over positional arguments
    """Prepare a worker process: it logs to stderr."""
    log_to_stderr(verbose=verbose)


def perform(name: str, job: Job, bench: Bench) -> StepResult:
    """Return what the stage ``name`` did to the track of ``job``; its outcome is in ``.INFO`` by then."""
    started = time.perf_counter()
    result = StepResult(job, name, 0.0, 0, os.getpid())
    try:
        chosen = bench.stage(name)
        result = replace(result, accelerated=chosen.accelerator(bench.settings))
        work = _ready(chosen, bench)
        result = replace(result, opening=time.perf_counter() - started)
        outcome = _carry_out(chosen, work, job, bench, started)
        result = replace(
            result,
            job=replace(job, track=outcome.track or job.track),
            absent=tuple(outcome.absent.items()),
            warnings=outcome.warnings,
            follow_up=outcome.follow_up,
        )
    except SdaError as error:
        result = replace(result, failure=Failure.of(job.track.name, name, error))
    except MemoryError:
        result = replace(result, failure=_out_of_memory(job.track.name, name))
    except Exception as error:  # noqa: BLE001 - the one boundary that turns a fault into a record
        _log.debug("unexpected fault in %s", name, exc_info=True)
        result = replace(fault(name, job, error), opening=result.opening)
    return replace(result, seconds=time.perf_counter() - started, peak_bytes=peak_memory())


def peak_memory() -> int:
    """Return the highest resident memory of this process so far, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _ready(chosen: Stage, bench: Bench) -> Work:
    """Return a stage, opened; this worker does it once."""
    key = (bench.registry, chosen.name, bench.device)
    if key not in _opened:
        _opened[key] = chosen.open(bench)
    return _opened[key]


def _carry_out(chosen: Stage, work: Work, job: Job, bench: Bench, started: float) -> Outcome:
    if not chosen.records:
        return work(job)
    basis = _basis(chosen, job)
    outcome = fit_for(job.track, work(job))
    if outcome.done:
        _record(chosen, job, bench, outcome, basis, time.perf_counter() - started)
    return outcome


_Basis = tuple[AudioIdentity, Mapping[str, str]]
"""What a stage works on: the recording, and the other files that its result depends on."""


def _basis(chosen: Stage, job: Job) -> _Basis:
    return audio_identity(job.track), chosen.inputs(job.track, True)


def _record(chosen: Stage, job: Job, bench: Bench, outcome: Outcome, basis: _Basis, seconds: float) -> None:
    """Write a stage's outcome: its sidecars first and ``.INFO`` last, since that is what says that it is done.

    Raises:
        StoreError: the recording or a stem is not the one any more that the stage worked on; nothing is written then.
    """
    with track_lock(job.track.folder):
        if _basis(chosen, job) != basis:
            raise StoreError(
                f"The recording of {job.track.name} was replaced while {chosen.name} worked on it.",
                f"Another program wrote {job.track.mix}, or a stem beside it.",
                "Run the same command again: it works on the recording that is there now.",
            )
        for suffix, times in outcome.times.items():
            if times is None:
                remove_times(job.track.sidecar(suffix))
            else:
                write_times(job.track.sidecar(suffix), times)
        for suffix, series in outcome.series.items():
            if series is None:
                remove_series(job.track.sidecar(suffix))
            else:
                write_series(job.track.sidecar(suffix), series)
        record = StageRecord(
            name=chosen.name,
            version=chosen.version,
            settings_hash=chosen.settings_hash(bench.settings),
            audio_sha256=basis[0]["sha256"],
            inputs=basis[1],
            notes=outcome.notes,
            seconds=round(seconds, 3),
            model_sha256=chosen.model_sha256(bench.settings),
            absent=outcome.absent,
            files=outcome.written,
        )
        safe_update(job.track.info, outcome.values, stage=record)


def _out_of_memory(track: str, name: str) -> Failure:
    return Failure(
        track,
        name,
        f"{name} ran out of memory on {track}.",
        "The recording and its transforms did not fit into the memory that is free.",
        "Run with fewer workers (--workers 1), close other programs, or split the recording.",
    )


def fault(name: str, job: Job, error: Exception) -> StepResult:
    """Return that the stage ``name`` ended in an error that no room foresaw."""
    track = job.track.name
    failure = Failure(
        track,
        name,
        f"{name} failed on {track} in a way that sda does not know.",
        f"{type(error).__name__}: {error}",
        "Nothing was written for this track. Please report it with the run log, which holds the details.",
    )
    return StepResult(job, name, 0.0, 0, os.getpid(), failure, trace="".join(traceback.format_exception(error)))
