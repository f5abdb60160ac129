"""``sda history`` and ``sda diff``: where values come from, and how two states of a library differ."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from small_dataset_audio.cli.options import AsJson
from small_dataset_audio.cli.session import Session, session_of
from small_dataset_audio.errors import EXIT_FAILED, StoreError

if TYPE_CHECKING:
    from small_dataset_audio.dataset.layout import Track


def history(
    context: typer.Context,
    track: Annotated[
        str, typer.Argument(help="Folder of a track or crop, or its name in paths.library.", metavar="TRACK")
    ],
    as_json: AsJson = False,
) -> None:
    """Tell where every value of a track comes from.

    Which stage made it, at which version, with which settings and weights, in which run and when; what is absent and why;
    and what you or another program put there. Nothing is written.
    """
    from small_dataset_audio.cli.history_view import show_history
    from small_dataset_audio.dataset.crops.places import owner
    from small_dataset_audio.dataset.history.track import history_of
    from small_dataset_audio.pipeline.run_records import read_records
    from small_dataset_audio.pipeline.stages import STAGES

    session = session_of(context)
    found = _track(session, track)
    source = owner(found)
    reports = session.loaded.settings.paths.reports
    records = read_records(_reports(session, source.folder.parent), {found.name, source.name})
    told = history_of(found, records.of, [stage.name for stage in STAGES if stage.records], records.notes)
    if as_json:
        session.print_json(told.as_dict())
    else:
        show_history(session.terminal, told, records.logs, reports)


def _reports(session: Session, *paths: Path) -> list[Path]:
    """Return where run logs may lie: the folder of the settings, and one of that name beside a library.

    A library of its own, such as that of `sda demo`, has them beside it.
    """
    reports = session.loaded.settings.paths.reports
    return list(dict.fromkeys((reports, *(path.parent / reports.name for path in paths))))


def _track(session: Session, name: str) -> "Track":
    """Return the track or crop that is named by its folder, its ``.INFO`` file, or its name in the library.

    Raises:
        StoreError: there is none.
    """
    from small_dataset_audio.dataset.layout import Track, list_tracks

    path = Path(name).absolute()
    named = Track(path.parent if path.is_file() else path)
    if named.info.exists() or (path.is_dir() and named.mix is not None):
        return named
    library = session.loaded.settings.paths.library
    tracks = {track.name: track for track in list_tracks(library)} if library.is_dir() else {}
    return tracks.get(name) or _crop(name, list(tracks.values())) or _refuse(name, library, list(tracks))


def _crop(name: str, tracks: "list[Track]") -> "Track | None":
    from small_dataset_audio.dataset.crops.places import crop_folders

    owners = [track for track in tracks if name.startswith(f"{track.name}_")]
    return next((crop for track in owners for crop in crop_folders(track) if crop.name == name), None)


def _refuse(name: str, library: Path, tracks: list[str]) -> "Track":
    from difflib import get_close_matches

    near = get_close_matches(name, tracks, n=3)
    raise StoreError(
        f"There is no track {name!r}.",
        f"It is neither the folder of a track nor the name of one in {library}.",
        f"Did you mean {' or '.join(map(repr, near))}?"
        if near
        else "Name its folder, or correct paths.library in the settings.",
    )


def diff(
    context: typer.Context,
    a: Annotated[Path, typer.Argument(help="Library, folder of a track, or .INFO file.", metavar="A")],
    b: Annotated[Path, typer.Argument(help="What to compare it with.", metavar="B")],
    tolerance: Annotated[
        float, typer.Option(min=0.0, help="By which share numbers may differ and yet be the same.", metavar="SHARE")
    ] = 0.0,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit with 1 if there are differences.")] = False,
    as_json: AsJson = False,
) -> None:
    """Compare two states of a library, or of a track.

    Tracks that are in one alone; values that came, went or changed; other recordings; other versions, settings or weights
    of a stage. Numbers must be equal to the last bit, unless --tolerance allows more. Nothing is written.
    """
    from small_dataset_audio.cli.history_view import show_comparison
    from small_dataset_audio.dataset.history.compare import compare, settings_that_differ
    from small_dataset_audio.dataset.history.states import read_state
    from small_dataset_audio.pipeline.run_records import settings_behind

    session = session_of(context)
    found = compare(read_state(a.absolute()), read_state(b.absolute()), tolerance=tolerance)
    hashes = found.other_settings
    wanted = {(stage, one) for stage, pair in hashes.items() for one in pair}
    known = settings_behind(_reports(session, a.absolute(), b.absolute()), wanted) if wanted else {}
    settings = settings_that_differ(hashes, known)
    if as_json:
        session.print_json(found.as_dict(settings))
    else:
        show_comparison(session.terminal, found, settings, whole=session.verbose)
    if found.problems or (exit_code and not found.same):
        raise typer.Exit(EXIT_FAILED)
