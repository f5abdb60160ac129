"""What all commands share: no place has an empty name, and ``--help`` says plain names and fits narrow terminals."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final, get_args

from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from small_dataset_audio.errors import UsageError

if TYPE_CHECKING:
    from typer._click.core import Context
    from typer._click.formatting import HelpFormatter

_NAMES: Final = 30
"""Columns that names may take beside their explanations; a longer name gets a line of its own."""
_NARROW: Final = 3
"""On a narrow terminal, names get one column in so many."""


class Command(TyperCommand):
    """A command whose help says ``FILE`` and ``[PATH]...``, without the types of the programming language."""

    def parse_args(self, ctx: "Context", args: list[str]) -> list[str]:
        """Return the words that are left when ``args`` are taken.

        Raises:
            UsageError: a file or folder has an empty name. It would mean the current folder.
        """
        given, _, _ = self.make_parser(ctx).parse_args(list(args))
        for one in self.params:
            words = given.get(one.name)
            if _names_a_place(one) and "" in (words if isinstance(words, list | tuple) else (words,)):
                raise UsageError(
                    f"The name of {_called(one)} is empty.",
                    "A file or a folder is expected there; perhaps a variable of your shell is not set.",
                    "Give the name, or leave it out altogether.",
                )
        return super().parse_args(ctx, args)

    def collect_usage_pieces(self, ctx: "Context") -> list[str]:
        """Return what stands behind the command's name in its usage line."""
        return [*super().collect_usage_pieces(ctx)[:1], *(_in_usage(argument) for argument in _arguments(self))]

    def format_options(self, ctx: "Context", formatter: "HelpFormatter") -> None:
        """Write what the arguments and the options are for."""
        told = [(argument, argument.get_help_record(ctx)) for argument in _arguments(self)]
        _section(
            formatter, "Arguments", [(argument.display_name_raw, record[1]) for argument, record in told if record]
        )
        _write_options(self, ctx, formatter)


class Group(TyperGroup):
    """A group of commands, with options of its own."""

    def format_options(self, ctx: "Context", formatter: "HelpFormatter") -> None:
        """Write what the options are for, and what the commands do."""
        _write_options(self, ctx, formatter)
        found = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        limit = 10 * formatter.width  # whole sentences: they are wrapped, not cut
        _section(formatter, "Commands", [(name, one.get_short_help_str(limit)) for name, one in found if one])


def _names_a_place(one: object) -> bool:
    if not isinstance(one, TyperArgument | TyperOption):
        return False
    annotation = one.type_descriptor.annotation
    return annotation is Path or Path in get_args(annotation)


def _called(one: object) -> str:
    return one.opts[0] if isinstance(one, TyperOption) else getattr(one, "metavar", "")


def _arguments(command: TyperCommand) -> Iterator[TyperArgument]:
    return (one for one in command.params if isinstance(one, TyperArgument))


def _in_usage(argument: TyperArgument) -> str:
    name = argument.display_name_raw if argument.required else f"[{argument.display_name_raw}]"
    return f"{name}..." if argument.nargs != 1 else name


def _write_options(command: TyperCommand | TyperGroup, ctx: "Context", formatter: "HelpFormatter") -> None:
    records = (one.get_help_record(ctx) for one in command.get_params(ctx) if not isinstance(one, TyperArgument))
    _section(formatter, "Options", [record for record in records if record])


def _section(formatter: "HelpFormatter", title: str, rows: list[tuple[str, str]]) -> None:
    if rows:
        with formatter.section(title):
            formatter.write_dl(rows, col_max=min(_NAMES, formatter.width // _NARROW))
