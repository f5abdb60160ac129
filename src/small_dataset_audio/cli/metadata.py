"""``sda metadata``: who made a recording, when, on which record, and what services call it."""

import contextlib
import time
from functools import partial
from typing import TYPE_CHECKING, Annotated, Final

import typer

from small_dataset_audio.cli.metadata_view import cannot_be_named, show_file, show_known, show_previews
from small_dataset_audio.cli.one_stage import (
    check_places,
    conclude,
    each,
    exit_status,
    failures_as_json,
    only,
    plan_for,
    run_on,
    show_failures,
)
from small_dataset_audio.cli.options import AsJson, Paths, in_place_of
from small_dataset_audio.cli.run import names_of
from small_dataset_audio.cli.session import Session, session_of
from small_dataset_audio.errors import SdaError

if TYPE_CHECKING:
    from pathlib import Path

    from small_dataset_audio.cli.targets import Targets
    from small_dataset_audio.dataset.layout import Track
    from small_dataset_audio.dataset.metadata.collect import Collector
    from small_dataset_audio.pipeline.metadata_preview import Preview

_STAGE: Final = "metadata"


def metadata(
    context: typer.Context,
    paths: Paths = None,
    sources: Annotated[
        str | None,
        in_place_of("metadata.sources", "Where to look, in this order.", "tags,musicbrainz,acoustid,spotify,tidal"),
    ] = None,
    normalise_names: Annotated[
        bool | None, typer.Option("--normalise-names", help="Rename track folders to names that T5 can read.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")] = False,
    force: Annotated[str | None, typer.Option(help="Look again, and ask services again.", metavar="")] = None,
    as_json: AsJson = False,
) -> None:
    """Look up artists, album, date and identifiers.

    Reads the recordings' own tags, and asks the services that --sources or the settings name; no other. What you wrote
    into .INFO yourself is never changed. Recordings that are in no library are shown, and nothing is written.
    """
    session = session_of(context)
    session.override(
        {
            "metadata.sources": ("--sources", names_of(sources)),
            "metadata.normalise_names": ("--normalise-names", normalise_names),
        }
    )
    from small_dataset_audio.cli.targets import targets_without_crops

    targets = targets_without_crops(
        paths or [session.loaded.settings.paths.library],
        "Crops have their metadata from their track.",
        "Name the folder of its track, or a library; `sda crop` hands on what is new.",
    )
    check_places(session, targets, writes=not dry_run)
    only(session, _STAGE)
    work = _dry_run if dry_run else _run
    raise typer.Exit(work(session, targets, force=force is not None, as_json=as_json))


def _collector(session: Session) -> "Collector":
    from small_dataset_audio.pipeline.steps.metadata import opened_collector

    return opened_collector(session.loaded.settings)


def _run(session: Session, targets: "Targets", *, force: bool, as_json: bool) -> int:
    from small_dataset_audio.dataset.info import read_info
    from small_dataset_audio.pipeline.metadata_preview import file_metadata

    began = time.monotonic()
    summaries = run_on(session, _STAGE, targets.tracks, force=force)
    collector = _collector(session)
    files, failures = each(session, targets.files, lambda file: file_metadata(file, collector, fresh=force))
    going_on = not any(summary.interrupted for summary in summaries)
    renamed, unable = _rename(session, targets) if going_on else ([], [])
    failures += unable
    if as_json:
        session.print_json(
            {
                "libraries": [summary.as_dict() for summary in summaries],
                "files": [one.as_dict() for one in files],
                "failures": failures_as_json(failures),
                "renamed": [{"before": before.name, "after": after.name} for before, after in renamed],
                "seconds": round(time.monotonic() - began, 3),
            }
        )
        return exit_status(summaries, failed=bool(failures))
    now = dict(renamed)
    for before, after in renamed:
        session.terminal.result(f"{before.name} is called {after.name} now.")
    tracks = [now.get(track, track) for named in targets.tracks.values() for track in named]
    if tracks:
        with contextlib.suppress(SdaError):  # the run has said so
            show_known(session, [read_info(track.info) for track in tracks])
    return conclude(session, summaries, files, failures, began=began, show=partial(show_file, session))


def _rename(session: Session, targets: "Targets") -> "tuple[list[tuple[Track, Track]], list[tuple[Path, SdaError]]]":
    """Complete renamings that were cut short and rename what the settings ask for; return those, and what could not be done."""
    from small_dataset_audio.dataset.metadata.renaming import finish, rename, renaming_of

    wanted = session.loaded.settings.metadata.normalise_names
    renamed, failures = [], []
    for track in (track for tracks in targets.tracks.values() for track in tracks):
        try:
            finish(track)
            renaming = renaming_of(track) if wanted else None
            if renaming is not None and renaming.name is not None:
                renamed.append((track, rename(track, renaming.name)))
            elif renaming is not None:
                session.terminal.warn(cannot_be_named(track))
        except SdaError as error:
            failures.append((track.folder, error))
    return renamed, failures


def _dry_run(session: Session, targets: "Targets", *, force: bool, as_json: bool) -> int:
    from small_dataset_audio.pipeline.metadata_preview import file_metadata

    collector = _collector(session)
    previews, skipped, failures = _previews(session, targets, collector, force=force)
    files, unread = each(session, targets.files, lambda file: file_metadata(file, collector, fresh=force))
    failures += unread
    if as_json:
        session.print_json(
            {
                "tracks": [one.as_dict() for one in previews],
                "skipped": skipped,
                "files": [one.as_dict() for one in files],
                "failures": failures_as_json(failures),
            }
        )
    else:
        show_previews(session, previews, skipped)
        for file in files:
            show_file(session, file)
        show_failures(session, failures)
    return exit_status([], failed=bool(failures))


def _previews(
    session: Session, targets: "Targets", collector: "Collector", *, force: bool
) -> "tuple[list[Preview], list[str], list[tuple[Path, SdaError]]]":
    """Return what would become of tracks, the names of those with nothing left to do, and what could not be looked at."""
    from small_dataset_audio.pipeline.metadata_preview import preview

    renames = session.loaded.settings.metadata.normalise_names
    previews: list[Preview] = []
    skipped: list[str] = []
    failures: list[tuple[Path, SdaError]] = []
    for library, tracks in targets.tracks.items():
        plan, _ = plan_for(session, _STAGE, library, tracks, force=force)
        pending = {job.track for job in plan.jobs}
        failures += [(library / one.track, SdaError(one.what, one.why, one.fix)) for one in plan.failures]
        unplanned = {one.track for one in plan.failures}
        for track in (track for track in tracks if track.name not in unplanned):
            try:
                one = preview(track, collector, looks=track in pending, fresh=force, renames=renames)
            except SdaError as error:
                failures.append((track.folder, error))
                continue
            if track in pending or one.renaming is not None:
                previews.append(one)
            else:
                skipped.append(track.name)
    return previews, skipped, failures
