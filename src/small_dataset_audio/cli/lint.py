"""``sda lint``: what hurts a small data set."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from small_dataset_audio.cli import offers
from small_dataset_audio.cli.options import AsJson, Library
from small_dataset_audio.cli.session import Session, session_of
from small_dataset_audio.errors import EXIT_FAILED

if TYPE_CHECKING:
    from collections.abc import Callable


def lint(
    context: typer.Context,
    library: Library = None,
    check: Annotated[
        str | None, typer.Option(help="Make these checks only.", metavar="A,B", autocompletion=offers.checks)
    ] = None,
    skip: Annotated[
        str | None, typer.Option(help="Leave these checks out.", metavar="A,B", autocompletion=offers.checks)
    ] = None,
    sample_size: Annotated[
        int | None,
        typer.Option(
            min=1, help="Samples that the trainer takes at once. Default: crops.samples, or 2097152.", metavar="N"
        ),
    ] = None,
    sample_rate: Annotated[
        int | None, typer.Option(min=1, help="The trainer's sample rate. Default: 44100.", metavar="HZ")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Find what hurts a small data set.

    Faults, near-duplicates, and what a trainer would lose. Every finding has its evidence and a fix. Each recording is listened to once, and what was heard is kept. Nothing in the
    library is changed. The exit status is 1 where a finding is a failure; -v shows all findings of each check.
    """
    from small_dataset_audio.cli.lint_view import show
    from small_dataset_audio.dataset.lint.checks import chosen
    from small_dataset_audio.pipeline.linting import checked

    session = session_of(context)
    settings = session.loaded.settings
    only, left_out = None if check is None else _names(check), _names(skip or "")
    chosen(only, left_out)  # a wrong name is told before anything is listened to
    found = checked(
        (settings.paths.library if library is None else library).absolute(),
        settings,
        checks=only,
        skip=left_out,
        sample_size=sample_size,
        sample_rate=sample_rate,
        progress=_progress(session),
    )
    if as_json:
        session.print_json(found.as_dict())
    else:
        show(session.terminal, found, everything=session.verbose)
    if found.count("fail"):
        raise typer.Exit(EXIT_FAILED)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


_EVERY_SECONDS = 5.0
"""Between two lines on how far the listening is."""


def _progress(session: Session) -> "Callable[[int, int], None]":
    said = time.monotonic()

    def progress(done: int, tracks: int) -> None:
        nonlocal said
        if time.monotonic() - said >= _EVERY_SECONDS:
            said = time.monotonic()
            session.terminal.status(f"[{done}/{tracks}] tracks listened to")

    return progress
