"""Mistakes in settings, collected, so that all of them are reported at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from small_dataset_audio.config.keys import KEYS, SECTIONS, Key, nearest_choice
from small_dataset_audio.config.toml.read import Syntax, shortened
from small_dataset_audio.errors import ConfigError


@dataclass(frozen=True)
class Problem:
    """One mistake.

    Attributes:
        place: where it was made: a line of the file, a variable, an option.
        what: what is there.
        why: what would be right.
        fix: what to do about this one.
        foreign: whether it suggests that the file belongs to another program.
    """

    place: str
    what: str
    why: str
    fix: str
    foreign: bool = False

    def __str__(self) -> str:
        """Return it on one line."""
        return f"{self.place}: {self.what} {self.why}"


def given_text(value: object) -> str:
    """Return a value as a message shows it."""
    if isinstance(value, dict):
        return "a section"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return shortened(f"[{', '.join(given_text(member) for member in value)}]")
    return f'"{shortened(value)}"' if isinstance(value, str) else shortened(str(value))


def wrong_value(place: str, key: Key, value: object) -> Problem:
    """Return the problem of a value that the setting does not allow."""
    near = nearest_choice(key, value)
    meant = f' Did you mean "{near}"?' if near else ""
    return Problem(place, f"{key.full} is {given_text(value)}.", f"Allowed: {key.allowed}.{meant}", correct(place))


def correct(place: str) -> str:
    """Return the advice to correct what is at a place."""
    return f"Correct {place[0].lower() if place.startswith('The ') else place[0]}{place[1:]}."


def unknown_key(place: str, section: str | None, name: str, nearest: Key | None) -> Problem:
    """Return the problem of a key that no section, or not this one, knows."""
    full = f"{section}.{name}" if section else name
    if nearest is None:
        known = ", ".join(key.name for key in KEYS.values() if key.section == section) or ", ".join(KEYS)
        why = f"[{section}] knows: {known}." if section else "`sda config show` lists all settings."
    elif section is None or section == nearest.section:
        why = f"Did you mean {nearest.full}?"
    else:
        why = f"Did you mean {nearest.full}, under [{nearest.section}]?"
    return Problem(place, f"{shortened(full)} is not a setting.", why, "Rename or remove it.", foreign=nearest is None)


def unknown_section(place: str, name: str, nearest: str | None) -> Problem:
    """Return the problem of a section that does not exist."""
    known = ", ".join(f"[{section}]" for section in SECTIONS)
    why = f"Did you mean [{nearest}]?" if nearest else f"The sections are {known}."
    return Problem(
        place, f"[{shortened(name)}] is not a section.", why, "Rename or remove it.", foreign=nearest is None
    )


def not_a_section(place: str, name: str, value: object) -> Problem:
    """Return the problem of a section's name used for something else."""
    return Problem(
        place,
        f"{name} is {'a list' if isinstance(value, list) else given_text(value)}.",
        f"It is a section: write [{name}] on a line of its own and its keys below.",
        correct(place),
    )


def unknown_variable(variable: str, nearest: Key) -> Problem:
    """Return the problem of a variable that is almost one of ours."""
    return Problem(
        f"The variable {variable}",
        "No setting has this name.",
        f"Did you mean {nearest.variable}, for {nearest.full}?",
        f"Export {nearest.variable} instead, or `unset {variable}`.",
    )


def not_toml(name: str, syntax: Syntax) -> Problem:
    """Return the problem of a file that is not TOML."""
    place = name if syntax.line is None else f"{name}, line {syntax.line}"
    return Problem(place, "This is not valid TOML.", syntax.reason, syntax.hint)


def conflict(place: str, what: str, why: str) -> Problem:
    """Return the problem of values that are each allowed but not together."""
    return Problem(place, what, why, correct(place))


def config_error(problems: Sequence[Problem], file: Path | None, *, found_by_search: bool = False) -> ConfigError:
    """Return the one error that reports every problem.

    Args:
        problems: at least one.
        file: the settings file, where there is one.
        found_by_search: nobody named the file; it was the ``config.toml`` of the current folder.
    """
    if len(problems) == 1:
        (problem,) = problems
        what, why, fix = f"{problem.place}: {problem.what}", problem.why, problem.fix
    else:
        what = f"The settings have {len(problems)} mistakes."
        why = "\n".join(str(problem) for problem in problems)
        fix = "Correct each of them, then run the command again; `sda config show` lists every setting."
    if file is not None and any(problem.place.startswith(file.name) for problem in problems):
        fix = f"{fix} The file is {file}."
        if found_by_search and any(problem.foreign for problem in problems):
            fix = f"{fix} If it belongs to another program, give sda a file of its own with --config or SDA_CONFIG."
    return ConfigError(what, why, fix)
