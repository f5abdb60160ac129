"""The table of all settings, for the documents."""

from dataclasses import dataclass

from small_dataset_audio.config.keys import KEYS, SECTIONS, Key
from small_dataset_audio.config.toml.spell import spell

NOT_SET = "not set"
"""How a setting without a value is shown."""

_KINDS = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true/false", "array": "list"}


@dataclass(frozen=True)
class SettingRow:
    """One setting, in words.

    Attributes:
        section: its section.
        key: its name there.
        type: text, folder, number, whole number, true/false or list; several with "or" between them.
        default: as TOML, or "not set".
        allowed: the allowed values.
        env: its environment variable.
        description: what it does.
    """

    section: str
    key: str
    type: str
    default: str
    allowed: str
    env: str
    description: str


def settings_table() -> list[SettingRow]:
    """Return a row per setting, in the order of the model."""
    return [_row(key) for key in KEYS.values()]


def _row(key: Key) -> SettingRow:
    """Return the row of one setting."""
    return SettingRow(
        section=key.section,
        key=key.name,
        type=_kind(key),
        default=spelled_or_not_set(key.default),
        allowed=key.allowed,
        env=key.variable,
        description=key.description,
    )


def _kind(key: Key) -> str:
    """Return the kind of value in words."""
    choices = key.schema.get("anyOf", [key.schema])
    kinds = ["folder" if "minLength" in choice else _KINDS[choice["type"]] for choice in choices]
    return " or ".join(dict.fromkeys(kinds))


def spelled_or_not_set(value: object) -> str:
    """Return a value as TOML, or "not set"."""
    return NOT_SET if value is None else spell(value)


def render_markdown() -> str:
    """Return the sections of ``docs/settings.md``: one table per section."""
    parts = []
    for section, about in SECTIONS.items():
        rows = [row for row in settings_table() if row.section == section]
        table = "\n".join(_line(row) for row in rows)
        parts.append(
            f"## `[{section}]`\n\n{about}\n\n"
            "| key | default | allowed | variable | meaning |\n|---|---|---|---|---|\n"
            f"{table}\n"
        )
    return "\n".join(parts)


def _line(row: SettingRow) -> str:
    """Return a row as a line of a Markdown table."""
    default = row.default if row.default == NOT_SET else f"`{row.default}`"
    cells = (f"`{row.key}`", default, row.allowed, f"`{row.env}`", row.description)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
