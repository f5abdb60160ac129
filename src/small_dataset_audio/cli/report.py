"""``sda report``: pages that show what is in a library."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from small_dataset_audio.cli.console import plural
from small_dataset_audio.cli.options import AsJson, Library
from small_dataset_audio.cli.session import Session, session_of

if TYPE_CHECKING:
    from small_dataset_audio.dataset.report.write import Report

_TOLD_EVERY: Final = 10
"""Tracks that are listened to between two lines on it."""
_TEXT: Final = {"type": "string"}
_COUNT: Final = {"type": "integer", "minimum": 0}
_PROPERTIES: Final[dict[str, Any]] = {
    "report": {"type": "string", "description": "The page to open."},
    "tracks": _COUNT,
    "drawn": {**_COUNT, "description": "Tracks whose sound was drawn now; the drawings of the others were there."},
    "changed": {**_COUNT, "description": "Files of the report that are new or different."},
    "problems": {
        "type": "array",
        "description": "What cannot be shown of a track, and why. The page of the track says so too.",
        "items": {
            "type": "object",
            "properties": {"track": _TEXT, "why": _TEXT},
            "required": ["track", "why"],
            "additionalProperties": False,
        },
    },
    "seconds": {"type": "number", "minimum": 0},
}
REPORT_SCHEMA: Final[dict[str, Any]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "sda report",
    "type": "object",
    "properties": _PROPERTIES,
    "required": [*_PROPERTIES],
    "additionalProperties": False,
}


def report(
    context: typer.Context,
    library: Library = None,
    output: Annotated[
        Path | None,
        typer.Option(help="Where it goes. Default: a folder of the library's name in paths.reports.", metavar="DIR"),
    ] = None,
    copy_audio: Annotated[
        bool, typer.Option("--copy-audio", help="Put small copies of all recordings in, to take it elsewhere.")
    ] = False,
    checks: Annotated[
        bool, typer.Option("--checks/--no-checks", help="Show what `sda lint` finds; it listens to every track once.")
    ] = True,
    open_it: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make pages that show what is in a library.

    A portrait of the whole, and a page for each track to look at and listen to. They open in a browser, offline. The
    library is only read, and the next report makes again only what has changed.
    """
    session = session_of(context)
    session.override({"paths.library": ("LIBRARY", library)})
    session.check_environment(writes=False)
    where = session.loaded.settings.paths.library.absolute()
    made = make_report(session, where, output, copy_audio=copy_audio, checks=checks)
    if as_json:
        session.print_json(made.as_dict())
    else:
        for track, why in made.problems.items():
            session.terminal.warn(f"{track}: {why}")
        if not made.tracks:
            session.terminal.warn(f"There are no tracks in {where}. `sda run FOLDER` brings recordings in.")
        session.terminal.result(f"Report of {plural(made.tracks, 'track')}: {made.index}")
    if open_it:
        _open(session, made.index)


def make_report(session: Session, library: Path, output: Path | None, *, copy_audio: bool, checks: bool) -> "Report":
    """Return the report of a library, as the settings ask for it.

    Raises:
        UsageError: there is something else where it would go.
        StoreError: the library cannot be read, or the report cannot be written.
    """
    from small_dataset_audio.pipeline.reporting import report_of

    folder = output if output is not None else session.loaded.settings.paths.reports / (library.name or "library")
    say = session.terminal.status

    def heard(done: int, tracks: int) -> None:
        """Say how many tracks the checks have listened to, now and then."""
        if done % _TOLD_EVERY == 0 or done == tracks:
            say(f"[{done}/{tracks}] listened to")

    return report_of(
        library,
        folder,
        session.loaded.settings,
        copy_audio=copy_audio,
        checks=checks,
        progress=lambda done, total, track: say(f"[{done}/{total}] {track}: drawn"),
        heard=heard,
        say=say,
    )


def _open(session: Session, page: Path) -> None:
    import webbrowser

    if not webbrowser.open(page.absolute().as_uri()):
        session.terminal.warn(f"No browser could be opened. Open {page} yourself.")
