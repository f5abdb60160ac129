"""The JSON Schema of ``sda lint --json``."""

from typing import Any, Final, get_args

from small_dataset_audio.dataset.lint.finding import SEVERITIES
from small_dataset_audio.dataset.lint.loader import Fate
from small_dataset_audio.dataset.similar.pairs import Kind

_TEXT: Final = {"type": "string"}
_COUNT: Final = {"type": "integer", "minimum": 0}
_SHARE: Final = {"type": "number", "minimum": 0, "maximum": 1}


def _object(properties: dict[str, Any], **more: object) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": [*properties],
        "additionalProperties": False,
        **more,
    }


_FINDING: Final = _object(
    {
        "check": _TEXT,
        "severity": {"enum": list(SEVERITIES)},
        "track": {"type": "string", "description": "The track or crop."},
        "file": {"type": ["string", "null"], "description": "What it was found in; null where that is no file."},
        "what": _TEXT,
        "evidence": {"type": "object", "description": "The numbers behind it; their names depend on the check."},
        "fix": _TEXT,
    }
)
_PAIR: Final = _object(
    {
        "a": _TEXT,
        "b": _TEXT,
        "kind": {"enum": list(get_args(Kind))},
        "score": {"type": "number", "description": "Correlation where they are the same music; 1 for equal samples."},
        "evidence": _TEXT,
        "semitones": {"type": "number", "description": "How much higher b is than a."},
        "tempo": {"type": "number", "description": "How many times faster b is than a."},
        "share_a": {**_SHARE, "description": "Share of a that is found in b."},
        "share_b": {**_SHARE, "description": "Share of b that is found in a."},
    }
)
_SEEN: Final = _object(
    {
        "file": _TEXT,
        "track": {"type": "string", "description": "The track or crop that it is the recording of."},
        "fate": {"enum": list(get_args(Fate))},
        "why": _TEXT,
        "seconds": {
            "type": ["number", "null"],
            "description": "null where it was not looked at, or cannot be decoded.",
        },
        "padded_share": {**_SHARE, "description": "Share of what the trainer gets that is silence behind its end."},
        "heard_share": {**_SHARE, "description": "Share of it that the trainer hears at one go."},
        "silent_share": {**_SHARE, "description": "Share of the parts that may be taken which are replaced as silent."},
        "resampled": {"type": "boolean"},
        "channels": {"type": ["string", "null"], "description": "What happens to its channels; null for stereo."},
    }
)
LINT_SCHEMA: Final[dict[str, Any]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "sda lint",
    **_object(
        {
            "library": _TEXT,
            "tracks": _COUNT,
            "independent": {
                "type": ["integer", "null"],
                "description": "How many tracks there are if each group of near-duplicates counts once; null where not compared.",
            },
            "effective_size": {"type": ["string", "null"], "description": "The same in words."},
            "checks": {"type": "array", "items": _TEXT, "description": "The checks that were made."},
            "counts": _object(dict.fromkeys(SEVERITIES, _COUNT)),
            "findings": {"type": "array", "items": _FINDING},
            "pairs": {"type": "array", "items": _PAIR, "description": "Tracks that are not independent."},
            "groups": {
                "type": "array",
                "items": {"type": "array", "items": _TEXT},
                "description": "Tracks that must stay in the same part of a split.",
            },
            "trainer": {
                "type": "array",
                "items": _SEEN,
                "description": "What the loader of Stable Audio Tools makes of every recording and crop.",
            },
        }
    ),
}
