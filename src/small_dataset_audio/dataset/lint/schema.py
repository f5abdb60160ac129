"""The JSON Schema of ``sda lint --json``."""

from typing import Any, Final, get_args

from small_dataset_audio.dataset.lint.finding import SEVERITIES
from small_dataset_audio.dataset.lint.loader import Fate
from small_dataset_audio.dataset.shapes import COUNT, DIALECT, SHARE, TEXT, object_of
from small_dataset_audio.dataset.similar.pairs import Kind


def _object(properties: dict[str, Any], **more: object) -> dict[str, Any]:
    return {**object_of(properties), **more}


_FINDING: Final = _object(
    {
        "check": TEXT,
        "severity": {"enum": list(SEVERITIES)},
        "track": {"type": "string", "description": "The track or crop."},
        "file": {"type": ["string", "null"], "description": "What it was found in; null where that is no file."},
        "what": TEXT,
        "evidence": {"type": "object", "description": "The numbers behind it; their names depend on the check."},
        "fix": TEXT,
    }
)
_PAIR: Final = _object(
    {
        "a": TEXT,
        "b": TEXT,
        "kind": {"enum": list(get_args(Kind))},
        "score": {"type": "number", "description": "Correlation where they are the same music; 1 for equal samples."},
        "evidence": TEXT,
        "semitones": {"type": "number", "description": "How much higher b is than a."},
        "tempo": {"type": "number", "description": "How many times faster b is than a."},
        "share_a": {**SHARE, "description": "Share of a that is found in b."},
        "share_b": {**SHARE, "description": "Share of b that is found in a."},
    }
)
_SEEN: Final = _object(
    {
        "file": TEXT,
        "track": {"type": "string", "description": "The track or crop that it is the recording of."},
        "fate": {"enum": list(get_args(Fate))},
        "why": TEXT,
        "seconds": {
            "type": ["number", "null"],
            "description": "null where it was not looked at, or cannot be decoded.",
        },
        "padded_share": {**SHARE, "description": "Share of what the trainer gets that is silence behind its end."},
        "heard_share": {**SHARE, "description": "Share of it that the trainer hears at one go."},
        "silent_share": {**SHARE, "description": "Share of the parts that may be taken which are replaced as silent."},
        "resampled": {"type": "boolean"},
        "channels": {"type": ["string", "null"], "description": "What happens to its channels; null for stereo."},
    }
)
LINT_SCHEMA: Final[dict[str, Any]] = {
    "$schema": DIALECT,
    "title": "sda lint",
    **_object(
        {
            "library": TEXT,
            "tracks": COUNT,
            "independent": {
                "type": ["integer", "null"],
                "description": "How many tracks there are if each group of near-duplicates counts once; null where not compared.",
            },
            "effective_size": {"type": ["string", "null"], "description": "The same in words."},
            "checks": {"type": "array", "items": TEXT, "description": "The checks that were made."},
            "counts": _object(dict.fromkeys(SEVERITIES, COUNT)),
            "findings": {"type": "array", "items": _FINDING},
            "pairs": {"type": "array", "items": _PAIR, "description": "Tracks that are not independent."},
            "groups": {
                "type": "array",
                "items": {"type": "array", "items": TEXT},
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
