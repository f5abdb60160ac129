"""What the file, the environment and the command line say, each value with where it came from."""

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from small_dataset_audio.config.keys import (
    KEYS,
    SECTIONS,
    VARIABLE_PREFIX,
    VARIABLES,
    Key,
    WrongValue,
    nearest_key,
    nearest_section,
    nearest_variable,
)
from small_dataset_audio.config.problems import (
    Problem,
    not_a_section,
    unknown_key,
    unknown_section,
    unknown_variable,
    wrong_value,
)
from small_dataset_audio.config.toml.read import Document

CONFIG_VARIABLE = "SDA_CONFIG"
"""The environment variable that names the settings file."""

OTHER_VARIABLES = frozenset({CONFIG_VARIABLE, "SDA_UID", "SDA_GID"})
"""Variables of the product that are not settings: the settings file, and the user of the containers."""

OriginKind = Literal["default", "file", "env", "command line"]


@dataclass(frozen=True)
class Origin:
    """Where a value came from.

    Attributes:
        kind: the source.
        detail: which place in it: ``/music/config.toml:12``, ``SDA_PATHS_LIBRARY``, ``--device``; empty for defaults.
    """

    kind: OriginKind
    detail: str = ""

    def __str__(self) -> str:
        """Return both in words, as ``sda config show`` shows them."""
        return f"{self.kind} ({self.detail})" if self.detail else self.kind


@dataclass(frozen=True)
class Given:
    """One value that somebody gave.

    Attributes:
        key: for which setting.
        value: as checked: what the settings hold, paths still as written.
        origin: from where.
        place: the same in words, for messages.
    """

    key: Key
    value: Any
    origin: Origin
    place: str


@dataclass
class Gathered:
    """The values and mistakes of one source, or of several, later ones counting more."""

    values: dict[str, Given]
    problems: list[Problem]

    def take(self, key: Key, value: object, origin: Origin, place: str) -> None:
        """Note a value if it is allowed, else the problem."""
        try:
            self.values[key.full] = Given(key, key.check(value), origin, place)
        except WrongValue:
            self.problems.append(wrong_value(place, key, value))

    def take_text(self, key: Key, text: str, origin: Origin, place: str) -> None:
        """Note a value given as text, if a reading of it is allowed, else the problem."""
        try:
            self.take(key, key.understand(text), origin, place)
        except WrongValue:
            self.problems.append(wrong_value(place, key, text))

    def add(self, other: "Gathered") -> None:
        """Let the values of ``other`` count more than these, and take over its problems."""
        self.values |= other.values
        self.problems += other.problems


_MOST_PROBLEMS = 100
"""How many mistakes of a file are looked into: one with more is not a settings file at all."""


def from_file(document: Document, file: Path) -> Gathered:
    """Return what a settings file says."""
    gathered = Gathered({}, [])
    for section, content in document.data.items():
        if len(gathered.problems) >= _MOST_PROBLEMS:
            break
        place = _place(document, file, section)
        if section in SECTIONS and isinstance(content, dict):
            _take_section(gathered, document, file, section, content)
        elif section in SECTIONS:
            gathered.problems.append(not_a_section(place, section, content))
        elif isinstance(content, dict):
            gathered.problems.append(unknown_section(place, section, nearest_section(section)))
        else:
            gathered.problems.append(unknown_key(place, None, section, nearest_key(None, section)))
    return gathered


def _take_section(
    gathered: Gathered, document: Document, file: Path, section: str, content: Mapping[str, object]
) -> None:
    """Note every key of a section."""
    for name, value in itertools.islice(content.items(), _MOST_PROBLEMS):
        place = _place(document, file, section, name)
        key = KEYS.get(f"{section}.{name}")
        if key is None:
            gathered.problems.append(unknown_key(place, section, name, nearest_key(section, name)))
        else:
            line = document.line_of(section, name)
            gathered.take(key, value, Origin("file", f"{file}:{line}"), place)


def _place(document: Document, file: Path, *path: str) -> str:
    """Return in words where ``path`` stands."""
    return f"{file.name}, line {document.line_of(*path)}"


def from_environment(environ: Mapping[str, str]) -> Gathered:
    """Return what the ``SDA_…`` variables say.

    A variable with an empty text counts as not set, which is what compose files and shells make of a missing value.
    A variable that is not a setting is left to whoever uses it, unless it is almost the name of one.
    """
    gathered = Gathered({}, [])
    for variable, text in sorted(environ.items()):
        if not variable.startswith(VARIABLE_PREFIX) or variable in OTHER_VARIABLES or not text:
            continue
        key = VARIABLES.get(variable)
        if key is not None:
            gathered.take_text(key, text, Origin("env", variable), f"The variable {variable}")
            continue
        nearest = nearest_variable(variable)
        if nearest is not None:
            gathered.problems.append(unknown_variable(variable, nearest))
    return gathered


def from_overrides(overrides: Mapping[str, object], options: Mapping[str, str]) -> Gathered:
    """Return what the command line says.

    Args:
        overrides: ``section.key`` -> value; None means that the option was not given.
        options: ``section.key`` -> the option's name, for messages; the key itself stands in for a missing one.
    """
    gathered = Gathered({}, [])
    for full, value in overrides.items():
        if value is None:
            continue
        option = options.get(full, full)
        place = f"The option {option}"
        key = KEYS.get(full)
        if key is None:
            section, _, name = full.rpartition(".")
            gathered.problems.append(unknown_key(place, section or None, name, nearest_key(section, name)))
        elif isinstance(value, str):
            gathered.take_text(key, value, Origin("command line", option), place)
        else:
            plain = str(value) if isinstance(value, Path) else _listed(value)
            gathered.take(key, plain, Origin("command line", option), place)
    return gathered


def _listed(value: object) -> object:
    """Return tuples, as typer gives them, as lists."""
    return list(value) if isinstance(value, tuple) else value


def everything(gathered: Iterable[Gathered]) -> Gathered:
    """Return all sources as one, the later counting more."""
    whole = Gathered({}, [])
    for source in gathered:
        whole.add(source)
    return whole
