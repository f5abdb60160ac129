"""``sda caption``: descriptions of a library, a track, or recordings that are in no library."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from small_dataset_audio.cli.one_stage import (
    FAILURES_SCHEMA,
    LIBRARIES_SCHEMA,
    exit_status,
    failures_as_json,
    only,
    run_on,
    show_failures,
)
from small_dataset_audio.cli.run import names_of, show_summary
from small_dataset_audio.cli.session import Session, session_of
from small_dataset_audio.errors import SdaError

if TYPE_CHECKING:
    from small_dataset_audio.models.captioning import Captions

_STAGE: Final = "caption"
_WORDS: Final = {"type": "object", "additionalProperties": {"type": "string"}}

CAPTION_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "sda caption",
    "type": "object",
    "properties": {
        "libraries": LIBRARIES_SCHEMA,
        "files": {
            "type": "array",
            "description": "Recordings that are in no library; nothing was written for them.",
            "items": {
                "type": "object",
                "properties": {
                    "file": {"type": "string"},
                    "captions": {**_WORDS, "description": "name -> text"},
                    "absent": {**_WORDS, "description": "name -> why there is none"},
                    "warnings": {"type": "array", "items": {"type": "string"}},
                },
                "required": ["file", "captions", "absent", "warnings"],
                "additionalProperties": False,
            },
        },
        "failures": FAILURES_SCHEMA,
        "seconds": {"type": "number"},
    },
    "required": ["libraries", "files", "failures", "seconds"],
    "additionalProperties": False,
}


def caption(
    context: typer.Context,
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Library, track folders, or recordings. Default: paths.library.", metavar="PATH..."),
    ] = None,
    backend: Annotated[
        str | None, typer.Option(help="What writes.", metavar="llama-server|transformers|endpoint")
    ] = None,
    prompts: Annotated[
        str | None, typer.Option(help="Only these captions: full, technical, genre_mood, …", metavar="A,B")
    ] = None,
    force: Annotated[str | None, typer.Option(help="Again, even where it is done.", metavar="")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Describe recordings in words.

    Captions of a track are written to its .INFO file; those of other recordings are shown, and nothing is written.
    """
    session = session_of(context)
    session.override({"captions.backend": ("--backend", backend), "captions.prompts": ("--prompts", names_of(prompts))})
    session.check_environment()
    only(session, _STAGE)
    from small_dataset_audio.cli.targets import targets_of

    began = time.monotonic()
    targets = targets_of(paths or [session.loaded.settings.paths.library])
    # As of `sda run`: a bare --force is given a value before options are parsed.
    summaries = run_on(session, _STAGE, targets.tracks, force=force is not None)
    said, failures = _describe(session, targets.files)
    if as_json:
        session.print_json(
            {
                "libraries": [summary.as_dict() for summary in summaries],
                "files": [
                    {"file": str(file), "captions": one.texts, "absent": one.absent, "warnings": one.warnings}
                    for file, one in said
                ],
                "failures": failures_as_json(failures),
                "seconds": round(time.monotonic() - began, 3),
            }
        )
    else:
        for summary in summaries:
            show_summary(session, summary)
        for file, one in said:
            _show(session, file, one)
        show_failures(session, failures)
    raise typer.Exit(exit_status(summaries, failed=bool(failures)))


def _describe(session: Session, files: list[Path]) -> "tuple[list[tuple[Path, Captions]], list[tuple[Path, SdaError]]]":
    """Return what was said of ``files``, and of which nothing could be said and why."""
    if not files:
        return [], []
    from small_dataset_audio.audio.decode import decode
    from small_dataset_audio.models.captioning import Facts, open_captioner
    from small_dataset_audio.models.store import Store
    from small_dataset_audio.pipeline.scratch import scratch
    from small_dataset_audio.pipeline.steps.caption import LOG

    settings = session.loaded.settings
    said, failures = [], []
    device = session.choose_device().device.id
    captioner = open_captioner(settings.captions, Store.of(settings), device, settings.paths.reports / LOG)
    try:
        for number, file in enumerate(files, 1):
            try:
                clip = decode(file, allow_truncated=settings.pipeline.allow_truncated, scratch=scratch(settings))
                said.append((file, captioner.describe(clip, Facts())))
                session.terminal.status(f"[{number}/{len(files)}] {file.name}: done")
            except SdaError as error:
                failures.append((file, error))
                session.terminal.status(f"[{number}/{len(files)}] {file.name}: FAILED: {error.what}")
    finally:
        captioner.close()
    return said, failures


def _show(session: Session, file: Path, captions: "Captions") -> None:
    for warning in captions.warnings:
        session.terminal.warn(warning)
    session.terminal.result(f"{file}")
    for name, text in captions.texts.items():
        session.terminal.result(f"  {name}: {text}")
    for name, why in captions.absent.items():
        session.terminal.result(f"  no {name}: {why}")
