"""The doctor: every check of the environment, run together, and what follows from the results.

It never installs or repairs anything and leaves no file or folder behind.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from small_dataset_audio.config.load import Loaded
from small_dataset_audio.errors import ConfigError, EnvironmentFault
from small_dataset_audio.hardware.container import in_container
from small_dataset_audio.hardware.device import Choice
from small_dataset_audio.validation.accelerator import DeviceCheck
from small_dataset_audio.validation.check import BAD, Check, Report, Result, run_together
from small_dataset_audio.validation.folders import folder_checks
from small_dataset_audio.validation.machine import machine_checks, tool_checks
from small_dataset_audio.validation.packages import package_checks

SETTINGS = "settings"


@dataclass(frozen=True, slots=True)
class Examination:
    """What the doctor found."""

    reports: list[Report]
    choice: Choice | None
    """The device that was chosen; None where none was looked for, or none can be used."""


def examine(
    settings: Loaded | ConfigError, *, fast: bool, device: str | None = None, groups: Collection[str] | None = None
) -> Examination:
    """Return what every check found, and the device that was chosen.

    Args:
        settings: the loaded settings, or the error that loading them ended with: that is then a failed check, and the
            data folders, which are unknown, are left out.
        fast: leave out the checks that need torch.
        device: the device to look for, instead of the one in the settings.
        groups: run only the checks of these groups; all of them if not given.
    """
    loaded = None if isinstance(settings, ConfigError) else settings.settings
    requested = device or (loaded.hardware.device if loaded is not None else "auto")
    probe = DeviceCheck(requested, loaded.rocm if loaded is not None else None)
    container = in_container()
    checks = [
        Check("settings", SETTINGS, lambda: settings_result(settings), "Correct the settings file.", critical=True),
        *package_checks(),
        *(folder_checks(loaded.paths, container=container) if loaded is not None else ()),
        *machine_checks(container=container),
        *probe.checks(),
        *tool_checks(),
    ]
    wanted = [check for check in checks if groups is None or check.group in groups]
    reports = run_together([check for check in wanted if not (fast and check.needs_torch)])
    return Examination(reports, probe.choice)


def run_checks(settings: Loaded | ConfigError, *, fast: bool) -> list[Report]:
    """Return what every check found; see `examine`, which also tells the chosen device."""
    return examine(settings, fast=fast).reports


def settings_result(settings: Loaded | ConfigError) -> Result:
    """Return whether the settings could be loaded."""
    if isinstance(settings, ConfigError):
        return Result("fail", settings.what, settings.why, settings.fix)
    if settings.file is None:
        fix = "Run `sda setup` to choose folders and write a settings file."
        return Result("note", "There is no settings file: the defaults apply.", None, fix)
    return Result("ok", f"{settings.file} is valid.")


def healthy(reports: Sequence[Report]) -> bool:
    """Return whether no check failed or crashed."""
    return not any(report.status in BAD for report in reports)


def as_json(reports: Sequence[Report], choice: Choice | None) -> dict[str, Any]:
    """Return the JSON shape of ``sda doctor``; `validation.schema.DOCTOR_SCHEMA` describes it."""
    device = None
    if choice is not None:
        device = {**choice.device.as_dict(), "why": choice.why, "warning": choice.warning}
    return {"ok": healthy(reports), "device": device, "checks": [report.as_dict() for report in reports]}


def critical(reports: Sequence[Report]) -> EnvironmentFault | None:
    """Return the error that names every critical requirement that is not met, or None where all are met."""
    unmet = [report for report in reports if report.critical and report.status in BAD]
    if not unmet:
        return None
    if len(unmet) == 1:
        only = unmet[0]
        what = "sda cannot work here: " + only.summary
        return EnvironmentFault(what, only.detail or f"The check {only.name} failed.", only.fix or "Run `sda doctor`.")
    why = "\n".join(
        f"{number}. {report.summary} {report.detail or ''}".rstrip() for number, report in enumerate(unmet, 1)
    )
    return EnvironmentFault(f"sda cannot work here: {len(unmet)} requirements are not met.", why, _fixes(unmet))


def _fixes(unmet: Sequence[Report]) -> str:
    """Return one line per fix, each after the numbers of the requirements that it serves."""
    served: dict[str, list[str]] = {}
    for number, report in enumerate(unmet, 1):
        served.setdefault(report.fix or "Run `sda doctor`.", []).append(str(number))
    return "\n".join(f"{', '.join(numbers)}. {fix}" for fix, numbers in served.items())
