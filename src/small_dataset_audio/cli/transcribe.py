"""``sda transcribe``: the drums of a library, a track, or recordings that are in no library, as MIDI files."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from small_dataset_audio.cli.console import as_called, plural
from small_dataset_audio.cli.one_stage import check_places, document_schema, each, only, work_on
from small_dataset_audio.cli.options import AsJson, Force, Paths, in_place_of
from small_dataset_audio.cli.session import Session, session_of

if TYPE_CHECKING:
    from small_dataset_audio.errors import SdaError
    from small_dataset_audio.pipeline.transcribe_files import FileDrums

_STAGE: Final = "transcribe"
_COUNT: Final = "drum_hits_"
_TEXT: Final = {"type": "string"}

TRANSCRIBE_SCHEMA: Final[dict[str, Any]] = document_schema(
    "sda transcribe",
    {
        "file": _TEXT,
        "midi": {"type": ["string", "null"], "description": "The MIDI file; null where no drums were heard."},
        "values": {
            "type": "object",
            "additionalProperties": {"type": "number"},
            "description": "The statistics, by their names in .INFO.",
        },
        "absent": {
            "type": "object",
            "additionalProperties": _TEXT,
            "description": "name -> why it could not be measured",
        },
        "backend": {"enum": ["adtof", "drumsep", "dsp"]},
        "beats": {"type": "integer", "description": "How many beats the tempo map is made of."},
        "warnings": {"type": "array", "items": _TEXT},
    },
)


def transcribe(
    context: typer.Context,
    paths: Paths = None,
    backend: Annotated[
        str | None, in_place_of("transcription.backend", "What hears the drums.", "auto|adtof|drumsep|dsp")
    ] = None,
    output: Annotated[
        Path, typer.Option(help="Where the MIDI files of recordings go that are in no library.", metavar="DIR")
    ] = Path(),
    force: Force = None,
    as_json: AsJson = False,
) -> None:
    """Write drums down as MIDI.

    A track's drums.mid lies beside its mix; that of another recording is called after it, in --output. A MIDI file that
    sda did not write, or that was changed since, is never replaced.
    """
    session = session_of(context)
    session.override({"transcription.backend": ("--backend", backend)})
    from small_dataset_audio.cli.targets import targets_of

    targets = targets_of(paths or [session.loaded.settings.paths.library])
    check_places(session, targets)
    only(session, _STAGE)
    _say_backend(session)
    on_files, show = partial(_transcribe_files, session, output), None if as_json else partial(_show, session)
    raise typer.Exit(work_on(session, _STAGE, targets, on_files, force=force is not None, show=show))


def _say_backend(session: Session) -> None:
    from small_dataset_audio.pipeline.steps.transcribe import backend_of

    backend = backend_of(session.loaded.settings)
    said = f"Drums: heard by {backend}."
    if backend == "dsp":
        said += " It is embedded and approximate; `sda models pull adtof_frame_rnn` brings a better one."
    session.terminal.status(as_called(said))


def _transcribe_files(
    session: Session, output: Path, files: list[Path]
) -> "tuple[list[FileDrums], list[tuple[Path, SdaError]]]":
    """Return the drums of ``files``, and what could not be transcribed and why."""
    from small_dataset_audio.pipeline.steps.beats import beat_source, sentence, tracker
    from small_dataset_audio.pipeline.steps.transcribe import backend_of, opened_listener
    from small_dataset_audio.pipeline.transcribe_files import transcribe_file

    settings = session.loaded.settings
    backend = backend_of(settings)
    embedded = backend == "dsp" and tracker(settings) == "dsp"
    device = None if embedded else session.choose_device().device.id
    listen, beats_of = opened_listener(settings, device), beat_source(settings, device)
    session.terminal.status(as_called(sentence(settings)))
    return each(session, files, lambda file: transcribe_file(file, output, backend, listen, beats_of, settings))


def _show(session: Session, one: "FileDrums") -> None:
    for warning in one.warnings:
        session.terminal.warn(warning)
    if one.midi is None:
        session.terminal.result(f"{one.file.name}: no MIDI file, because no drums were heard")
        return
    counts = [f"{name.removeprefix(_COUNT)} {int(n)}" for name, n in one.values.items() if name.startswith(_COUNT)]
    tempo = f"tempo map from {plural(one.beats, 'beat')}" if one.beats else "no beats, so 120 BPM"
    session.terminal.result(f"{one.file.name}: {one.midi} ({', '.join(counts)}; {tempo})")
