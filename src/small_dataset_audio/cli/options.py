"""Arguments and options that several commands have, in the same words."""

from pathlib import Path
from typing import Annotated, Any

import typer

from small_dataset_audio.cli.offers import choices_of


def in_place_of(setting: str, text: str, metavar: str, *names: str) -> Any:  # noqa: ANN401 - typer's own convention
    """Return the declaration of an option that counts more than a setting: what holds without it, and what is offered.

    Args:
        setting: ``section.key``.
        text: what the option does, in a sentence.
        metavar: how its value is called in help.
        names: of the option, where the parameter's own will not do.
    """
    offered = choices_of(setting)
    return typer.Option(*names, help=f"{text} Default: {setting}.", metavar=metavar, autocompletion=offered)


AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Library = Annotated[Path | None, typer.Argument(help="Library. Default: paths.library.", metavar="LIBRARY")]
Paths = Annotated[
    list[Path] | None,
    typer.Argument(help="Library, track folders, or recordings. Default: paths.library.", metavar="PATH"),
]
Stages = Annotated[str | None, in_place_of("pipeline.stages", "Only these stages.", "A,B")]
Skip = Annotated[str | None, in_place_of("pipeline.skip", "Leave these stages out.", "A,B")]
Workers = Annotated[str | None, in_place_of("pipeline.workers", "Worker processes.", "N")]
Force = Annotated[str | None, typer.Option(help="Again, even where it is done.", metavar="")]
"""A bare ``--force`` is given a value before options are parsed, as that of ``sda run``, which has one."""
