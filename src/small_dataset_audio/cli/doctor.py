"""``sda doctor`` and ``sda devices``: what the environment and the machine offer."""

from typing import TYPE_CHECKING, Annotated, Final

import typer

from small_dataset_audio.cli.session import Session, session_of
from small_dataset_audio.errors import EXIT_FAILED, EXIT_OK, ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from small_dataset_audio.config.load import Loaded
    from small_dataset_audio.validation.check import Report

_MARKS: Final = {"ok": ("✓", "green"), "note": ("·", "dim"), "warn": ("!", "yellow"), "fail": ("✗", "red")}
_CRASH: Final = ("✗", "red")


def doctor(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
    fast: Annotated[bool, typer.Option("--fast", help="Only the checks that need no torch.")] = False,
) -> None:
    """Check the environment.

    Every trouble comes with its remedy. Nothing is changed.
    """
    from small_dataset_audio.validation.doctor import as_json as report_document
    from small_dataset_audio.validation.doctor import examine, healthy

    session = session_of(context)
    settings: Loaded | ConfigError
    try:
        settings = session.loaded
    except ConfigError as error:
        settings = error
    examination = examine(settings, fast=fast)
    if as_json:
        session.print_json(report_document(examination.reports, examination.choice))
    else:
        show_reports(session, examination.reports)
        if examination.choice is not None:
            from small_dataset_audio.hardware.device import device_line

            session.terminal.status(device_line(examination.choice))
    raise typer.Exit(EXIT_OK if healthy(examination.reports) else EXIT_FAILED)


def show_reports(session: Session, reports: "Sequence[Report]") -> None:
    """Write one line per check, grouped, with the remedy under what is not well."""
    from rich.text import Text

    show = session.terminal.result
    group = None
    for report in reports:
        if report.group != group:
            group = report.group
            show(Text(group, style="bold"))
        mark, style = _MARKS.get(report.status, _CRASH)
        show(Text.assemble((f"  {mark} ", style), f"{report.name}: {report.summary}"))
        if report.status in {"warn", "fail", "crash"}:
            for sentence in (report.detail, report.fix):
                if sentence:
                    show(Text(f"      {sentence}", style=style))
        elif session.verbose and report.detail:
            show(Text(f"      {report.detail}", style="dim"))
    troubles = [report for report in reports if report.status in {"fail", "crash"}]
    warnings = [report for report in reports if report.status == "warn"]
    show(f"{len(reports)} checks, {len(troubles)} failed, {len(warnings)} warnings.")


def devices(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Show the devices, and which one is chosen and why."""
    from small_dataset_audio.hardware.device import choose_device
    from small_dataset_audio.hardware.runtime import import_torch

    session = session_of(context)
    settings = session.loaded.settings
    import_torch(settings.rocm)
    choice = choose_device(settings.hardware.device, test_all=True)
    if as_json:
        session.print_json(choice.as_dict())
        return
    from rich.table import Table

    table = Table("", "device", "kind", "name", "memory free", "usable", "why", box=None, pad_edge=False)
    for device in choice.devices:
        memory = device.memory
        free = f"{memory.free / 2**30:.1f} of {memory.total / 2**30:.1f} GiB" if memory else "not told"
        chosen = "->" if device.id == choice.device.id else ""
        table.add_row(
            chosen, device.id, device.kind, device.name, free, "yes" if device.usable else "no", device.reason or ""
        )
    session.terminal.result(table)
    session.terminal.result(f"Chosen: {choice.device.id}: {choice.why}")
    if choice.warning:
        session.terminal.warn(choice.warning)
