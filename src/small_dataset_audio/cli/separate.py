"""``sda separate``: stems of a library, a track, or recordings that are in no library."""

import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from small_dataset_audio.cli.console import plural
from small_dataset_audio.cli.one_stage import conclude, document_schema, each, only, run_on
from small_dataset_audio.cli.session import Session, session_of

if TYPE_CHECKING:
    from small_dataset_audio.errors import SdaError
    from small_dataset_audio.pipeline.separate_files import FileStems

_STAGE = "separate"
_APPROXIMATE = (
    "The backend dsp is embedded and needs no weights. What it calls drums and bass is a rough approximation, and vocals "
    "stay in other."
)

_TEXT = {"type": "string"}
_TEXTS = {"type": "object", "additionalProperties": _TEXT}
_FILE: dict[str, Any] = {
    "file": _TEXT,
    "folder": {**_TEXT, "description": "Where its stems are."},
    "stems": {**_TEXTS, "description": "stem -> file"},
    "absent": {**_TEXTS, "description": "stem -> why there is none"},
    "scale": {"type": "number", "description": "The factor of all stems, below 1 where one would clip."},
    "backend": {"enum": ["demucs", "roformer", "dsp"]},
    "model": {"type": ["string", "null"]},
    "warnings": {"type": "array", "items": _TEXT},
}

SEPARATE_SCHEMA = document_schema("sda separate", _FILE)


def separate(
    context: typer.Context,
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Library, track folders, or recordings. Default: paths.library.", metavar="PATH"),
    ] = None,
    backend: Annotated[str | None, typer.Option(help="What separates.", metavar="demucs|roformer|dsp")] = None,
    audio_format: Annotated[
        str | None, typer.Option("--format", help="File format of the stems.", metavar="flac|wav|mp3|ogg")
    ] = None,
    instrumental: Annotated[
        bool | None, typer.Option("--instrumental", help="Also write the mix without its vocals.")
    ] = None,
    output: Annotated[
        Path, typer.Option(help="Where the stems of recordings go that are in no library.", metavar="DIR")
    ] = Path(),
    force: Annotated[str | None, typer.Option(help="Again, even where it is done.", metavar="")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Take recordings apart into bass, drums, other and vocals.

    Stems of a track are written beside its mix; those of other recordings into folders of their names in --output.
    """
    session = session_of(context)
    session.override(
        {
            "separation.backend": ("--backend", backend),
            "separation.format": ("--format", audio_format),
            "separation.instrumental": ("--instrumental", instrumental),
        }
    )
    session.check_environment()
    only(session, _STAGE)
    from small_dataset_audio.cli.targets import targets_of

    began = time.monotonic()
    targets = targets_of(paths or [session.loaded.settings.paths.library])
    if session.loaded.settings.separation.backend == "dsp":
        session.terminal.status(_APPROXIMATE)
    again = force is not None  # as of `sda run`, where a bare --force is given a value before options are parsed
    summaries = run_on(session, _STAGE, targets.tracks, force=again)
    files, failures = _separate_files(session, targets.files, output, force=again)
    show = None if as_json else partial(_show, session)
    raise typer.Exit(conclude(session, summaries, files, failures, began=began, show=show))


def _separate_files(
    session: Session, files: list[Path], output: Path, *, force: bool
) -> "tuple[list[FileStems], list[tuple[Path, SdaError]]]":
    """Return the stems of ``files``, and what could not be separated and why."""
    if not files:
        return [], []
    from small_dataset_audio.models.separation.opening import model_name, open_separator
    from small_dataset_audio.pipeline.separate_files import separate_file

    settings = session.loaded.settings
    device = "cpu" if model_name(settings) is None else session.choose_device().device.id
    separator = open_separator(settings, device)
    return each(session, files, lambda file: separate_file(file, output, separator, settings, force=force))


def _show(session: Session, one: "FileStems") -> None:
    show = session.terminal.result
    for warning in one.warnings:
        session.terminal.warn(warning)
    show(f"{one.file.name}: {plural(len(one.stems), 'stem')} in {one.folder}")
    for path in one.stems.values():
        show(f"  {path.name}")
    for name, why in one.absent.items():
        show(f"  no {name}: {why}")
    if one.scale != 1:
        show(f"  all turned down to {one.scale:.3f}, so that none clips")
