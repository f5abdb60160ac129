"""The JSON Schema of the settings file, for editors, and the allowed values in words, for people.

Only words of JSON Schema that all drafts share are used (no ``const``, no references), because editors' TOML plug-ins
read older drafts than 2020-12.
"""

import copy
import json
from functools import cache
from typing import Any

from small_dataset_audio.config.model import Settings

DRAFT = "https://json-schema.org/draft/2020-12/schema"
IDENTITY = "urn:small-dataset-audio:settings"
"""Says whose schema a file holds; sda replaces only files that carry it."""

_TYPES = {"string": "text", "integer": "a whole number", "number": "a number", "boolean": "true or false"}


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of the settings file.

    A key that is not set is left out of a TOML file, which knows no null; so there is none in the schema either.
    """
    return copy.deepcopy(_schema())


@cache
def _schema() -> dict[str, Any]:
    """Return the schema; callers must not change it."""
    raw = Settings.model_json_schema()
    sections = {
        name: _section(raw["$defs"][part["$ref"].rsplit("/", 1)[1]]) for name, part in raw["properties"].items()
    }
    return {
        "$schema": DRAFT,
        "$id": IDENTITY,
        "title": "Settings of small-dataset-audio",
        "description": raw["description"],
        "type": "object",
        "additionalProperties": False,
        "properties": sections,
    }


def _section(raw: dict[str, Any]) -> dict[str, Any]:
    """Return a section's schema."""
    return {
        "type": "object",
        "description": " ".join(raw["description"].split()),
        "additionalProperties": False,
        "properties": {name: _setting(part) for name, part in raw["properties"].items()},
    }


def _setting(raw: dict[str, Any]) -> dict[str, Any]:
    """Return a setting's schema: without null, and without what only `setting` knows."""
    part = _plain({word: value for word, value in raw.items() if word not in {"title", "allowed", "variable"}})
    if part.get("default", ...) is None:
        del part["default"]
    return part


def _plain(part: dict[str, Any]) -> dict[str, Any]:
    """Return ``part`` in words that all drafts know, and without null among the choices."""
    if "const" in part:
        part["enum"] = [part.pop("const")]
    if part.get("format") == "path":
        del part["format"]
        part |= {"minLength": 1, "pattern": r"\S"}
    if "items" in part:
        part["items"] = _plain(part["items"])
    if "anyOf" in part:
        choices = [_plain(choice) for choice in part.pop("anyOf") if choice.get("type") != "null"]
        part |= choices[0] if len(choices) == 1 else {"anyOf": choices}
    return part


def schema_text() -> str:
    """Return the schema as the text of a JSON file."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def allowed_values(part: dict[str, Any]) -> str:
    """Return in words which values a setting's schema allows."""
    if "anyOf" in part:
        return " or ".join(allowed_values(choice) for choice in part["anyOf"])
    if "enum" in part:
        return _listed([json.dumps(value) for value in part["enum"]])
    if part["type"] == "array":
        least = f", at least {part['minItems']}" if "minItems" in part else ""
        return f"a list with any of {_listed([json.dumps(value) for value in part['items']['enum']], 'and')}{least}"
    if "minLength" in part:
        return "the path of a folder"
    return _TYPES[part["type"]] + _range(part)


def choices(part: dict[str, Any]) -> list[str]:
    """Return the words that a setting's schema allows, alone or in a list."""
    parts = [*part.get("anyOf", ()), part.get("items", {}), part]
    return [word for choice in parts for word in choice.get("enum", ()) if word]


def _listed(words: list[str], joint: str = "or") -> str:
    """Return the words with commas, and ``joint`` before the last."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {joint} {words[-1]}"


def _range(part: dict[str, Any]) -> str:
    """Return the range of a number in words, empty where it has none."""
    low, high = part.get("minimum"), part.get("maximum")
    if high is None:
        return "" if low is None else f" from {_digits(low)}"
    return f" from {_digits(part['minimum'])} to {_digits(high)}"


def _digits(number: float) -> str:
    """Return a number without an exponent: whole numbers in full, others as they are."""
    return str(int(number)) if number == int(number) else str(number)
