"""The text of a new settings file: every key, explained, with its default as a comment."""

import textwrap
from collections.abc import Mapping
from pathlib import Path

from small_dataset_audio.config.keys import KEYS, SECTIONS, Key
from small_dataset_audio.config.toml.spell import spell

_WIDTH = 110

_HEAD = (
    'The settings of sda. Every key stands here with its default behind a "#": take the "#" away and change the value, '
    "or use `sda config set`. What you do not set keeps its default, also when a later version knows a better one. "
    "An option of the command line wins over an environment variable (SDA_<SECTION>_<KEY>), and that over this file. "
    "`sda config show` tells what holds and where it comes from."
)


def compose(values: Mapping[str, object], schema: str | None) -> str:
    """Return the text of a settings file.

    Args:
        values: ``section.key`` -> value, as TOML knows it; these keys are set, all others are comments.
        schema: the file name of the JSON Schema, None where there is none; the first line points editors at it (the ``#:schema`` directive of
            Taplo, which Even Better TOML and other editor plug-ins are built on; relative to this file).
    """
    directive = f"#:schema ./{schema}\n" if schema else ""
    parts = [directive + _comment(_HEAD)]
    for section, about in SECTIONS.items():
        blocks = "\n".join(_block(key, values) for key in KEYS.values() if key.section == section)
        parts.append(f"[{section}]\n{_comment(about)}\n{blocks}")
    return "\n".join(parts)


def _block(key: Key, values: Mapping[str, object]) -> str:
    """Return the comment and the line of one key."""
    allowed = "" if isinstance(key.default, bool | Path) else f" Allowed: {key.allowed}."  # these say it themselves
    comment = _comment(f"{key.description}{allowed}")
    if key.full in values:
        return f"{comment}{key.name} = {spell(values[key.full])}\n"
    default = key.default if key.default is not None else (key.field.examples or [""])[0]
    plain = str(default) if isinstance(default, Path) else default
    hint = "  # an example: not set by default" if key.default is None else ""
    return f"{comment}#{key.name} = {spell(plain)}{hint}\n"


def _comment(text: str) -> str:
    """Return text as lines of comment."""
    return "".join(f"# {line}\n" for line in textwrap.wrap(text, _WIDTH - 2, break_on_hyphens=False))
