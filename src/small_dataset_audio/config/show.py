"""What ``sda config show``, ``get`` and ``path`` say."""

from dataclasses import dataclass
from pathlib import Path

from small_dataset_audio.config.describe import spelled_or_not_set
from small_dataset_audio.config.keys import KEYS, Key, known_key
from small_dataset_audio.config.load import Loaded
from small_dataset_audio.config.sources import Origin

Plain = str | int | float | bool | list[str] | None


@dataclass(frozen=True)
class Row:
    """One setting as it holds.

    Attributes:
        key: ``section.key``.
        value: as JSON knows it; None where it is not set.
        text: the value as TOML, or "not set".
        origin: where it came from.
    """

    key: str
    value: Plain
    text: str
    origin: Origin


def rows(loaded: Loaded) -> list[Row]:
    """Return a row per setting, in the order of the model."""
    return [
        Row(key.full, _plain(loaded, key), spelled_or_not_set(_plain(loaded, key)), loaded.origins[key.full])
        for key in KEYS.values()
    ]


def get(loaded: Loaded, key: str) -> Plain:
    """Return the value of ``section.key`` as JSON knows it; None where it is not set.

    Raises:
        UsageError: there is no such setting.
    """
    return _plain(loaded, known_key(key))


def as_text(value: Plain) -> str:
    """Return a value for scripts: bare, lists with commas, and empty where it is not set."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(value) if isinstance(value, list) else str(value)


def as_json(loaded: Loaded) -> dict[str, object]:
    """Return the JSON shape of ``sda config show --json``.

    ``{"file": path or null, "folder": path, "settings": {"section.key": {"value", "origin", "detail", "used"}}}``
    """
    return {
        "file": None if loaded.file is None else str(loaded.file),
        "folder": str(loaded.folder),
        "settings": {
            row.key: {"value": row.value, "origin": row.origin.kind, "detail": row.origin.detail}
            for row in rows(loaded)
        },
    }


def _plain(loaded: Loaded, key: Key) -> Plain:
    """Return the value of a setting as JSON knows it."""
    value: Plain | Path = getattr(getattr(loaded.settings, key.section), key.name)
    return str(value) if isinstance(value, Path) else value
