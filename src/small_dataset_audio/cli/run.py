"""``sda run``: the pipeline on a folder of recordings."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from small_dataset_audio.cli.console import as_called, plural, program_name
from small_dataset_audio.cli.options import AsJson, Skip, Stages, Workers, in_place_of
from small_dataset_audio.cli.session import Session, session_of
from small_dataset_audio.errors import EXIT_FAILED, EXIT_OK, UsageError
from small_dataset_audio.pipeline.logs import one_line

if TYPE_CHECKING:
    from small_dataset_audio.config.model import Settings
    from small_dataset_audio.pipeline.plan import Plan, Request
    from small_dataset_audio.pipeline.run import Summary
    from small_dataset_audio.pipeline.stage import Stage

ALL_STAGES = "all"
"""What a bare ``--force`` means; `cli.words` writes it out before the options are parsed."""


def names_of(text: str | None) -> list[str] | None:
    """Return the names in a comma-separated list, or None when it was not given."""
    return None if text is None else [name.strip() for name in text.split(",") if name.strip()]


def run(
    context: typer.Context,
    source: Annotated[
        Path | None,
        typer.Argument(help="Folder of recordings, or one recording. Default: paths.datasets.", metavar="SOURCE"),
    ] = None,
    library: Annotated[Path | None, typer.Option(help="Library folder. Default: paths.library.", metavar="DIR")] = None,
    stages: Stages = None,
    skip: Skip = None,
    force: Annotated[
        str | None, typer.Option(help="Run these stages again where they are done; 'all' for all.", metavar="A,B")
    ] = None,
    workers: Workers = None,
    engine: Annotated[str | None, in_place_of("pipeline.engine", "Where the work is done.", "local|ray")] = None,
    address: Annotated[
        str | None, in_place_of("pipeline.address", "The Ray cluster: auto, HOST:6379 or ray://HOST:10001.", "ADDRESS")
    ] = None,
    allow_truncated: Annotated[
        bool | None, typer.Option("--allow-truncated", help="Measure what is left of files that are cut short.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be done, and do nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Measure a folder of recordings.

    Brings recordings into the library, originals untouched, and runs every stage that is not done yet.
    """
    session = session_of(context)
    session.override(
        {
            "paths.library": ("--library", library),
            "pipeline.stages": ("--stages", names_of(stages)),
            "pipeline.skip": ("--skip", names_of(skip)),
            "pipeline.workers": ("--workers", workers),
            "pipeline.engine": ("--engine", engine),
            "pipeline.address": ("--address", address),
            "pipeline.allow_truncated": ("--allow-truncated", allow_truncated),
        }
    )
    session.check_environment(writes=not dry_run)  # its probes would touch the folders
    raise typer.Exit(run_pipeline(session, source, names_of(force) or [], dry_run=dry_run, as_json=as_json))


def run_pipeline(session: Session, source: Path | None, force: list[str], *, dry_run: bool, as_json: bool) -> int:
    """Return the exit status of a run, having shown its progress and result."""
    planned = planned_of(session, source, force)
    if planned is None:
        _say_where_music_goes(session, as_json=as_json)
        return EXIT_OK
    plan, request = planned
    if dry_run:
        _show_plan(session, plan, as_json=as_json)
        return EXIT_FAILED if plan.failures else EXIT_OK
    summary = carry_out_plan(session, plan, request)
    if as_json:
        session.print_json(summary.as_dict())
    else:
        show_summary(session, summary)
    return summary.exit_status


def carry_out_plan(session: Session, plan: "Plan", request: "Request") -> "Summary":
    """Return how the jobs of ``plan`` ended, with progress on stderr."""
    from small_dataset_audio.cli.progress import progress_display
    from small_dataset_audio.pipeline.run import RunOptions, carry_out
    from small_dataset_audio.pipeline.stages import ANALYZE
    from small_dataset_audio.pipeline.steps.beats import sentence
    from small_dataset_audio.pipeline.workers import asked_for

    settings = session.loaded.settings
    on_cluster = settings.pipeline.engine == "ray"
    wants_accelerator = any(stage.accelerator(settings) for stage in request.every_stage)
    wanted = not on_cluster and (wants_accelerator or session.device_was_named)
    device = session.choose_device().device.id if wanted else None
    if any(stage.name == ANALYZE.name for stage in request.stages):
        session.terminal.status(as_called(sentence(settings)))
    options = RunOptions(asked_for(settings), device, session.verbose, on_cluster)
    with progress_display(session.terminal, quiet=session.quiet) as display:
        return carry_out(plan, request, settings, options, display)


def planned_of(session: Session, source: Path | None, force: list[str]) -> "tuple[Plan, Request] | None":
    """Return what is left to do and what was asked for, or None when there is neither a recording nor a track to work on.

    Which stages cannot be run is said when nothing else can be wrong any more.
    """
    from small_dataset_audio.pipeline.plan import make_plan
    from small_dataset_audio.pipeline.stages import pick

    settings = session.loaded.settings
    if source is not None:
        _require_recordings(source, settings.paths.library)
    picked = pick(settings)
    request = _request_of(settings, source, picked.stages, force)
    planned = None if request is None else (make_plan(request, settings.paths.library, settings), request)
    if (note := picked.note()) is not None:
        session.terminal.status(as_called(note))
    return planned


def _request_of(
    settings: "Settings", source: Path | None, chosen: "tuple[Stage, ...]", force: list[str]
) -> "Request | None":
    from small_dataset_audio.dataset.organize import search
    from small_dataset_audio.pipeline.plan import has_tracks
    from small_dataset_audio.pipeline.stages import request_for

    forced = _forced(force, chosen)
    if source is None:
        datasets, library = settings.paths.datasets, settings.paths.library
        if datasets.is_dir() and search(datasets, library=library).paths:
            source = datasets
        elif not has_tracks(library):
            return None
    return request_for(source, chosen, forced, settings)


def _require_recordings(source: Path, library: Path) -> None:
    """Raise an error if what should be recordings is another library than the one to work on, or a track of it.

    Raises:
        UsageError: it is.
    """
    from small_dataset_audio.dataset.layout import Track, list_tracks

    if not source.is_dir() or source.resolve().is_relative_to(library.resolve()):
        return
    made = next((track for track in (Track(source), *list_tracks(source)) if track.info.exists()), None)
    if made is None:
        return
    place = made.folder.absolute().parent
    raise UsageError(
        f"{source} holds tracks of a library, such as {made.name}, and not recordings that are to become tracks.",
        "Their stems and crops would become tracks of their own.",
        f"`sda run --library {shlex.quote(str(place))}` works on that library. A SOURCE is a folder of recordings.",
    )


def _forced(names: list[str], chosen: "tuple[Stage, ...]") -> frozenset[str]:
    """Return the names of the stages to run again where they are done; they must be among those that run.

    Raises:
        UsageError: one is unknown, or is left out of this run.
    """
    from small_dataset_audio.pipeline.stages import stage

    running = frozenset(one.name for one in chosen)
    if ALL_STAGES in names:
        return running
    forced = frozenset(stage(name).name for name in names)
    if left_out := sorted(forced - running):
        raise UsageError(
            f"{', '.join(left_out)} cannot be forced.",
            "This run leaves it out: by --stages or --skip, or by the settings pipeline.stages and pipeline.skip.",
            "Name it among the stages to run, or leave it out of --force.",
        )
    return forced


def _say_where_music_goes(session: Session, *, as_json: bool) -> None:
    from small_dataset_audio.pipeline.run import Summary

    paths = session.loaded.settings.paths
    if as_json:
        session.print_json(Summary(paths.library).as_dict())
    else:
        session.terminal.result(
            f"Nothing to do yet: there are no recordings in {paths.datasets} and no tracks in {paths.library}.\n"
            f"Put music into {paths.datasets}, or name a folder: {program_name()} run ~/Music/tapes"
        )


def _show_plan(session: Session, plan: "Plan", *, as_json: bool) -> None:
    if as_json:
        from dataclasses import asdict

        session.print_json(
            {
                "library": str(plan.library),
                "jobs": [{"track": job.track.name, "stages": list(job.steps)} for job in plan.jobs],
                "skipped": plan.done,
                "failures": [asdict(failure) for failure in plan.failures],
                "notes": plan.notes,
            }
        )
        return
    show = session.terminal.result
    for job in plan.jobs:
        origin = f"  <- {job.incoming.source}" if job.incoming is not None else ""
        show(f"{job.track.name}: {', '.join(job.steps)}{origin}")
    for failure in plan.failures:
        _show_failure(session, failure.track, failure.stage, (failure.what, failure.why, failure.fix))
    for note in plan.notes:
        session.terminal.warn(note)
    show(
        f"\nDry run: {plural(len(plan.jobs), 'track')} to do, {len(plan.done)} done already, "
        f"{len(plan.failures)} that cannot be planned. Nothing was written."
    )


def show_summary(session: Session, summary: "Summary") -> None:
    """Write how a run ended: warnings, failures, counts, where things are."""
    show = session.terminal.result
    for warning in summary.warnings:
        session.terminal.warn(warning)
    for failure in summary.failures:
        _show_failure(session, failure.track, failure.stage, (failure.what, failure.why, failure.fix))
    parts = [f"{plural(len(summary.done), 'track')} done"]
    if summary.crops:
        parts.append(f"{plural(len(summary.crops), 'crop')} measured")
    if summary.skipped:
        parts.append(f"{len(summary.skipped)} had nothing left to do")
    if summary.failures:
        parts.append(f"{len({failure.track for failure in summary.failures})} failed")
    if summary.interrupted:
        parts.append(f"{summary.unfinished} not finished: run the same command again to go on")
    show(f"{', '.join(parts)} ({summary.seconds:.1f} s).")
    if summary.remark is not None:
        show(summary.remark)
    show(f"Library: {summary.library}")
    if summary.log is not None:
        show(f"Run log: {summary.log}")


def _show_failure(session: Session, track: str, stage: str, sentences: tuple[str, str, str]) -> None:
    what, why, fix = sentences
    session.terminal.result(one_line(f"FAILED {track} ({stage})"), "red")
    session.terminal.result(f"  {what}\n  Why: {why}\n  Fix: {as_called(fix)}")
