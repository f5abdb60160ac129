"""``sda export``: a library as trainers read it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from small_dataset_audio.cli.console import as_called, plural
from small_dataset_audio.cli.options import AsJson, Library, in_place_of
from small_dataset_audio.cli.run import names_of
from small_dataset_audio.cli.session import Session, session_of
from small_dataset_audio.errors import EXIT_FAILED, EXIT_OK, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from small_dataset_audio.dataset.export.exporting import FormatName
    from small_dataset_audio.dataset.export.items import LeftOut, Of
    from small_dataset_audio.dataset.export.result import Exported

_FORMATS: Final[dict[str, "FormatName"]] = {
    "stable-audio": "stable-audio",
    "audiofolder": "audiofolder",
    "webdataset": "webdataset",
}
_SHOWN: Final = 5
"""Lines that are shown of each list; --json has all."""


def export(
    context: typer.Context,
    form: Annotated[
        str,
        typer.Argument(
            help=f"What is to read it: {', '.join(_FORMATS)}.", metavar="FORMAT", autocompletion=lambda: list(_FORMATS)
        ),
    ],
    output: Annotated[Path, typer.Option(help="The folder that the export becomes.", metavar="DIR")],
    library: Library = None,
    crops: Annotated[bool, typer.Option("--crops", help="The crops of the tracks. Default, if there are any.")] = False,
    tracks: Annotated[bool, typer.Option("--tracks", help="Whole tracks.")] = False,
    validation: Annotated[
        str | None, in_place_of("export.validation", "The share of songs to test on; 0 for none.", "SHARE")
    ] = None,
    seed: Annotated[str | None, in_place_of("export.seed", "Another number, another split.", "N")] = None,
    template: Annotated[str | None, in_place_of("export.template", "What prompts are made from.", "TEXT")] = None,
    features: Annotated[
        str | None, in_place_of("export.features", "stable-audio: the numbers to condition on.", "A,B")
    ] = None,
    root: Annotated[
        Path | None, typer.Option(help="stable-audio: where the trainer will find the export.", metavar="DIR")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Hand a library on to a trainer, and read everything back.

    stable-audio: for Stable Audio Tools, with prompts, numbers and what its model config must say of them. audiofolder: for
    Hugging Face datasets. webdataset: tar shards. Songs are split into training and validation as a whole, and songs that are
    nearly the same stay together. An export that is there is replaced; anything else at DIR never is.
    """
    session = session_of(context)
    chosen = _format(form)
    of = _of(crops=crops, tracks=tracks)
    if chosen != "stable-audio" and (features is not None or root is not None):
        raise UsageError(
            f"{'--features' if features is not None else '--root'} does not go with {chosen}.",
            "Only Stable Audio Tools is told what to condition on, and where its files are.",
            "Leave it out, or export for stable-audio.",
        )
    session.override(
        {
            "export.validation": ("--validation", validation),
            "export.seed": ("--seed", seed),
            "export.template": ("--template", template),
            "export.features": ("--features", names_of(features)),
        }
    )
    done = _export(session, chosen, library, output, of, root)
    if as_json:
        session.print_json(done.as_dict())
    else:
        _show(session, done)
    raise typer.Exit(EXIT_FAILED if done.failed else EXIT_OK)


def _export(
    session: Session, form: "FormatName", library: Path | None, output: Path, of: "Of | None", root: Path | None
) -> "Exported":
    from small_dataset_audio.dataset.export.exporting import Request, export
    from small_dataset_audio.dataset.layout import list_tracks
    from small_dataset_audio.features.catalog import declared
    from small_dataset_audio.models.captioning.tokens import installed_counter
    from small_dataset_audio.models.store import Store
    from small_dataset_audio.pipeline.workers import asked_for, worker_count

    settings = session.loaded.settings
    asked = settings.export
    library = (settings.paths.library if library is None else library).absolute()
    request = Request(
        format=form,
        library=library,
        output=output.expanduser().absolute(),
        of=of,
        share=asked.validation,
        seed=asked.seed,
        template=asked.template,
        features=None if asked.features is None else tuple(dict.fromkeys(asked.features)),
        root=root,
        allow_truncated=settings.pipeline.allow_truncated,
        cache=settings.paths.cache,
        workers=worker_count(max(1, len(list_tracks(library))), asked_for(settings)),
        count=installed_counter(Store.of(settings)) if form == "stable-audio" else None,
    )
    return export(request, declared(), session.terminal.status)


def _format(form: str) -> "FormatName":
    if form not in _FORMATS:
        raise UsageError(
            f"There is no format named {form!r}.",
            "sda exports for Stable Audio Tools, for Hugging Face datasets, and in tar shards.",
            f"Name one of {', '.join(_FORMATS)}.",
        )
    return _FORMATS[form]


def _of(*, crops: bool, tracks: bool) -> "Of | None":
    if crops and tracks:
        raise UsageError(
            "--crops and --tracks exclude each other.",
            "An export holds either the crops or the tracks that they were cut from.",
            "Leave one of them out.",
        )
    return "crops" if crops else "tracks" if tracks else None


def _show(session: Session, done: "Exported") -> None:
    show = session.terminal.result
    one = done.layout.of.removesuffix("s")
    parts = [
        f"{counts['files']} of {plural(counts['songs'], 'song')} for {split}"
        for split, counts in done.splits.items()
        if counts["files"]
    ]
    show(f"{plural(len(done.ready), one)} ({done.seconds / 60:.1f} min) in {done.output}: {', '.join(parts)}.", "bold")
    show(
        f"Read back and found equal: {plural(done.verified.files, 'file')} and {plural(done.verified.values, 'value')}.",
        "green",
    )
    for group in done.together:
        show(f"Kept together, being nearly the same: {', '.join(group)}.")
    if done.format == "stable-audio":
        _show_conditioning(session, done)
    for note in done.notes:
        session.terminal.warn(note)
    _show_left_out(session, done.left_out)


def _show_conditioning(session: Session, done: "Exported") -> None:
    show = session.terminal.result
    names = [one.name for one in done.conditioning.numbers]
    some = ", ".join(names[:_SHOWN]) + (" …" if len(names) > _SHOWN else "")
    show(
        f"Conditioned on the prompt, on seconds_start and seconds_total, and on {plural(len(names), 'number')}{': ' if names else ''}{some}"
    )
    for name, count in done.clipped.items():
        show(f"Clipped to its range in {plural(count, 'recording')}: {name}")
    lacking = done.conditioning.lacking
    if lacking:
        session.terminal.warn(
            f"{plural(len(lacking), 'number')} cannot be conditioned on, as {len(done.ready)} recordings do not all have them:"
        )
    for one in lacking[:_SHOWN]:
        show(f"  {one.name}: absent from {one.files}, such as {one.example} ({one.reason})")
    _show_more(session, len(lacking))


def _show_left_out(session: Session, left_out: "Sequence[LeftOut]") -> None:
    if left_out:
        session.terminal.warn(f"{plural(len(left_out), 'track or crop', 'tracks or crops')} left out:")
    for one in left_out[:_SHOWN]:
        session.terminal.result(
            f"{'FAILED' if one.failed else 'LEFT OUT'} {one.name}", "red" if one.failed else "yellow"
        )
        error = one.error
        session.terminal.result(f"  {error.what}\n  Why: {error.why}\n  Fix: {as_called(error.fix)}")
    _show_more(session, len(left_out))


def _show_more(session: Session, count: int) -> None:
    if count > _SHOWN:
        session.terminal.result(f"  and {count - _SHOWN} more: --json lists all")
