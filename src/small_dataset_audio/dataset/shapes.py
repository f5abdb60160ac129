"""Pieces of the JSON Schemas of this room's documents."""

from collections.abc import Mapping
from typing import Any, Final

Schema = dict[str, Any]
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
TEXT: Final[Schema] = {"type": "string"}
TEXTS: Final[Schema] = {"type": "array", "items": TEXT}
NUMBER: Final[Schema] = {"type": "number"}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
SHARE: Final[Schema] = {"type": "number", "minimum": 0, "maximum": 1}


def object_of(properties: Mapping[str, Any], optional: frozenset[str] = frozenset()) -> Schema:
    """Return the schema of an object with these properties, and no others, of which some may be left out."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


def array_of(items: Schema) -> Schema:
    """Return the schema of an array."""
    return {"type": "array", "items": items}


def table_of(values: Schema) -> Schema:
    """Return the schema of an object with any names and such values."""
    return {"type": "object", "additionalProperties": values}
