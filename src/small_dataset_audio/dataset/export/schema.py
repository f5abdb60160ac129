"""The JSON Schema of what ``sda export`` prints."""

from typing import Any, Final

from small_dataset_audio.dataset.shapes import COUNT, DIALECT, TEXT, TEXTS, object_of


def _object(properties: dict[str, Any], description: str = "") -> dict[str, Any]:
    shape = object_of(properties)
    return {**shape, "description": description} if description else shape


_PART: Final = _object({"files": COUNT, "songs": COUNT})
_CONDITIONER: Final = _object(
    {
        "id": TEXT,
        "type": {"enum": ["number", "int"]},
        "config": _object({"min_val": {"type": "number"}, "max_val": {"type": "number"}}),
    }
)
_LACKING: Final = _object({"name": TEXT, "files": COUNT, "example": TEXT, "reason": TEXT})
_LEFT_OUT: Final = _object(
    {
        "track": TEXT,
        "file": TEXT,
        "failed": {
            "type": "boolean",
            "description": "Something is wrong with it; else it follows from what was asked for.",
        },
        "what": TEXT,
        "why": TEXT,
        "fix": TEXT,
    }
)

EXPORT_SCHEMA: Final[dict[str, Any]] = {
    "$schema": DIALECT,
    "title": "sda export",
    **_object(
        {
            "output": {**TEXT, "description": "The folder of the export."},
            "format": {"enum": ["stable-audio", "audiofolder", "webdataset"]},
            "of": {"enum": ["crops", "tracks"]},
            "files": {**COUNT, "description": "Recordings in it."},
            "splits": _object({"train": _PART, "validation": _PART}),
            "seconds": {"type": "number", "minimum": 0, "description": "Of all recordings together."},
            "copied": {**COUNT, "description": "Recordings whose own bytes are in it."},
            "converted": {**COUNT, "description": "Recordings that were converted to FLAC or WAV."},
            "kept_together": {
                "type": "array",
                "items": TEXTS,
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
                        "additionalProperties": {**COUNT, "minimum": 1},
                        "description": "id -> recordings whose value was outside the range.",
                    },
                },
                "Only for stable-audio.",
            ),
            "left_out": {"type": "array", "items": _LEFT_OUT, "description": "Tracks and crops that are not in it."},
            "notes": TEXTS,
            "verified": _object({"files": COUNT, "values": COUNT}, "What was read back and found equal."),
        }
    ),
}
