"""``sda plan``: what a run would need on this machine, before it is started."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from small_dataset_audio.cli.console import plural
from small_dataset_audio.cli.options import AsJson, Skip, Stages, Workers
from small_dataset_audio.cli.run import ALL_STAGES, names_of, planned_of
from small_dataset_audio.cli.session import Session, session_of
from small_dataset_audio.errors import EXIT_FAILED, EXIT_OK, StoreError

if TYPE_CHECKING:
    from small_dataset_audio.pipeline.forecast.estimate import Estimate
    from small_dataset_audio.pipeline.forecast.stage import StageEstimate
    from small_dataset_audio.pipeline.plan import Plan, Request

_MINUTE: Final = 60.0
_HOUR: Final = 3600.0
_DAY: Final = 24
"""Hours."""


def plan(
    context: typer.Context,
    library: Annotated[
        Path | None, typer.Argument(help="Library folder. Default: what `sda run` would work on.", metavar="LIBRARY")
    ] = None,
    source: Annotated[
        Path | None, typer.Option(help="Recordings to bring in: a folder, or one of them.", metavar="PATH")
    ] = None,
    stages: Stages = None,
    skip: Skip = None,
    workers: Workers = None,
    everything: Annotated[bool, typer.Option("--all", help="Also what is done already, as if nothing were.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say what a run will need on this machine.

    Time and memory of every stage, and whether it fits: by the run logs, the machine profile (`sda benchmark`) and what
    stages declare. Nothing is written.
    """
    session = session_of(context)
    session.override(
        {
            "paths.library": ("LIBRARY", library),
            "pipeline.stages": ("--stages", names_of(stages)),
            "pipeline.skip": ("--skip", names_of(skip)),
            "pipeline.workers": ("--workers", workers),
        }
    )
    session.check_environment(writes=False)
    if library is not None and source is None:
        source = session.loaded.settings.paths.library
        _require_library(source)
    raise typer.Exit(_plan(session, source, [ALL_STAGES] if everything else [], as_json=as_json))


def _require_library(folder: Path) -> None:
    """Raise an error if a library that was named is none.

    Raises:
        StoreError: it is missing, is a file, or holds no track.
    """
    from small_dataset_audio.pipeline.plan import has_tracks

    if folder.is_dir() and has_tracks(folder):
        return
    why = "There are no tracks in it." if folder.is_dir() else "A library is a folder, and this is a file."
    raise StoreError(
        f"{folder} is no library.",
        why if folder.exists() else "There is no such folder.",
        "Name a folder that `sda run` made. Recordings that are not in a library yet: `sda plan --source FOLDER`.",
    )


def _plan(session: Session, source: Path | None, force: list[str], *, as_json: bool) -> int:
    """Return the exit status, having shown what a run will need."""
    from small_dataset_audio.pipeline.forecast.estimate import Estimate
    from small_dataset_audio.pipeline.plan import Plan

    settings = session.loaded.settings
    planned = planned_of(session, source, force)
    notes: list[str] = []
    if planned is None:
        jobs, found = Plan(settings.paths.library), Estimate()
    else:
        jobs, request = planned
        found, notes = _foresee(session, jobs, request)
    if as_json:
        session.print_json(_document(session, jobs, found, notes))
    elif planned is None:
        paths = settings.paths
        session.terminal.result(
            f"Nothing to do: there are no recordings in {paths.datasets} and no tracks in {paths.library}."
        )
    else:
        _show(session, jobs, found, notes)
    return EXIT_FAILED if jobs.failures else EXIT_OK


def _foresee(session: Session, jobs: "Plan", request: "Request") -> "tuple[Estimate, list[str]]":
    """Return what the jobs will need, and what the user should know about it.

    Torch is imported only where a stage wants the accelerator, to see what memory that has.
    """
    from small_dataset_audio.pipeline.forecast.estimate import estimate
    from small_dataset_audio.pipeline.forecast.machine import look_around
    from small_dataset_audio.pipeline.workers import asked_for

    settings = session.loaded.settings
    wanted = {stage.name for stage in request.every_stage if stage.accelerator(settings)}
    accelerated = any(wanted & set(job.steps) for job in jobs.jobs)
    device = session.choose_device().device if accelerated or session.device_was_named else None
    machine = look_around(
        settings, request.every_stage, None if device is None else device.id, None if device is None else device.memory
    )  # fmt: skip
    found = estimate(jobs, request.every_stage, settings, machine, asked_for(settings), request.crop_stages)
    notes = list(machine.notes)
    if machine.profile is None and any(one.basis == "none" for one in found.stages):
        notes.append("This machine was not measured yet: `sda benchmark` tells how long what never ran will take.")
    return found, notes


def _document(session: Session, jobs: "Plan", found: "Estimate", notes: list[str]) -> dict[str, Any]:
    from dataclasses import asdict

    hardware = session.loaded.settings.hardware
    return {
        "library": str(jobs.library),
        "done": len(jobs.done),
        **found.as_dict(),
        "training": {"max_batch_size": hardware.max_batch_size, "best_batch_size": hardware.best_batch_size},
        "failures": [asdict(failure) for failure in jobs.failures],
        "notes": [*jobs.notes, *notes],
    }


def _show(session: Session, jobs: "Plan", found: "Estimate", notes: list[str]) -> None:
    """Write what a run will need: the whole, then a stage a row."""
    say = session.terminal.result
    for note in [*jobs.notes, *notes]:
        session.terminal.warn(note)
    for failure in jobs.failures:
        session.terminal.warn(f"{failure.track} cannot be planned. {failure.what} {failure.fix}")
    if found.stages:
        audio = sum(found.durations.values()) if len(found.durations) == found.tracks else None
        told = "" if audio is None else f" ({duration(audio)} of audio)"
        hands, done = plural(found.workers, "worker"), f"{len(jobs.done)} done already"
        say(f"{plural(found.tracks, 'track')} to do{told} on {hands}; {done}.")
        if found.seconds is not None:
            say(f"In all about {spread(found.seconds, found.low, found.high)}.")
        say()
        session.terminal.table(("stage", "tracks", "work", "memory", ""), [_row(one) for one in found.stages], free=4)
        if found.crops:
            say(
                f"\nAbout {plural(found.crops, 'crop')} will be cut and measured: estimated from the length of the recordings and "
                "counted in."
            )
    else:
        say(f"Nothing to do: {plural(len(jobs.done), 'track')} done already.")
    hardware = session.loaded.settings.hardware
    if hardware.max_batch_size is not None:
        best = "" if hardware.best_batch_size is None else f", the fastest {hardware.best_batch_size}"
        say(f"\nTraining: the largest batch that fits is {hardware.max_batch_size}{best} (by `sda benchmark`).")


def _row(one: "StageEstimate") -> tuple[str, str, str, str, str]:
    work = "not known" if one.work_seconds is None else spread(one.work_seconds, one.low, one.high)
    memory = "not known" if one.memory_bytes is None else f"{one.memory_bytes / 2**30:.1f} GiB"
    where = "" if one.device in {None, "cpu"} else f" on {one.device}"
    crops = f" + {plural(one.crops, 'crop')}" if one.crops else ""
    return one.stage, f"{one.tracks}{crops}", f"{work}{where}", memory, one.why


def spread(value: float, low: float | None, high: float | None) -> str:
    """Return a duration with its bounds, where they say something else."""
    if low is None or high is None or duration(low) == duration(high):
        return duration(value)
    return f"{duration(value)} ({duration(low)} to {duration(high)})"


def duration(seconds: float) -> str:
    """Return a duration in words: "75 s", "3 min", "2 h 5 min", "30 h"."""
    if round(seconds) < 2 * _MINUTE:
        return f"{max(1, round(seconds))} s"
    hours, minutes = divmod(round(seconds / _MINUTE), 60)
    if not hours:
        return f"{minutes} min"
    if hours >= _DAY:
        return f"{round(seconds / _HOUR)} h"
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"
