"""``sda doctor`` and ``sda devices``: what the environment and the machine offer."""

from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Final

import typer

from small_dataset_audio.cli.console import Style, as_called, plural
from small_dataset_audio.cli.options import AsJson
from small_dataset_audio.cli.session import Session, session_of
from small_dataset_audio.errors import EXIT_FAILED, EXIT_OK, ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from small_dataset_audio.config.load import Loaded
    from small_dataset_audio.validation.check import Report

_STYLES: Final[dict[str, Style]] = {"ok": "green", "note": "dim", "warn": "yellow", "fail": "red", "crash": "red"}
_MARKS: Final = {"ok": "✓", "note": "·", "warn": "!", "fail": "✗", "crash": "✗"}
_PLAIN_MARKS: Final = {"ok": "+", "note": "-", "warn": "!", "fail": "x", "crash": "x"}
"""For terminals whose encoding has no others."""
_TROUBLES: Final = frozenset({"warn", "fail", "crash"})


def doctor(
    context: typer.Context,
    as_json: AsJson = False,
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
    """Write what the checks found, by group: one line for a group in which all is well, else one for each check.

    The remedy stands under what is not well. With ``--verbose`` every check has its line, with ``--quiet`` only troubles.
    """
    for group, members in groupby(reports, key=lambda report: report.group):
        found = list(members)
        well = [report for report in found if report.status == "ok"]
        if session.quiet:
            found = [report for report in found if report.status in _TROUBLES]
        elif not session.verbose and len(well) > 1:
            names = ", ".join(report.name for report in well)
            _show_line(session, "ok", f"{group}: {names}")
            found = [report for report in found if report.status != "ok"]
        for report in found:
            _show_report(session, report)
    failed = sum(report.status in {"fail", "crash"} for report in reports)
    warned = sum(report.status == "warn" for report in reports)
    session.terminal.result(f"{plural(len(reports), 'check')}, {failed} failed, {plural(warned, 'warning')}.")


def _show_report(session: Session, report: "Report") -> None:
    _show_line(session, report.status, f"{report.group}, {report.name}: {report.summary}")
    if report.status in _TROUBLES or session.verbose:
        style = _STYLES[report.status]
        for sentence in (report.detail, report.fix):
            if sentence:
                session.terminal.result(f"    {as_called(sentence)}", style)


def _show_line(session: Session, status: str, text: str) -> None:
    terminal = session.terminal
    marks = _MARKS if terminal.results.holds("".join(_MARKS.values())) else _PLAIN_MARKS
    terminal.result(text, lead=(f"{marks[status]} ", _STYLES[status]))


def devices(
    context: typer.Context,
    as_json: AsJson = False,
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
    rows = []
    for device in choice.devices:
        memory = device.memory
        free = f"{memory.free / 2**30:.1f} of {memory.total / 2**30:.1f} GiB" if memory else "not told"
        usable = "yes" if device.usable else "no"
        rows.append((device.id, device.kind, device.name, free, usable, device.reason or ""))
    session.terminal.table(("device", "kind", "name", "memory free", "usable", "why not"), rows, free=5)
    session.terminal.result(f"Chosen: {choice.device.id}: {choice.why}")
    if choice.warning:
        session.terminal.warn(choice.warning)
