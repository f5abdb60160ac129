"""``sda caption``: descriptions of a library, a track, or recordings that are in no library."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from small_dataset_audio.cli.one_stage import check_places, document_schema, each, only, work_on
from small_dataset_audio.cli.options import AsJson, Force, Paths, in_place_of
from small_dataset_audio.cli.run import names_of
from small_dataset_audio.cli.session import Session, session_of

if TYPE_CHECKING:
    from small_dataset_audio.errors import SdaError
    from small_dataset_audio.models.captioning import Captions

_STAGE: Final = "caption"
_TEXT: Final = {"type": "string"}
_TEXTS: Final = {"type": "object", "additionalProperties": _TEXT}

CAPTION_SCHEMA: Final[dict[str, Any]] = document_schema(
    "sda caption",
    {
        "file": {**_TEXT, "description": "The recording; nothing was written for it."},
        "captions": {**_TEXTS, "description": "name -> text"},
        "absent": {**_TEXTS, "description": "name -> why there is none"},
        "warnings": {"type": "array", "items": _TEXT},
    },
)


@dataclass(frozen=True)
class _FileCaptions:
    """What was said of a recording that is in no library."""

    file: Path
    said: "Captions"

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON shape."""
        said = self.said
        return {"file": str(self.file), "captions": said.texts, "absent": said.absent, "warnings": said.warnings}


def caption(
    context: typer.Context,
    paths: Paths = None,
    backend: Annotated[
        str | None, in_place_of("captions.backend", "What writes.", "llama-server|transformers|endpoint")
    ] = None,
    prompts: Annotated[
        str | None, in_place_of("captions.prompts", "Only these captions, such as full,technical.", "A,B")
    ] = None,
    force: Force = None,
    as_json: AsJson = False,
) -> None:
    """Describe recordings in words.

    Captions of a track are written to its .INFO file; those of other recordings are shown, and nothing is written.
    """
    session = session_of(context)
    session.override({"captions.backend": ("--backend", backend), "captions.prompts": ("--prompts", names_of(prompts))})
    from small_dataset_audio.cli.targets import targets_of

    targets = targets_of(paths or [session.loaded.settings.paths.library])
    check_places(session, targets)
    only(session, _STAGE)
    on_files, show = partial(_describe, session), None if as_json else partial(_show, session)
    raise typer.Exit(work_on(session, _STAGE, targets, on_files, force=force is not None, show=show))


def _describe(session: Session, files: list[Path]) -> "tuple[list[_FileCaptions], list[tuple[Path, SdaError]]]":
    """Return what was said of ``files``, and of which nothing could be said and why."""
    from small_dataset_audio.audio.decode import decode
    from small_dataset_audio.models.captioning import Facts, open_captioner
    from small_dataset_audio.models.store import Store
    from small_dataset_audio.pipeline.scratch import scratch
    from small_dataset_audio.pipeline.steps.caption import LOG

    settings = session.loaded.settings
    device = session.choose_device().device.id
    captioner = open_captioner(settings.captions, Store.of(settings), device, settings.paths.reports / LOG)

    def describe(file: Path) -> _FileCaptions:
        clip = decode(file, allow_truncated=settings.pipeline.allow_truncated, scratch=scratch(settings))
        return _FileCaptions(file, captioner.describe(clip, Facts()))

    try:
        return each(session, files, describe)
    finally:
        captioner.close()


def _show(session: Session, one: _FileCaptions) -> None:
    for warning in one.said.warnings:
        session.terminal.warn(warning)
    session.terminal.result(f"{one.file}")
    for name, text in one.said.texts.items():
        session.terminal.result(f"  {name}: {text}")
    for name, why in one.said.absent.items():
        session.terminal.result(f"  no {name}: {why}")
