"""``sda crop``: pieces of training length, of a library, a track, or recordings that are in no library."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from small_dataset_audio.cli.console import as_called, plural
from small_dataset_audio.cli.one_stage import check_places, document_schema, each, only, work_on
from small_dataset_audio.cli.options import AsJson, Paths, in_place_of
from small_dataset_audio.cli.session import Session, session_of
from small_dataset_audio.errors import SdaError, UsageError

if TYPE_CHECKING:
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

CROP_SCHEMA = document_schema("sda crop", _FILE)


def crop(
    context: typer.Context,
    paths: Paths = None,
    seconds: Annotated[str | None, in_place_of("crops.seconds", "The longest crop, in seconds.", "S")] = None,
    samples: Annotated[str | None, in_place_of("crops.samples", "The longest crop, in samples.", "N")] = None,
    sequential: Annotated[
        bool, typer.Option("--sequential", help="All of exactly that length, wherever the beats are.")
    ] = False,
    four_bars: Annotated[
        bool | None, typer.Option("--four-bars", help="Only whole bars, their number divisible by four.")
    ] = None,
    overlap: Annotated[
        bool | None, typer.Option("--overlap", help="Let each begin halfway through the one before.")
    ] = None,
    fade: Annotated[str | None, in_place_of("crops.fade_ms", "The fade at both ends; 0 for none.", "MS")] = None,
    skip_stems: Annotated[bool | None, typer.Option("--skip-stems", help="Crop the mix only.")] = None,
    output: Annotated[
        Path, typer.Option(help="Where the crops of recordings go that are in no library.", metavar="DIR")
    ] = Path(),
    force: Annotated[str | None, typer.Option(help="Make crops anew that are there.", metavar="")] = None,
    as_json: AsJson = False,
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
    from small_dataset_audio.cli.targets import targets_without_crops

    targets = targets_without_crops(
        paths or [session.loaded.settings.paths.library],
        "Crops are cut from tracks and recordings, not from crops.",
        "Name the folder of its track, or a library.",
    )
    check_places(session, targets)
    only(session, _STAGE)
    again = force is not None
    on_files, show = partial(_crop_files, session, output, force=again), partial(_show, session)
    raise typer.Exit(work_on(session, _STAGE, targets, on_files, force=again, show=None if as_json else show))


def _crop_files(
    session: Session, output: Path, files: list[Path], *, force: bool
) -> "tuple[list[FileCrops], list[tuple[Path, SdaError]]]":
    """Return the crops of ``files``, and what could not be cut or measured and why."""
    from small_dataset_audio.pipeline.crop_files import crop_file
    from small_dataset_audio.pipeline.stage import Bench
    from small_dataset_audio.pipeline.steps.beats import beat_source, sentence, tracker

    settings = session.loaded.settings
    device = None if tracker(settings) == "dsp" else session.choose_device().device.id
    beats_of, bench = beat_source(settings, device), Bench(settings, device)
    session.terminal.status(as_called(sentence(settings)))
    done, failures = each(session, files, lambda file: crop_file(file, output, beats_of, bench, force=force))
    failures += [(made.file, SdaError(one.what, one.why, one.fix)) for made in done for one in made.failures]
    return done, sorted(failures, key=lambda failure: files.index(failure[0]))


def _show(session: Session, one: "FileCrops") -> None:
    for warning in one.warnings:
        session.terminal.warn(warning)
    crops = one.made.stored
    kept = len(crops.crops) - crops.written
    many = plural(len(crops.crops), "crop") + (f", {kept} of them kept" if kept else "")
    session.terminal.result(f"{one.file.name}: {many}" + (f" in {one.folder / 'crops'}" if crops.crops else ""))
