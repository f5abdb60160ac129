"""The JSON Schemas of what ``sda models`` prints with ``--json``."""

from typing import Any, Final

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_TEXTS: Final = ("name", "task", "summary", "licence", "commercial", "folder")
_MAYBE_TEXTS: Final = ("extra", "home")
_SHA256: Final = {"type": "string", "pattern": "^[0-9a-f]{64}$"}


def _object(properties: dict[str, Any], **more: object) -> dict[str, Any]:
    """Return the schema of an object that has exactly these properties."""
    return {
        "type": "object",
        **more,
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _document(title: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {"$schema": _DIALECT, "title": title, **_object(properties)}


LIST_SCHEMA: Final = _document(
    "sda models list",
    {
        "folder": {"type": "string", "description": "The folder of all models."},
        "models": {
            "type": "array",
            "items": _object(
                {
                    **{name: {"type": "string"} for name in _TEXTS},
                    **{name: {"type": ["string", "null"]} for name in _MAYBE_TEXTS},
                    "commercial_use": {"enum": ["yes", "no", "unclear"]},
                    "bytes": {"type": ["integer", "null"], "description": "The size of all files; null: unknown."},
                    "bytes_exact": {"type": "boolean", "description": "Whether that is the exact size."},
                    "pinned": {"type": "boolean", "description": "Whether the hash of every file is known beforehand."},
                    "memory_gb": {"type": ["number", "null"]},
                    "installed": {"enum": ["yes", "partly", "no"]},
                    "missing": {"type": "array", "items": {"type": "string"}},
                }
            ),
        },
    },
)
PULL_SCHEMA: Final = _document(
    "sda models pull",
    {
        "models": {
            "type": "array",
            "items": _object(
                {
                    "name": {"type": "string"},
                    "folder": {"type": "string"},
                    "fetched": {
                        "type": "array",
                        "items": {"type": "string"},
                        "description": "The files that came; empty where all were there.",
                    },
                    "unpinned": {
                        "type": "object",
                        "additionalProperties": _SHA256,
                        "description": "Those whose hash nobody knew beforehand -> the hash they have.",
                    },
                }
            ),
        }
    },
)
VERIFY_SCHEMA: Final = _document(
    "sda models verify",
    {
        "ok": {"type": "boolean"},
        "models": {
            "type": "array",
            "items": _object(
                {
                    "name": {"type": "string"},
                    "ok": {"type": "boolean"},
                    "files": {
                        "type": "array",
                        "items": _object(
                            {
                                "name": {"type": "string"},
                                "state": {"enum": ["right", "trusted", "wrong", "missing"]},
                                "sha256": {"anyOf": [_SHA256, {"type": "null"}]},
                            }
                        ),
                    },
                }
            ),
        },
    },
)
WHERE_SCHEMA: Final = _document(
    "sda models where",
    {
        "folder": {"type": "string", "description": "The folder of all models."},
        "models": {"type": "object", "additionalProperties": {"type": "string"}, "description": "Name -> its folder."},
    },
)
