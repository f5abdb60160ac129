"""``sda forget``: takes back what a stage made."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from small_dataset_audio.cli import offers
from small_dataset_audio.cli.console import plural
from small_dataset_audio.cli.one_stage import each, failures_as_json, show_failures
from small_dataset_audio.cli.options import AsJson
from small_dataset_audio.cli.session import session_of
from small_dataset_audio.errors import EXIT_FAILED, StoreError

if TYPE_CHECKING:
    from small_dataset_audio.dataset.layout import Track


def forget(
    context: typer.Context,
    stage: Annotated[
        str, typer.Argument(help="The stage, such as caption.", metavar="STAGE", autocompletion=offers.forgettable)
    ],
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Library, or folders of tracks. Default: paths.library.", metavar="PATH"),
    ] = None,
    crops: Annotated[bool, typer.Option("--crops", help="On the crops of the tracks as well.")] = False,
    as_json: AsJson = False,
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
    targets = targets_of(paths or [session.loaded.settings.paths.library])
    if targets.files:
        raise StoreError(
            f"{targets.files[0]} is in no library.",
            "Only of tracks it is known what a stage made.",
            "Name a library, or the folder of a track.",
        )
    folders = [one.folder for tracks in targets.tracks.values() for one in _with_crops(tracks, crops=crops)]
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
