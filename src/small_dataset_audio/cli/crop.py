"""``sda crop``: pieces of training length, of a library, a track, or recordings that are in no library."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from small_dataset_audio.cli.console import plural
from small_dataset_audio.cli.one_stage import (
    FAILURES_SCHEMA,
    LIBRARIES_SCHEMA,
    exit_status,
    failures_as_json,
    only,
    run_on,
    show_failures,
)
from small_dataset_audio.cli.run import show_summary
from small_dataset_audio.cli.session import Session, session_of
from small_dataset_audio.errors import SdaError, UsageError

if TYPE_CHECKING:
    from small_dataset_audio.cli.targets import Targets
    from small_dataset_audio.pipeline.crop_files import FileCrops

_STAGE = "crop"
_TEXT = {"type": "string"}
_COUNT = {"type": "integer", "minimum": 0}
_FILE: dict[str, Any] = {
    "file": _TEXT,
    "folder": {"type": "string", "description": "The folder that holds the folder of its crops."},
    "crops": {"type": "array", "items": _TEXT, "description": "The folders of its crops, in order."},
    "written": {**_COUNT, "description": "How many of them were made now."},
    "silent": {**_COUNT, "description": "Crops that were left out because they are silent."},
    "aligned": {"type": "boolean", "description": "Whether they were cut on downbeats."},
    "warnings": {"type": "array", "items": _TEXT},
}

CROP_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "sda crop",
    "type": "object",
    "properties": {
        "libraries": LIBRARIES_SCHEMA,
        "files": {
            "type": "array",
            "items": {"type": "object", "properties": _FILE, "required": [*_FILE], "additionalProperties": False},
        },
        "failures": FAILURES_SCHEMA,
        "seconds": {"type": "number"},
    },
    "required": ["libraries", "files", "failures", "seconds"],
    "additionalProperties": False,
}


def crop(
    context: typer.Context,
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Library, track folders, or recordings. Default: paths.library.", metavar="PATH..."),
    ] = None,
    seconds: Annotated[str | None, typer.Option(help="The longest crop, in seconds.", metavar="S")] = None,
    samples: Annotated[str | None, typer.Option(help="The longest crop, in samples.", metavar="N")] = None,
    sequential: Annotated[
        bool, typer.Option("--sequential", help="All of exactly that length, wherever the beats are.")
    ] = False,
    four_bars: Annotated[
        bool | None, typer.Option("--four-bars", help="Only whole bars, their number divisible by four.")
    ] = None,
    overlap: Annotated[
        bool | None, typer.Option("--overlap", help="Let each begin halfway through the one before.")
    ] = None,
    fade: Annotated[str | None, typer.Option(help="The fade at both ends; 0 for none.", metavar="MS")] = None,
    skip_stems: Annotated[bool | None, typer.Option("--skip-stems", help="Crop the mix only.")] = None,
    output: Annotated[
        Path, typer.Option(help="Where the crops of recordings go that are in no library.", metavar="DIR")
    ] = Path(),
    force: Annotated[str | None, typer.Option(help="Make crops anew that are there.", metavar="")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Cut tracks into pieces of training length.

    The crops of a track lie in its folder, in crops, each with its own measurements; those of other recordings in --output.
    Crops that are there are kept, unless --force asks for new ones. Nothing that sda did not make is ever replaced.
    """
    session = session_of(context)
    if sequential and four_bars:
        raise UsageError(
            "--sequential and --four-bars exclude each other.",
            "Sequential crops take no notice of bars.",
            "Leave one of them out.",
        )
    session.override(
        {
            "crops.seconds": ("--seconds", seconds),
            "crops.samples": ("--samples", samples),
            "crops.beat_aligned": ("--sequential", False if sequential else None),
            "crops.four_bars": ("--four-bars", four_bars),
            "crops.overlap": ("--overlap", overlap),
            "crops.fade_ms": ("--fade", fade),
            "crops.skip_stems": ("--skip-stems", skip_stems),
        }
    )
    session.check_environment()
    only(session, _STAGE)
    began = time.monotonic()
    targets = _targets(paths or [session.loaded.settings.paths.library])
    # As of `sda run`: a bare --force is given a value before options are parsed.
    again = force is not None
    summaries = run_on(session, _STAGE, targets.tracks, force=again)
    files, failures = _crop_files(session, targets.files, output, force=again)
    if as_json:
        session.print_json(
            {
                "libraries": [summary.as_dict() for summary in summaries],
                "files": [one.as_dict() for one in files],
                "failures": failures_as_json(failures),
                "seconds": round(time.monotonic() - began, 3),
            }
        )
    else:
        for summary in summaries:
            show_summary(session, summary)
        _show_files(session, files)
        show_failures(session, failures)
    raise typer.Exit(exit_status(summaries, failed=bool(failures)))


def _targets(paths: list[Path]) -> "Targets":
    """Return what is to be cut.

    Raises:
        UsageError: there is nothing, or a crop is named: these are not cut again.
    """
    from small_dataset_audio.cli.targets import targets_of
    from small_dataset_audio.dataset.crops.places import is_crop

    targets = targets_of(paths)
    for track in (track for tracks in targets.tracks.values() for track in tracks):
        if is_crop(track):
            raise UsageError(
                f"{track.folder} is a crop.",
                "Crops are cut from tracks and recordings, not from crops.",
                "Name the folder of its track, or a library.",
            )
    return targets


def _crop_files(
    session: Session, files: list[Path], output: Path, *, force: bool
) -> "tuple[list[FileCrops], list[tuple[Path, SdaError]]]":
    """Return the crops of ``files``, and what could not be cut or measured and why."""
    done: list[FileCrops] = []
    failures: list[tuple[Path, SdaError]] = []
    if not files:
        return done, failures
    from small_dataset_audio.pipeline.crop_files import crop_file
    from small_dataset_audio.pipeline.stage import Bench
    from small_dataset_audio.pipeline.steps.beats import beat_source, sentence, tracker

    settings = session.loaded.settings
    device = None if tracker(settings) == "dsp" else session.choose_device().device.id
    beats_of, bench = beat_source(settings, device), Bench(settings, device)
    session.terminal.status(sentence(settings))
    for number, file in enumerate(files, 1):
        try:
            made = crop_file(file, output, beats_of, bench, force=force)
        except SdaError as error:
            failures.append((file, error))
            session.terminal.status(f"[{number}/{len(files)}] {file.name}: FAILED: {error.what}")
            continue
        done.append(made)
        failures += [(file, SdaError(one.what, one.why, one.fix)) for one in made.failures]
        session.terminal.status(f"[{number}/{len(files)}] {file.name}: done")
    return done, failures


def _show_files(session: Session, files: "list[FileCrops]") -> None:
    for one in files:
        for warning in one.warnings:
            session.terminal.warn(warning)
        crops = one.made.stored
        kept = len(crops.crops) - crops.written
        many = plural(len(crops.crops), "crop") + (f", {kept} of them kept" if kept else "")
        session.terminal.result(f"{one.file.name}: {many}" + (f" in {one.folder / 'crops'}" if crops.crops else ""))
