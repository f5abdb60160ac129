"""JSON Schema of what ``sda doctor --json`` prints."""

from typing import Any, get_args

from small_dataset_audio.hardware.schema import DEVICE
from small_dataset_audio.validation.check import Status

_TEXT_OR_NULL = {"type": ["string", "null"]}

CHECK: dict[str, Any] = {
    "type": "object",
    "properties": {
        "group": {"type": "string", "minLength": 1},
        "name": {"type": "string", "minLength": 1},
        "status": {
            "enum": list(get_args(Status)),
            "description": "ok; note: good to know; warn: works, but not as it could; fail; crash: the check itself broke.",
        },
        "summary": {"type": "string", "minLength": 1},
        "detail": _TEXT_OR_NULL,
        "fix": {**_TEXT_OR_NULL, "description": "What to do about it; null where nothing needs to be done."},
        "seconds": {"type": "number", "minimum": 0},
    },
    "required": ["group", "name", "status", "summary", "detail", "fix", "seconds"],
    "additionalProperties": False,
}

CHOSEN_DEVICE: dict[str, Any] = {
    **DEVICE,
    "description": "The device that is used; null where none was looked for (--fast) or none can be used.",
    "type": ["object", "null"],
    "properties": {
        **DEVICE["properties"],
        "why": {"type": "string", "minLength": 1, "description": "Why this one."},
        "warning": {**_TEXT_OR_NULL, "description": "Why a better device is not used."},
    },
    "required": [*DEVICE["required"], "why", "warning"],
}

DOCTOR_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "sda doctor --json",
    "type": "object",
    "properties": {
        "ok": {"type": "boolean", "description": "True when no check failed or crashed."},
        "device": CHOSEN_DEVICE,
        "checks": {"type": "array", "items": CHECK, "minItems": 1},
    },
    "required": ["ok", "device", "checks"],
    "additionalProperties": False,
}
