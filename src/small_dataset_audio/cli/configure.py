"""``sda config``: the settings, and where each comes from."""

from typing import Annotated

import typer

from small_dataset_audio.cli import offers
from small_dataset_audio.cli.command import Command, Group
from small_dataset_audio.cli.session import session_of

app = typer.Typer(cls=Group, rich_markup_mode=None)

JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


@app.callback(invoke_without_command=True)
def root(context: typer.Context) -> None:
    """Show and change the settings."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command(cls=Command)
def show(context: typer.Context, as_json: JsonOption = False) -> None:
    """Show every setting with its value and where it came from."""
    from small_dataset_audio.config.show import as_json as settings_document
    from small_dataset_audio.config.show import rows

    session = session_of(context)
    loaded = session.loaded
    if as_json:
        session.print_json(settings_document(loaded))
        return
    session.terminal.table(("setting", "value", "from"), [(row.key, row.text, str(row.origin)) for row in rows(loaded)])
    session.terminal.result(f"\nSettings file: {loaded.file or 'none (sda setup writes one)'}")


@app.command(cls=Command)
def get(
    context: typer.Context,
    key: Annotated[
        str, typer.Argument(help="section.key, such as paths.library.", metavar="KEY", autocompletion=offers.settings)
    ],
    as_json: JsonOption = False,
) -> None:
    """Print one setting's value."""
    from small_dataset_audio.config.show import as_text
    from small_dataset_audio.config.show import get as value_of

    session = session_of(context)
    value = value_of(session.loaded, key)
    if as_json:
        session.print_json({key: value})
    else:
        session.terminal.result(as_text(value))


@app.command("set", cls=Command, context_settings={"ignore_unknown_options": True})  # a value may be -60
def set_(
    context: typer.Context,
    key: Annotated[
        str, typer.Argument(help="section.key, such as paths.library.", metavar="KEY", autocompletion=offers.settings)
    ],
    value: Annotated[str | None, typer.Argument(help="The new value; lists with commas.", metavar="VALUE")] = None,
    unset: Annotated[bool, typer.Option("--unset", help="Take the setting out, so that its default counts.")] = False,
) -> None:
    """Change one setting in the settings file; everything else in it stays as it is."""
    from small_dataset_audio.config.load import writing_place
    from small_dataset_audio.config.save import set_value, unset_value
    from small_dataset_audio.errors import UsageError

    session = session_of(context)
    file = writing_place(session.config)
    for word in (key, value or ""):
        if word.startswith("--"):
            raise UsageError(
                f"There is no option {word}.",
                "This command knows --unset alone.",
                "`sda config set --help` says what it takes.",
            )
    if (value is None) != unset:
        raise UsageError(
            f"It is not clear what {key} is to become.",
            "Either a value or --unset is needed, and not both.",
            f"Give the value: sda config set {key} VALUE",
        )
    if value is None:
        was_there = unset_value(file, key)
        session.terminal.status(f"{key} {'taken out of' if was_there else 'was not in'} {file}")
    else:
        set_value(file, key, value)
        session.terminal.status(f"{key} set in {file}")


@app.command(cls=Command)
def path(context: typer.Context) -> None:
    """Print the settings file's path: the one in use, or the one that would be written."""
    from small_dataset_audio.config.load import writing_place

    session = session_of(context)
    session.terminal.result(str(writing_place(session.config)))


@app.command(cls=Command)
def schema(context: typer.Context) -> None:
    """Print the JSON Schema of the settings file."""
    from small_dataset_audio.config.schema import json_schema

    session_of(context).print_json(json_schema())
