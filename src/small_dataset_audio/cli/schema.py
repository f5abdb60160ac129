"""The JSON Schema of every ``--json`` document, by command: the documents and the tests read this one list."""

from typing import Any

ERROR_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "an error of any command",
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {"what": {"type": "string"}, "why": {"type": "string"}, "fix": {"type": "string"}},
            "required": ["what", "why", "fix"],
            "additionalProperties": False,
        }
    },
    "required": ["error"],
    "additionalProperties": False,
}


def schemas() -> dict[str, dict[str, Any]]:
    """Return command -> the JSON Schema of what it prints with ``--json``."""
    from small_dataset_audio.hardware.schema import DEVICES_SCHEMA
    from small_dataset_audio.pipeline.schema import ANALYZE_SCHEMA, PLAN_SCHEMA, RUN_SCHEMA
    from small_dataset_audio.validation.schema import DOCTOR_SCHEMA

    return {
        "sda analyze FILE": ANALYZE_SCHEMA,
        "sda run": RUN_SCHEMA,
        "sda run --dry-run": PLAN_SCHEMA,
        "sda doctor": DOCTOR_SCHEMA,
        "sda devices": DEVICES_SCHEMA,
        "any command that fails": ERROR_SCHEMA,
    }
