"""``sda forget``: takes back what a stage made."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from small_dataset_audio.cli.console import plural
from small_dataset_audio.cli.one_stage import FAILURES_SCHEMA, each, failures_as_json, show_failures
from small_dataset_audio.cli.session import session_of
from small_dataset_audio.dataset.shapes import DIALECT, TEXT, TEXTS, array_of, object_of
from small_dataset_audio.errors import EXIT_FAILED

if TYPE_CHECKING:
    from small_dataset_audio.dataset.layout import Track

FORGET_SCHEMA: dict[str, Any] = {
    "$schema": DIALECT,
    "title": "sda forget STAGE",
    **object_of(
        {
            "stage": TEXT,
            "tracks": {
                **array_of(object_of({"track": TEXT, "folder": TEXT, "values": TEXTS, "files": TEXTS})),
                "description": "Tracks and crops on which the stage had run.",
            },
            "failures": {**FAILURES_SCHEMA, "description": "Tracks that it could not be done on."},
        }
    ),
}


def forget(
    context: typer.Context,
    stage: Annotated[str, typer.Argument(help="The stage, such as caption.", metavar="STAGE")],
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Library, or folders of tracks. Default: paths.library.", metavar="PATH..."),
    ] = None,
    crops: Annotated[bool, typer.Option("--crops", help="On the crops of the tracks as well.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Take back what a stage made, as if it had not run.

    Its values leave .INFO, and its files (beats, onsets, time series, drums.mid) the folder. What you wrote, what other
    stages made, and all recordings stay. The next `sda run` makes them again, unless you skip the stage.
    """
    from small_dataset_audio.cli.targets import targets_of
    from small_dataset_audio.pipeline.forgetting import forget as take_back
    from small_dataset_audio.pipeline.forgetting import require_forgettable

    session = session_of(context)
    require_forgettable(stage)
    named = targets_of(paths or [session.loaded.settings.paths.library]).tracks
    folders = [one.folder for tracks in named.values() for one in _with_crops(tracks, crops=crops)]
    answers, failures = each(session, folders, lambda folder: take_back(_track(folder), stage))
    done = [one for one in answers if one is not None]
    if as_json:
        session.print_json(
            {"stage": stage, "tracks": [one.as_dict() for one in done], "failures": failures_as_json(failures)}
        )
    else:
        values, files = sum(len(one.values) for one in done), sum(len(one.files) for one in done)
        session.terminal.result(
            f"{stage}: {plural(values, 'value')} and {plural(files, 'file')} taken back on {plural(len(done), 'track')}"
            + (f", it had not run on {len(answers) - len(done)}" if len(done) < len(answers) else "")
        )
        show_failures(session, failures)
    if failures:
        raise typer.Exit(EXIT_FAILED)


def _track(folder: Path) -> "Track":
    from small_dataset_audio.dataset.layout import Track

    return Track(folder)


def _with_crops(tracks: "list[Track]", *, crops: bool) -> "list[Track]":
    from small_dataset_audio.dataset.crops.places import crop_folders

    return [one for track in tracks for one in (track, *(crop_folders(track) if crops else ()))]
