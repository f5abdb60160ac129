"""``sda separate``: stems of a library, a track, or recordings that are in no library."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from small_dataset_audio.cli.console import plural
from small_dataset_audio.cli.one_stage import check_places, document_schema, each, only, work_on
from small_dataset_audio.cli.options import AsJson, Force, Paths, in_place_of
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
    paths: Paths = None,
    backend: Annotated[str | None, in_place_of("separation.backend", "What separates.", "demucs|roformer|dsp")] = None,
    audio_format: Annotated[
        str | None, in_place_of("separation.format", "File format of the stems.", "flac|wav|mp3|ogg", "--format")
    ] = None,
    instrumental: Annotated[
        bool | None, typer.Option("--instrumental", help="Also write the mix without its vocals.")
    ] = None,
    output: Annotated[
        Path, typer.Option(help="Where the stems of recordings go that are in no library.", metavar="DIR")
    ] = Path(),
    force: Force = None,
    as_json: AsJson = False,
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
    from small_dataset_audio.cli.targets import targets_of

    targets = targets_of(paths or [session.loaded.settings.paths.library])
    check_places(session, targets)
    only(session, _STAGE)
    if session.loaded.settings.separation.backend == "dsp":
        session.terminal.status(_APPROXIMATE)
    again = force is not None
    on_files, show = partial(_separate_files, session, output, force=again), partial(_show, session)
    raise typer.Exit(work_on(session, _STAGE, targets, on_files, force=again, show=None if as_json else show))


def _separate_files(
    session: Session, output: Path, files: list[Path], *, force: bool
) -> "tuple[list[FileStems], list[tuple[Path, SdaError]]]":
    """Return the stems of ``files``, and what could not be separated and why."""
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
