"""The command tree: every command, with the global options."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from small_dataset_audio import __version__
from small_dataset_audio.cli import (
    analyze,
    benchmark,
    caption,
    configure,
    doctor,
    features,
    offers,
    run,
    separate,
    setup,
    transcribe,
)
from small_dataset_audio.cli import crop as crop_command
from small_dataset_audio.cli import demo as demo_command
from small_dataset_audio.cli import export as export_command
from small_dataset_audio.cli import forget as forget_command
from small_dataset_audio.cli import history as history_command
from small_dataset_audio.cli import lint as lint_command
from small_dataset_audio.cli import metadata as metadata_command
from small_dataset_audio.cli import models as models_command
from small_dataset_audio.cli import plan as plan_command
from small_dataset_audio.cli import report as report_command
from small_dataset_audio.cli import stats as stats_command
from small_dataset_audio.cli.command import Command, Group
from small_dataset_audio.cli.session import Session

_CONFIG_HELP = "Settings file to use. Default: what SDA_CONFIG names, or config.toml in this folder."

app = typer.Typer(
    name="sda",
    cls=Group,
    epilog="Global options may stand before or after the command. Results go to stdout, everything else to stderr. "
    "A default such as paths.library is a setting: `sda config show` lists them. "
    "Exit status: 0 done, 1 something failed, 2 wrong usage, 130 interrupted.",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"sda {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    config: Annotated[Path | None, typer.Option(help=_CONFIG_HELP, metavar="FILE")] = None,
    device: Annotated[
        str | None,
        typer.Option(
            help="Device to use. Default: hardware.device.",
            metavar="auto|cuda|cuda:N|mps|cpu",
            autocompletion=offers.devices,
        ),
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say more; show tracebacks.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show only results, warnings and errors.")] = False,
    _version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Turn a small personal collection of recordings into a training-ready, richly annotated dataset.

    Without a command: validate, show the device, and say what to do next (the guide, on a first run on a terminal).
    """
    context.obj = Session(config, device, verbose=verbose, quiet=quiet)
    if context.invoked_subcommand is None:
        raise typer.Exit(setup.welcome(context.obj))


_COMMANDS: dict[str, Callable[..., None]] = {
    "setup": setup.setup,
    "doctor": doctor.doctor,
    "devices": doctor.devices,
    "benchmark": benchmark.benchmark,
    "plan": plan_command.plan,
    "run": run.run,
    "analyze": analyze.analyze,
    "separate": separate.separate,
    "caption": caption.caption,
    "transcribe": transcribe.transcribe,
    "crop": crop_command.crop,
    "metadata": metadata_command.metadata,
    "features": features.features,
    "export": export_command.export,
    "stats": stats_command.stats,
    "lint": lint_command.lint,
    "report": report_command.report,
    "history": history_command.history,
    "diff": history_command.diff,
    "forget": forget_command.forget,
    "demo": demo_command.demo,
}
for _name, _command in _COMMANDS.items():
    app.command(_name, cls=Command)(_command)
app.add_typer(models_command.app, name="models")
app.add_typer(configure.app, name="config")
