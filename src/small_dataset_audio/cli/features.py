"""``sda features``: the catalog."""

from typing import Annotated

import typer

from small_dataset_audio.cli import offers
from small_dataset_audio.cli.options import AsJson
from small_dataset_audio.cli.session import session_of


def features(
    context: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(help="One feature; all when left out.", metavar="NAME", autocompletion=offers.features),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List what sda measures.

    Name, unit, declared range, meaning and source of every number.
    """
    from small_dataset_audio.features.catalog import declared, feature

    session = session_of(context)
    chosen = tuple(declared().values()) if name is None else (feature(name),)
    if as_json:
        session.print_json({"features": [one.as_dict() for one in chosen]})
        return
    show = session.terminal.result
    if name is not None:
        one = chosen[0]
        show(f"{one.name} ({one.kind}, {one.unit}, {one.low:g} to {one.high:g})\n{one.meaning}")
        show(f"Measured by: {one.stage}\nSource: {one.source}")
        return
    rows = [(one.name, one.unit, f"{one.low:g} to {one.high:g}", one.stage, one.meaning) for one in chosen]
    session.terminal.table(("feature", "unit", "range", "stage", "meaning"), rows, free=4)
    show(f"\n{len(chosen)} features. `sda features NAME` shows one with its source.")
