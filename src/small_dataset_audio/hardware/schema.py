"""JSON Schema of what ``sda devices --json`` prints."""

from typing import Any

_BYTES = {"type": "integer", "minimum": 0}
_TEXT_OR_NULL = {"type": ["string", "null"]}

MEMORY: dict[str, Any] = {
    "description": "Memory in bytes; null where the device does not tell.",
    "type": ["object", "null"],
    "properties": {
        "total": {**_BYTES, "description": "What may be used in all, limits included."},
        "free": {**_BYTES, "description": "What can still be taken now."},
        "limit": {
            "type": ["integer", "null"],
            "minimum": 0,
            "description": "The limit below the physical memory; null where there is none.",
        },
        "limited_by": {**_TEXT_OR_NULL, "description": "What sets the limit."},
    },
    "required": ["total", "free", "limit", "limited_by"],
    "additionalProperties": False,
}

DEVICE: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"description": "As torch names it.", "type": "string", "pattern": r"^(cpu|mps|cuda:\d+)$"},
        "kind": {"enum": ["cuda", "rocm", "mps", "cpu"]},
        "name": {"type": "string", "minLength": 1},
        "memory": MEMORY,
        "usable": {"type": "boolean"},
        "reason": {**_TEXT_OR_NULL, "description": "Why it is not usable; null if it is."},
    },
    "required": ["id", "kind", "name", "memory", "usable", "reason"],
    "additionalProperties": False,
}

DEVICES_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "sda devices --json",
    "type": "object",
    "properties": {
        "chosen": {"description": "Id of the device that is used.", "type": "string"},
        "why": {"description": "Why this one.", "type": "string", "minLength": 1},
        "warning": {**_TEXT_OR_NULL, "description": "Why a better device is not used; null if none was passed over."},
        "devices": {"type": "array", "items": DEVICE, "minItems": 1},
    },
    "required": ["chosen", "why", "warning", "devices"],
    "additionalProperties": False,
}
