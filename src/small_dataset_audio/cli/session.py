"""What one invocation of ``sda`` knows: the global options, the settings, and where to write."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from small_dataset_audio.cli.console import Terminal
from small_dataset_audio.errors import ConfigError, UsageError
from small_dataset_audio.pipeline.logs import log_to_stderr

if TYPE_CHECKING:
    from small_dataset_audio.config.load import Loaded
    from small_dataset_audio.hardware.device import Choice

_GROUPS_FOR_READING: Final = ("settings", "packages", "memory")
"""The checks that matter to a command that writes nothing."""


class Session:
    """The global options and what follows from them. Settings are loaded when first asked for."""

    def __init__(self, config: Path | None, device: str | None, *, verbose: bool, quiet: bool) -> None:
        self._config = config
        self._overrides: dict[str, object] = {"hardware.device": device}
        self._options = {"hardware.device": "--device"}
        self._verbose = verbose
        self._quiet = quiet
        self.terminal = Terminal(quiet=quiet)
        log_to_stderr(verbose=verbose)

    @property
    def verbose(self) -> bool:
        """Whether to say more: ``-v``, or the settings."""
        return self._verbose or (not self._quiet and self._verbosity == "verbose")

    @property
    def quiet(self) -> bool:
        """Whether to say only results, warnings and errors: ``-q``, or the settings."""
        return self._quiet or (not self._verbose and self._verbosity == "quiet")

    @property
    def _verbosity(self) -> str:
        """How much the settings want said; what is usual where they cannot be read."""
        try:
            return self.loaded.settings.general.verbosity
        except (ConfigError, UsageError):
            return "normal"

    @cached_property
    def loaded(self) -> "Loaded":
        """The settings, with the origin of each.

        Raises:
            UsageError: an option has a wrong value, and nothing else is wrong.
            ConfigError: the file or a variable has mistakes.
        """
        from small_dataset_audio.config.load import load_settings

        try:
            loaded = load_settings(self._config, self._overrides, options=self._options)
        except ConfigError as error:
            load_settings(self._config)
            raise UsageError(error.what, error.why, error.fix) from error
        verbosity = loaded.settings.general.verbosity
        self.terminal.quiet = self._quiet or (verbosity == "quiet" and not self._verbose)
        return loaded

    @property
    def config(self) -> Path | None:
        """The settings file that was named with ``--config``."""
        return self._config

    def override(self, values: Mapping[str, tuple[str, object]]) -> None:
        """Put values of the command line above the environment and the file.

        Args:
            values: ``section.key`` -> the option's name, and its value or None where it was not given.
        """
        self._options.update({key: option for key, (option, _) in values.items()})
        self._overrides.update({key: value for key, (_, value) in values.items()})
        self.__dict__.pop("loaded", None)

    @property
    def device_was_named(self) -> bool:
        """Whether the user chose a device, rather than leaving it to sda."""
        return self.loaded.settings.hardware.device != "auto"

    def check_environment(self, *, writes: bool = True, libraries: Collection[Path] = ()) -> None:
        """Run the checks that need no torch: warnings are shown, critical failures end the command.

        Args:
            writes: the command writes into the data folders, so that these are checked too.
            libraries: those that it works on, where that is not the one of the settings.

        Raises:
            EnvironmentFault: all critical failures, with their fixes.
        """
        from small_dataset_audio.validation.doctor import critical, examine

        groups = None if writes else _GROUPS_FOR_READING
        told: set[str] = set()
        for library in libraries or (self.loaded.settings.paths.library,):
            reports = examine(self._loaded_with(library), fast=True, groups=groups).reports
            for report in reports:
                text = " ".join(part for part in (report.summary, report.detail, report.fix) if part)
                if report.status == "warn" and text not in told:
                    self.terminal.warn(text)
                    told.add(text)
            fault = critical(reports)
            if fault is not None:
                raise fault

    def _loaded_with(self, library: Path) -> "Loaded":
        """Return the settings as they would be with another library."""
        settings = self.loaded.settings
        paths = settings.paths.model_copy(update={"library": library})
        return replace(self.loaded, settings=settings.model_copy(update={"paths": paths}))

    def choose_device(self) -> "Choice":
        """Return the device that the settings ask for, and show it.

        Raises:
            DeviceError: the user named a device that cannot be used.
            EnvironmentFault: torch cannot be imported.
        """
        from small_dataset_audio.hardware.device import choose_device, device_line
        from small_dataset_audio.hardware.runtime import import_torch

        settings = self.loaded.settings
        import_torch(settings.rocm)
        choice = choose_device(settings.hardware.device)
        self.terminal.status(device_line(choice))
        if choice.warning:
            self.terminal.warn(choice.warning)
        return choice

    def print_json(self, document: Mapping[str, Any]) -> None:
        """Write one JSON document to stdout."""
        self.terminal.print_json(document)


def session_of(context: typer.Context) -> Session:
    """Return the session that the root command made."""
    session = context.find_root().obj
    if not isinstance(session, Session):  # only when a command is called without the root callback
        raise TypeError(type(session).__name__)
    return session
