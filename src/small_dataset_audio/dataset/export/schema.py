"""The JSON Schema of what ``sda export`` prints."""

from typing import Any, Final

_COUNT: Final[dict[str, Any]] = {"type": "integer", "minimum": 0}
_TEXT: Final[dict[str, Any]] = {"type": "string"}
_TEXTS: Final[dict[str, Any]] = {"type": "array", "items": _TEXT}


def _object(properties: dict[str, Any], description: str = "") -> dict[str, Any]:
    shape = {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}
    return {**shape, "description": description} if description else shape


_PART: Final = _object({"files": _COUNT, "songs": _COUNT})
_CONDITIONER: Final = _object(
    {
        "id": _TEXT,
        "type": {"enum": ["number", "int"]},
        "config": _object({"min_val": {"type": "number"}, "max_val": {"type": "number"}}),
    }
)
_LACKING: Final = _object({"name": _TEXT, "files": _COUNT, "example": _TEXT, "reason": _TEXT})
_LEFT_OUT: Final = _object(
    {
        "track": _TEXT,
        "file": _TEXT,
        "failed": {
            "type": "boolean",
            "description": "Something is wrong with it; else it follows from what was asked for.",
        },
        "what": _TEXT,
        "why": _TEXT,
        "fix": _TEXT,
    }
)

EXPORT_SCHEMA: Final[dict[str, Any]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "sda export",
    **_object(
        {
            "output": {**_TEXT, "description": "The folder of the export."},
            "format": {"enum": ["stable-audio", "audiofolder", "webdataset"]},
            "of": {"enum": ["crops", "tracks"]},
            "files": {**_COUNT, "description": "Recordings in it."},
            "splits": _object({"train": _PART, "validation": _PART}),
            "seconds": {"type": "number", "minimum": 0, "description": "Of all recordings together."},
            "copied": {**_COUNT, "description": "Recordings whose own bytes are in it."},
            "converted": {**_COUNT, "description": "Recordings that were converted to FLAC or WAV."},
            "kept_together": {
                "type": "array",
                "items": _TEXTS,
                "description": "Songs that are nearly the same, and so lie in the same part.",
            },
            "conditioning": _object(
                {
                    "numbers": {"type": "array", "items": _CONDITIONER},
                    "left_out": {
                        "type": "array",
                        "items": _LACKING,
                        "description": "Numbers that some recordings lack, so that none is conditioned on them.",
                    },
                    "clipped": {
                        "type": "object",
                        "additionalProperties": {**_COUNT, "minimum": 1},
                        "description": "id -> recordings whose value was outside the range.",
                    },
                },
                "Only for stable-audio.",
            ),
            "left_out": {"type": "array", "items": _LEFT_OUT, "description": "Tracks and crops that are not in it."},
            "notes": _TEXTS,
            "verified": _object({"files": _COUNT, "values": _COUNT}, "What was read back and found equal."),
        }
    ),
}
