"""The command tree: every command, with the global options."""

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
from small_dataset_audio.cli.session import Session

app = typer.Typer(
    name="sda",
    epilog="Global options may stand before or after the command. Results go to stdout, everything else to stderr. "
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
    config: Annotated[Path | None, typer.Option(help="Settings file to use.", metavar="FILE")] = None,
    device: Annotated[str | None, typer.Option(help="Device to use.", metavar="auto|cuda|cuda:N|mps|cpu")] = None,
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


app.command("setup")(setup.setup)
app.command("doctor")(doctor.doctor)
app.command("devices")(doctor.devices)
app.command("benchmark")(benchmark.benchmark)
app.command("plan")(plan_command.plan)
app.command("run")(run.run)
app.command("analyze")(analyze.analyze)
app.command("separate")(separate.separate)
app.command("caption")(caption.caption)
app.command("transcribe")(transcribe.transcribe)
app.command("crop")(crop_command.crop)
app.command("metadata")(metadata_command.metadata)
app.command("features")(features.features)
app.command("export")(export_command.export)
app.command("stats")(stats_command.stats)
app.command("lint")(lint_command.lint)
app.command("report")(report_command.report)
app.command("history")(history_command.history)
app.command("diff")(history_command.diff)
app.command("forget")(forget_command.forget)
app.add_typer(models_command.app, name="models")
app.add_typer(configure.app, name="config")
app.command("demo")(demo_command.demo)
