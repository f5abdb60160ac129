"""The JSON Schemas of ``sda history --json`` and ``sda diff --json``."""

from typing import Final

from small_dataset_audio.dataset.shapes import COUNT, DIALECT, TEXT, TEXTS, Schema, array_of, object_of, table_of

_OBJECT: Final[Schema] = {"type": "object"}
_SHA256: Final[Schema] = {"type": "string", "description": "Content hash, SHA-256."}
_RUN: Final = {
    "log": {**TEXT, "description": "The run log that tells of it."},
    "began": {**TEXT, "description": "When the run began: ISO 8601, UTC."},
    "time": {**TEXT, "description": "When the step ended."},
    "sda": {**TEXT, "description": "The version of sda."},
    "library": {**TEXT, "description": "Where the library was then."},
}
_NO_LIBRARY: Final = frozenset({"library"})
_FAILURE: Final = {**_RUN, "what": TEXT}
_STAGE: Final = object_of(
    {
        "stage": TEXT,
        "version": {"type": "integer"},
        "settings_hash": TEXT,
        "audio_sha256": {**_SHA256, "description": "Of the recording that it worked on."},
        "stale": {"type": "boolean", "description": "Whether the recording is another one now."},
        "seconds": {"type": "number", "minimum": 0},
        "model_sha256": {**_SHA256, "description": "Of the weights."},
        "inputs": {**table_of(TEXT), "description": "Name -> content hash of the other files that it depends on."},
        "notes": _OBJECT,
        "made": {**TEXTS, "description": "The values that it made and that are there."},
        "gone": {**TEXTS, "description": "Those that were removed since."},
        "absent": {**table_of(TEXT), "description": "Name -> why it could not be measured."},
        "run": {**object_of(_RUN, _NO_LIBRARY), "description": "Left out where no run log tells of it."},
        "failure": {**object_of(_FAILURE, _NO_LIBRARY), "description": "A later attempt that failed."},
    },
    frozenset({"model_sha256", "run", "failure"}),
)

HISTORY_SCHEMA: Final[Schema] = {
    "$schema": DIALECT,
    "title": "sda history TRACK",
    **object_of(
        {
            "track": TEXT,
            "folder": TEXT,
            "source": {**_OBJECT, "description": "The file that was taken in."},
            "audio": {**_OBJECT, "description": "The recording."},
            "crop": {**_OBJECT, "description": "Where a crop was cut from."},
            "taken_in": {**object_of(_RUN, _NO_LIBRARY), "description": "The run that took the recording in."},
            "stages": array_of(_STAGE),
            "failures": {
                **array_of(object_of({"stage": TEXT, **_FAILURE}, _NO_LIBRARY)),
                "description": "Stages that failed and left nothing.",
            },
            "unclear": {**TEXTS, "description": "Stages whose record is not as sda writes it."},
            "values": {
                **table_of({"type": ["string", "null"]}),
                "description": "Every value -> the stage that made it; null for those of the user or another program.",
            },
            "notes": TEXTS,
        },
        frozenset({"source", "audio", "crop", "taken_in"}),
    ),
}

_CHANGE: Final = {
    "type": "object",
    "properties": {"a": True, "b": True},
    "additionalProperties": False,
    "minProperties": 1,
    "description": "Before and after; what was not there, or is not there any more, is left out.",
}
_TRACK: Final = object_of(
    {
        "track": {**TEXT, "description": "Its name in A; a crop is called TRACK/CROP."},
        "new_name": {**TEXT, "description": "Its name in B, where that is another."},
        "values": table_of(_CHANGE),
        "reasons": {**table_of(TEXT), "description": "Why a value is gone."},
        "stages": {**table_of(_CHANGE), "description": "What differs of version, settings_hash, model_sha256, inputs."},
        "audio": {**table_of(_CHANGE), "description": "full mix or stem -> content hash."},
        "files": {**table_of({"enum": ["added", "removed", "changed"]}), "description": "By suffix, beside .INFO."},
    },
    frozenset({"new_name"}),
)

DIFF_SCHEMA: Final[Schema] = {
    "$schema": DIALECT,
    "title": "sda diff A B",
    **object_of(
        {
            "a": TEXT,
            "b": TEXT,
            "tolerance": {"type": "number", "minimum": 0},
            "same": {"type": "boolean"},
            "compared": {**COUNT, "description": "Tracks and crops that are in both."},
            "only_a": TEXTS,
            "only_b": TEXTS,
            "changes": array_of(_TRACK),
            "settings": {
                **table_of(table_of(_CHANGE)),
                "description": "Stage -> setting -> before and after, as far as run logs tell.",
            },
            "problems": array_of(
                object_of({"side": {"enum": ["a", "b"]}, "track": TEXT, "what": TEXT, "why": TEXT, "fix": TEXT})
            ),
        }
    ),
}
