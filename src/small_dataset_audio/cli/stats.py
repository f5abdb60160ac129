"""``sda stats``: what the numbers, labels and texts of a library are like."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from small_dataset_audio.cli.options import AsJson, Library
from small_dataset_audio.cli.session import Session, session_of
from small_dataset_audio.errors import EXIT_FAILED, UsageError

if TYPE_CHECKING:
    from small_dataset_audio.dataset.statistics.summary import Statistics

SELECT_USUALLY: Final = "usual"
"""The value of a bare ``--select``: as many as sda thinks right."""


def stats(
    context: typer.Context,
    library: Library = None,
    crops: Annotated[bool, typer.Option("--crops", help="Of the crops rather than of the tracks.")] = False,
    feature: Annotated[str | None, typer.Option(help="All about one number, label or text.", metavar="NAME")] = None,
    top: Annotated[int, typer.Option(min=1, help="How many tracks and labels to name.", metavar="N")] = 5,
    select: Annotated[
        str | None,
        typer.Option(help="Recommend N numbers to condition a generator on; a few if left out.", metavar="[N]"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Tell what a library is like: its numbers, labels and texts.

    How every number is spread, which tracks stand apart, which numbers say the same, and with --select which of them are
    worth conditioning a generator on. Nothing is written.
    """
    session = session_of(context)
    wanted = _number(select)
    where = (session.loaded.settings.paths.library if library is None else library).absolute()
    found = _statistics(where, crops=crops, top=top, wanted=wanted)
    if feature is not None:
        _require(feature, found)
    if as_json:
        session.print_json(found.as_dict())
    else:
        _show(session, found, feature, top, selecting=select is not None)
    if found.table.problems:
        raise typer.Exit(EXIT_FAILED)


def _number(select: str | None) -> int | None:
    if select is None or select == SELECT_USUALLY:
        return None
    if select.isdecimal() and int(select) > 0:
        return int(select)
    raise UsageError(
        f"--select takes a number, not {select!r}.",
        "It says how many numbers to recommend.",
        "Write `--select 5`, or `--select` alone.",
    )


def _statistics(library: Path, *, crops: bool, top: int, wanted: int | None) -> "Statistics":
    from small_dataset_audio.dataset.statistics.summary import summarise
    from small_dataset_audio.dataset.statistics.table import Table
    from small_dataset_audio.features.catalog import declared

    known = declared()
    return summarise(Table.of(library, known, crops=crops), known, top=top, wanted=wanted)


def _require(name: str, found: "Statistics") -> None:
    """Raise a usage error if the library has no number, labels or text of that name."""
    known = [*found.numbers, *found.labels, *found.texts]
    if name in known:
        return
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=3)
    raise UsageError(
        f"There is nothing named {name!r} in {found.table.library}.",
        "It is neither declared nor written for any of its tracks.",
        f"Did you mean {' or '.join(near)}?" if near else "`sda features` lists what sda measures.",
    )


def _show(session: Session, found: "Statistics", feature: str | None, top: int, *, selecting: bool) -> None:
    from small_dataset_audio.cli.stats_view import show_all, show_number, show_selection, show_words

    for track, problem in found.table.problems.items():
        session.terminal.warn(f"{track} is left out. {problem.what} {problem.why} {problem.fix}")
    if feature is not None and feature not in found.numbers:
        show_words(session.terminal, found, feature)
    elif feature is not None:
        show_number(session.terminal, found, feature)
    elif selecting:
        show_selection(session.terminal, found)
    else:
        show_all(session.terminal, found, top)
