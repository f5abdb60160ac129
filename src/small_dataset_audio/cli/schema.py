"""The JSON Schema of every ``--json`` document, by command: the documents and the tests read this one list."""

from typing import Any

from small_dataset_audio.cli.one_stage import FAILURES_SCHEMA
from small_dataset_audio.dataset.shapes import TEXT, TEXTS, array_of, object_of

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


_DIALECT = ERROR_SCHEMA["$schema"]
_VALUE: dict[str, Any] = {
    "type": ["string", "number", "boolean", "array", "null"],
    "items": {"type": "string"},
    "description": "null where it is not set",
}
SETTINGS_SCHEMA: dict[str, Any] = {
    "$schema": _DIALECT,
    "title": "sda config show",
    "type": "object",
    "properties": {
        "file": {"type": ["string", "null"], "description": "The settings file; null where there is none."},
        "folder": {"type": "string", "description": "What relative paths count from."},
        "settings": {
            "type": "object",
            "description": "section.key -> its value and where that came from",
            "additionalProperties": {
                "type": "object",
                "properties": {
                    "value": _VALUE,
                    "origin": {"enum": ["default", "file", "env", "command line"]},
                    "detail": {"type": ["string", "null"], "description": "The line, variable or option."},
                },
                "required": ["value", "origin", "detail"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["file", "folder", "settings"],
    "additionalProperties": False,
}
SETTING_SCHEMA: dict[str, Any] = {
    "$schema": _DIALECT,
    "title": "sda config get KEY",
    "type": "object",
    "additionalProperties": _VALUE,
    "minProperties": 1,
    "maxProperties": 1,
}
_TEXTS = ("name", "unit", "group", "stage", "meaning", "source")
FEATURES_SCHEMA: dict[str, Any] = {
    "$schema": _DIALECT,
    "title": "sda features",
    "type": "object",
    "properties": {
        "features": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "properties": {
                    **{name: {"type": "string"} for name in _TEXTS},
                    "low": {"type": "number"},
                    "high": {"type": "number"},
                    "kind": {"enum": ["float", "int", "flag"]},
                },
                "required": [*_TEXTS, "low", "high", "kind"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["features"],
    "additionalProperties": False,
}


FORGET_SCHEMA: dict[str, Any] = {
    "$schema": _DIALECT,
    "title": "sda forget STAGE",
    **object_of(
        {
            "stage": TEXT,
            "tracks": {
                **array_of(object_of({"track": TEXT, "folder": TEXT, "values": TEXTS, "files": TEXTS})),
                "description": "Tracks and crops on which the stage had run.",
            },
            "failures": {**FAILURES_SCHEMA, "description": "Tracks that it could not be done on."},
        }
    ),
}


def schemas() -> dict[str, dict[str, Any]]:
    """Return command -> the JSON Schema of what it prints with ``--json``."""
    from small_dataset_audio.cli.caption import CAPTION_SCHEMA
    from small_dataset_audio.cli.crop import CROP_SCHEMA
    from small_dataset_audio.cli.metadata_view import METADATA_PREVIEW_SCHEMA, METADATA_SCHEMA
    from small_dataset_audio.cli.report import REPORT_SCHEMA
    from small_dataset_audio.cli.separate import SEPARATE_SCHEMA
    from small_dataset_audio.cli.transcribe import TRANSCRIBE_SCHEMA
    from small_dataset_audio.dataset.export.schema import EXPORT_SCHEMA
    from small_dataset_audio.dataset.history.schema import DIFF_SCHEMA, HISTORY_SCHEMA
    from small_dataset_audio.dataset.lint.schema import LINT_SCHEMA
    from small_dataset_audio.dataset.statistics.schema import STATS_SCHEMA
    from small_dataset_audio.hardware.benchmark.schema import PROFILE_SCHEMA
    from small_dataset_audio.hardware.schema import DEVICES_SCHEMA
    from small_dataset_audio.models.schema import LIST_SCHEMA, PULL_SCHEMA, VERIFY_SCHEMA, WHERE_SCHEMA
    from small_dataset_audio.pipeline.schema import (
        ANALYZE_SCHEMA,
        DEMO_SCHEMA,
        ESTIMATE_SCHEMA,
        PLAN_SCHEMA,
        RUN_SCHEMA,
    )
    from small_dataset_audio.validation.schema import DOCTOR_SCHEMA

    return {
        "sda analyze FILE": ANALYZE_SCHEMA,
        "sda run": RUN_SCHEMA,
        "sda run --dry-run": PLAN_SCHEMA,
        "sda doctor": DOCTOR_SCHEMA,
        "sda devices": DEVICES_SCHEMA,
        "sda benchmark": PROFILE_SCHEMA,
        "sda plan": ESTIMATE_SCHEMA,
        "sda separate": SEPARATE_SCHEMA,
        "sda caption": CAPTION_SCHEMA,
        "sda transcribe": TRANSCRIBE_SCHEMA,
        "sda crop": CROP_SCHEMA,
        "sda metadata": METADATA_SCHEMA,
        "sda metadata --dry-run": METADATA_PREVIEW_SCHEMA,
        "sda demo": DEMO_SCHEMA,
        "sda features": FEATURES_SCHEMA,
        "sda export": EXPORT_SCHEMA,
        "sda stats": STATS_SCHEMA,
        "sda lint": LINT_SCHEMA,
        "sda report": REPORT_SCHEMA,
        "sda history TRACK": HISTORY_SCHEMA,
        "sda diff A B": DIFF_SCHEMA,
        "sda forget STAGE": FORGET_SCHEMA,
        "sda models list": LIST_SCHEMA,
        "sda models pull NAME": PULL_SCHEMA,
        "sda models verify": VERIFY_SCHEMA,
        "sda models where": WHERE_SCHEMA,
        "sda config show": SETTINGS_SCHEMA,
        "sda config get KEY": SETTING_SCHEMA,
        "any command that fails": ERROR_SCHEMA,
    }
