"""JSON Schemas (draft 2020-12) of what ``sda run``, ``plan``, ``analyze`` and ``demo`` print with ``--json``. Stable shapes."""

from typing import Any, Final

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def _object(properties: dict[str, Any], optional: frozenset[str] = frozenset()) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


def _table(values: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": values}


_TEXT: Final = {"type": "string"}
_NUMBER: Final = {"type": "number"}
_COUNT: Final = {"type": "integer", "minimum": 0}
_SECONDS: Final = {"type": "number", "minimum": 0}
_MOMENTS: Final = {"type": "array", "items": _SECONDS}
_SHARE: Final = {"type": "number", "minimum": 0, "maximum": 1}

FAILURE: Final = _object({"track": _TEXT, "stage": _TEXT, "what": _TEXT, "why": _TEXT, "fix": _TEXT})

RUN_SCHEMA: Final[dict[str, Any]] = {
    "$schema": _DIALECT,
    "title": "sda run",
    **_object(
        {
            "library": _TEXT,
            "tracks": _object({"done": _COUNT, "skipped": _COUNT, "failed": _COUNT, "unfinished": _COUNT}),
            "crops": {**_COUNT, "description": "Crops that were measured."},
            "failures": {"type": "array", "items": FAILURE},
            "warnings": {"type": "array", "items": _TEXT},
            "seconds": _SECONDS,
            "log": {"type": ["string", "null"]},
            "interrupted": {"type": "boolean"},
        }
    ),
}

PLAN_SCHEMA: Final[dict[str, Any]] = {
    "$schema": _DIALECT,
    "title": "sda run --dry-run",
    **_object(
        {
            "library": _TEXT,
            "jobs": {
                "type": "array",
                "items": _object({"track": _TEXT, "stages": {"type": "array", "items": _TEXT}}),
            },
            "skipped": {"type": "array", "items": _TEXT},
            "failures": {"type": "array", "items": FAILURE},
            "notes": {"type": "array", "items": _TEXT},
        }
    ),
}

_SECONDS_OR_NULL: Final = {"type": ["number", "null"], "minimum": 0, "description": "Null where it is not known."}
_BATCH_OR_NULL: Final = {"type": ["integer", "null"], "minimum": 1}

STAGE_ESTIMATE: Final = _object(
    {
        "stage": _TEXT,
        "tracks": _COUNT,
        "crops": {
            **_COUNT,
            "description": "About how many crops come to that, which do not exist yet; times hold them.",
        },
        "audio_seconds": _SECONDS_OR_NULL,
        "work_seconds": {**_SECONDS_OR_NULL, "description": "Of all workers together; null where it is not known."},
        "low": _SECONDS_OR_NULL,
        "high": _SECONDS_OR_NULL,
        "basis": {"enum": ["run logs", "profile", "none"], "description": "Where the time comes from."},
        "known_from": {**_COUNT, "description": "Tracks in the run logs."},
        "device": {"type": ["string", "null"], "description": "What it runs on."},
        "memory_bytes": {
            "type": ["integer", "null"],
            "minimum": 0,
            "description": "What one worker needs there for the longest recording; null where it is not known.",
        },
        "fits": {"type": ["boolean", "null"], "description": "Whether that is there; null where it is not known."},
        "why": {**_TEXT, "description": "What stands in the way, or else what the time rests on."},
    }
)

ESTIMATE_SCHEMA: Final[dict[str, Any]] = {
    "$schema": _DIALECT,
    "title": "sda plan",
    **_object(
        {
            "library": _TEXT,
            "done": {**_COUNT, "description": "Tracks with nothing left to do."},
            "tracks": {**_COUNT, "description": "Tracks with something left to do."},
            "workers": _COUNT,
            "stages": {"type": "array", "items": STAGE_ESTIMATE},
            "seconds": {**_SECONDS_OR_NULL, "description": "Wall time; null where that of a stage is not known."},
            "low": _SECONDS_OR_NULL,
            "high": _SECONDS_OR_NULL,
            "training": _object({"max_batch_size": _BATCH_OR_NULL, "best_batch_size": _BATCH_OR_NULL}),
            "failures": {"type": "array", "items": FAILURE},
            "notes": {"type": "array", "items": _TEXT},
        }
    ),
}

_COMPARISON: Final = {
    "type": "object",
    "properties": {
        "true": _TEXT,
        "measured": {"type": ["string", "null"]},
        "verdict": _TEXT,
        "good": {"type": "boolean"},
    },
    "required": ["true", "measured", "verdict", "good"],
    "additionalProperties": {"type": ["number", "string"]},
}

DEMO_SCHEMA: Final[dict[str, Any]] = {
    "$schema": _DIALECT,
    "title": "sda demo",
    **_object(
        {
            **RUN_SCHEMA["properties"],
            "pieces": {
                "type": "array",
                "items": _object(
                    {
                        "title": _TEXT,
                        "track": _TEXT,
                        "sentence": _TEXT,
                        "tempo": _COMPARISON,
                        "beats": _COMPARISON,
                        "key": _COMPARISON,
                    }
                ),
            },
            "report": {
                "type": ["string", "null"],
                "description": "The page to open in a browser; null where the run was interrupted.",
            },
        }
    ),
}

ANALYZE_SCHEMA: Final[dict[str, Any]] = {
    "$schema": _DIALECT,
    "title": "sda analyze",
    **_object(
        {
            "file": _TEXT,
            "audio": _object(
                {
                    "seconds": _SECONDS,
                    "rate": {"type": "integer", "minimum": 1},
                    "channels": {"type": "integer", "minimum": 1},
                    "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
                    "truncated": {"const": True},
                },
                frozenset({"truncated"}),
            ),
            "features": _table(_NUMBER),
            "declared": _table(
                _object({"unit": _TEXT, "low": _NUMBER, "high": _NUMBER, "kind": {"enum": ["float", "int", "flag"]}})
            ),
            "labels": _table(_table(_NUMBER)),
            "captions": _table(_TEXT),
            "times": _object(
                {"beats": _MOMENTS, "downbeats": _MOMENTS, "onsets": _MOMENTS},
                frozenset({"beats", "downbeats", "onsets"}),
            ),
            "absent": _table(_TEXT),
            "confidence": _table(_SHARE),
            "stages": _table(_object({"version": {"type": "integer", "minimum": 1}, "seconds": _SECONDS})),
        }
    ),
}
