"""The JSON Schema of ``sda stats --json``."""

from typing import Final

from small_dataset_audio.dataset.shapes import (
    COUNT,
    DIALECT,
    NUMBER,
    SHARE,
    TEXT,
    TEXTS,
    Schema,
    array_of,
    object_of,
    table_of,
)

_CORRELATION: Final[Schema] = {"type": "number", "minimum": -1, "maximum": 1}
_DECLARED: Final = {"unit": TEXT, "low": NUMBER, "high": NUMBER, "group": TEXT, "stage": TEXT}
_FACTS: Final = {
    "min": NUMBER,
    "max": NUMBER,
    "mean": {**NUMBER, "description": "Of a circular number the circular mean, where its values have a direction."},
    "std": {**NUMBER, "description": "Of two values or more."},
    "median": NUMBER,
    "mad": {**NUMBER, "description": "Median absolute deviation, of two values or more."},
    "ones": {**COUNT, "description": "Of a flag: tracks where it is 1."},
    "concentration": {**SHARE, "description": "Of a circular number: its mean resultant length."},
}
_PLACED: Final = object_of({"track": TEXT, "value": NUMBER})
_NUMBER_SUMMARY: Final = object_of(
    {
        "name": TEXT,
        "kind": {"enum": ["float", "int", "flag", "circular"], "description": "What it is treated as."},
        **_DECLARED,
        "count": {**COUNT, "description": "Tracks that have it."},
        "absent": {**table_of(COUNT), "description": "Why it is absent -> on how many tracks."},
        **_FACTS,
        "quantiles": {**table_of(NUMBER), "description": "Share -> value."},
        "outside": {
            **object_of({"below": COUNT, "above": COUNT, "share": SHARE}),
            "description": "Values outside the declared range.",
        },
        "outliers": array_of(object_of({"track": TEXT, "value": NUMBER, "score": NUMBER})),
        "histogram": {
            **object_of({"edges": array_of(NUMBER), "counts": array_of(COUNT)}),
            "description": "One edge more than counts.",
        },
        "highest": array_of(_PLACED),
        "lowest": array_of(_PLACED),
    },
    frozenset({*_DECLARED, *_FACTS, "quantiles", "outside", "histogram"}),
)
_LABELS: Final = object_of(
    {
        "name": TEXT,
        "count": COUNT,
        "labels": array_of(
            object_of(
                {
                    "label": TEXT,
                    "tracks": {**COUNT, "description": "Tracks that list it."},
                    "mean_probability": {**NUMBER, "description": "On these; left out where there are none."},
                    "strongest": {**COUNT, "description": "Tracks whose most probable label it is."},
                },
                frozenset({"mean_probability", "strongest"}),
            )
        ),
    }
)
_WORDS: Final = object_of(
    {
        "name": TEXT,
        "count": COUNT,
        "different": COUNT,
        "words": object_of({"min": COUNT, "median": NUMBER, "max": COUNT}),
        "values": {
            **array_of(object_of({"text": TEXT, "tracks": COUNT})),
            "description": "Of short texts that are few or come more than once.",
        },
    }
)
_RELATIONS: Final = object_of(
    {
        "numbers": {**TEXTS, "description": "The numbers that can be compared."},
        "pairs": array_of(
            object_of(
                {
                    "a": TEXT,
                    "b": TEXT,
                    "tracks": {**COUNT, "description": "Tracks that have both."},
                    "spearman": _CORRELATION,
                    "pearson": _CORRELATION,
                    "information": {**SHARE, "description": "Mutual information I as sqrt(1 - exp(-2 I))."},
                },
                frozenset({"spearman", "pearson", "information"}),
            )
        ),
        "chance": {**SHARE, "description": "The correlation that one unrelated pair in a hundred exceeds."},
        "clusters": array_of(object_of({"names": TEXTS, "keep": TEXT, "least_correlation": SHARE})),
        "vif": object_of(
            {
                "factors": table_of({"type": "number", "minimum": 1}),
                "determined": {**TEXTS, "description": "Numbers that follow exactly from others."},
            }
        ),
        "pca": object_of(
            {
                "numbers": TEXTS,
                "tracks": COUNT,
                "needed_for_90_percent": COUNT,
                "components": array_of(object_of({"explained": SHARE, "loadings": table_of(NUMBER)})),
            }
        ),
        "notes": {**TEXTS, "description": "What is not defined, and why."},
    },
    frozenset({"chance", "vif", "pca"}),
)
_SELECTION: Final = object_of(
    {
        "chosen": array_of(
            object_of(
                {
                    "name": TEXT,
                    "coverage": SHARE,
                    "spread": {**SHARE, "description": "Share of the declared range that the values span."},
                    "adds": {**SHARE, "description": "Share of the candidates' variance that it adds."},
                    "nearest": object_of({"name": TEXT, "correlation": _CORRELATION}),
                    "stands_for": table_of(_CORRELATION),
                    "why": TEXT,
                },
                frozenset({"nearest"}),
            )
        ),
        "refused": array_of(object_of({"name": TEXT, "obstacle": TEXT, "why": TEXT})),
        "told": {**SHARE, "description": "Share of the candidates' variance that the chosen tell together."},
        "notes": TEXTS,
    },
    frozenset({"told"}),
)

STATS_SCHEMA: Final[Schema] = {
    "$schema": DIALECT,
    "title": "sda stats",
    **object_of(
        {
            "library": TEXT,
            "unit": {"enum": ["track", "crop"]},
            "count": {**COUNT, "description": "Tracks (or crops) that could be read."},
            "problems": {
                **array_of(object_of({"track": TEXT, "what": TEXT, "why": TEXT, "fix": TEXT})),
                "description": "Tracks whose .INFO could not be read.",
            },
            "numbers": array_of(_NUMBER_SUMMARY),
            "labels": array_of(_LABELS),
            "texts": array_of(_WORDS),
            "relations": _RELATIONS,
            "selection": _SELECTION,
        }
    ),
}
