"""Loading the settings: command line over environment over file over defaults, and the origin of every value.

Every mistake of every source is reported at once. Paths come out absolute: those of the file and the defaults count
from the file's folder (the current one where there is no file), those of the environment and the command line from
the current folder.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from small_dataset_audio.config.keys import KEYS, SECTIONS
from small_dataset_audio.config.model import Settings
from small_dataset_audio.config.problems import Problem, config_error, conflict, not_toml
from small_dataset_audio.config.sources import (
    CONFIG_VARIABLE,
    Gathered,
    Given,
    Origin,
    everything,
    from_environment,
    from_file,
    from_overrides,
)
from small_dataset_audio.config.toml.read import NotToml, decode, parse, read_bytes
from small_dataset_audio.errors import ConfigError

CONFIG_NAME = "config.toml"
"""The settings file that is read when none is named."""


@dataclass(frozen=True)
class Loaded:
    """The settings and where they came from.

    Attributes:
        settings: all values, paths absolute.
        origins: ``section.key`` -> where its value came from.
        file: the settings file, absolute; None where there is none.
        folder: what relative paths count from: the file's folder, or the current one.
    """

    settings: Settings
    origins: Mapping[str, Origin]
    file: Path | None
    folder: Path


@dataclass(frozen=True)
class _Found:
    """A settings file and what named it: an option, a variable, or nothing but its being there."""

    file: Path
    named_by: str | None


def load_settings(
    file: Path | None = None,
    overrides: Mapping[str, object] | None = None,
    environ: Mapping[str, str] | None = None,
    *,
    cwd: Path | None = None,
    options: Mapping[str, str] | None = None,
) -> Loaded:
    """Return the settings.

    Args:
        file: the settings file that was named with ``--config``; None looks for one (see `find_config`).
        overrides: ``section.key`` -> value from the command line; None as a value means that it was not given.
        environ: the environment; the process's own by default.
        cwd: the current folder; the process's own by default.
        options: ``section.key`` -> name of the option that gave the override, for messages.

    Raises:
        ConfigError: one or several mistakes, or a file that cannot be read.
    """
    surroundings = os.environ if environ is None else environ
    here = _current_folder(cwd)
    found = _find(file, surroundings, here)
    folder = found.file.parent if found else here
    gathered = everything(
        (
            _read(found) if found else Gathered({}, []),
            from_environment(surroundings),
            from_overrides(overrides or {}, options or {}),
        )
    )
    settings = settled(gathered, folder, here)
    if gathered.problems:
        by_search = found is not None and found.named_by is None
        raise config_error(gathered.problems, found.file if found else None, found_by_search=by_search)
    origins = {full: gathered.values[full].origin if full in gathered.values else Origin("default") for full in KEYS}
    return Loaded(settings, origins, found.file if found else None, folder)


def find_config(
    explicit: Path | None = None, environ: Mapping[str, str] | None = None, cwd: Path | None = None
) -> Path | None:
    """Return the settings file, absolute: ``explicit``, else ``SDA_CONFIG``, else ``./config.toml`` if it is there.

    A file that was named is returned whether it exists or not; reading it tells.
    """
    found = _find(explicit, os.environ if environ is None else environ, _current_folder(cwd))
    return found.file if found else None


def writing_place(
    explicit: Path | None = None, environ: Mapping[str, str] | None = None, cwd: Path | None = None
) -> Path:
    """Return the file in which a changed setting belongs: the one `find_config` finds, else ``./config.toml``."""
    return find_config(explicit, environ, cwd) or _current_folder(cwd) / CONFIG_NAME


def _find(explicit: Path | None, environ: Mapping[str, str], here: Path) -> _Found | None:
    """Return the settings file and what named it, or None."""
    named = environ.get(CONFIG_VARIABLE)
    if explicit is not None:
        return _Found(absolute(explicit, here), "--config")
    if named:
        return _Found(absolute(Path(named), here), f"the variable {CONFIG_VARIABLE}")
    usual = here / CONFIG_NAME
    return _Found(usual, None) if os.path.lexists(usual) else None


def _current_folder(cwd: Path | None) -> Path:
    """Return the current folder, absolute."""
    try:
        return Path.cwd() if cwd is None else cwd.absolute()
    except OSError as error:
        raise ConfigError(
            "The current folder does not exist any more.",
            "It was removed or moved after this terminal entered it.",
            "Go to a folder that exists (`cd ~`), and run the command again.",
        ) from error


def absolute(path: Path, base: Path) -> Path:
    """Return ``path`` with ``~`` expanded, counted from ``base`` where it is relative.

    ``..`` stays as it is written: through a link it is not what it seems in the text.

    Raises:
        ConfigError: ``~`` names a user that this system does not know.
    """
    try:
        return base / path.expanduser()
    except RuntimeError as error:
        raise ConfigError(
            f"{path} cannot be found.",
            "This system does not know the home folder that the ~ stands for.",
            "Write the path in full.",
        ) from error


def _read(found: _Found) -> Gathered:
    """Return what the file says."""
    if found.named_by is not None and not os.path.lexists(found.file):
        raise ConfigError(
            f"The settings file {found.file} does not exist.",
            f"It was named by {found.named_by}.",
            "Check the name, or leave it out: sda also works without a settings file (`sda setup` writes one).",
        )
    text = decode(found.file, read_bytes(found.file))
    try:
        return from_file(parse(text), found.file)
    except NotToml as error:
        return Gathered({}, [not_toml(found.file.name, error.syntax)])


def settled(gathered: Gathered, folder: Path, here: Path) -> Settings:
    """Return the settings with absolute paths; mistakes that show only now are added to ``gathered.problems``.

    Args:
        gathered: the values that were given.
        folder: what paths from the file, and the defaults, count from.
        here: what paths from the environment and the command line count from.
    """
    sections: dict[str, dict[str, Any]] = {section: {} for section in SECTIONS}
    for key in KEYS.values():
        given = gathered.values.get(key.full)
        value = given.value if given else key.default
        if isinstance(value, Path):
            base = folder if given is None or given.origin.kind == "file" else here
            value = _absolute_or_problem(gathered, given, value, base)
        sections[key.section][key.name] = value
    settings = Settings.model_validate(sections)
    gathered.problems += _conflicts(settings, gathered.values)
    return settings


def _absolute_or_problem(gathered: Gathered, given: Given | None, path: Path, base: Path) -> Path:
    """Return the absolute path; one that there cannot be is noted as a problem and returned as it is."""
    try:
        return absolute(path, base)
    except ConfigError as error:
        place = given.place if given else str(base)
        gathered.problems.append(Problem(place, error.what, error.why, error.fix))
        return path


def _conflicts(settings: Settings, given: Mapping[str, Given]) -> Iterator[Problem]:
    """Yield the problems of values that are each allowed but not together."""
    hardware, paths = settings.hardware, settings.paths
    largest, best = hardware.max_batch_size, hardware.best_batch_size
    if largest is not None and best is not None and best > largest:
        yield conflict(
            given["hardware.best_batch_size"].place,
            f"hardware.best_batch_size is {best}.",
            f"It cannot be more than hardware.max_batch_size, which is {largest}.",
        )
    if os.path.realpath(paths.library) == os.path.realpath(paths.datasets):
        culprit = given.get("paths.library") or given.get("paths.datasets")
        yield conflict(
            culprit.place if culprit else str(paths.library),
            "paths.library and paths.datasets are the same folder.",
            "Your recordings and the library of copies that sda makes of them must not be mixed.",
        )
