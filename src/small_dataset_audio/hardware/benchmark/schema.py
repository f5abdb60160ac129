"""JSON Schema of the machine profile: ``reports/benchmark.json``, and what ``sda benchmark --json`` prints."""

from typing import Any, get_args

from small_dataset_audio.hardware.benchmark.probe import Ended
from small_dataset_audio.hardware.benchmark.profile import FORMAT, UNITS
from small_dataset_audio.hardware.benchmark.search import Bound
from small_dataset_audio.hardware.benchmark.setup import Precision
from small_dataset_audio.hardware.schema import DEVICE

_COUNT = {"type": "integer", "minimum": 1}
_COUNT_OR_NULL = {"type": ["integer", "null"], "minimum": 1}
_BYTES_OR_NULL = {"type": ["integer", "null"], "minimum": 0}
_NUMBER = {"type": "number", "minimum": 0}
_NUMBER_OR_NULL = {"type": ["number", "null"], "minimum": 0}
_TEXT = {"type": "string", "minLength": 1}
_TEXT_OR_NULL = {"type": ["string", "null"], "minLength": 1}


def _object(properties: dict[str, Any], *, description: str = "", null: bool = False) -> dict[str, Any]:
    """Return the schema of an object in which every property is required."""
    return {
        **({"description": description} if description else {}),
        "type": ["object", "null"] if null else "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


_SPREAD_PARTS = {
    "median": _NUMBER,
    "low": {**_NUMBER, "description": "The least of the measurements."},
    "high": {**_NUMBER, "description": "The greatest of them."},
    "samples": _COUNT,
}
SPREAD = _object(_SPREAD_PARTS)

PROBE = _object(
    {
        "batch": _COUNT,
        "ok": {"type": "boolean", "description": "Every step ran and the headroom was left."},
        "ended": {
            "enum": list(get_args(Ended)),
            "description": "ok: every step ran; oom: memory ran out; killed: its process died or was ended; "
            "timeout: it hung; error: the device failed otherwise.",
        },
        "fresh": {"type": "boolean", "description": "It was the first work of a new process."},
        "peak_bytes": {**_BYTES_OR_NULL, "description": "The most memory held; null where it is not known."},
        "spare_bytes": {
            "type": ["integer", "null"],
            "description": "What was left of the budget at the peak; negative in the headroom; null where not known.",
        },
        "step_seconds": {**_NUMBER_OR_NULL, "description": "Median of the timed steps; null without any."},
        "steps": {"type": "integer", "minimum": 0, "description": "Steps that ran, the warm-up included."},
        "seconds": {**_NUMBER, "description": "What the probe took in all."},
        "reason": {**_TEXT_OR_NULL, "description": "Why it did not end well."},
    }
)

FINGERPRINT = _object(
    {
        "id": {"type": "string", "pattern": "^[0-9a-f]{16}$", "description": "Digest of all the others."},
        "system": _TEXT,
        "release": _TEXT,
        "machine": _TEXT,
        "processor": _TEXT,
        "cores": _COUNT,
        "memory_bytes": {**_COUNT, "description": "Memory of the host that may be used in all, limits included."},
        "device": _TEXT,
        "device_name": _TEXT,
        "device_memory_bytes": {**_BYTES_OR_NULL, "description": "Null for the CPU."},
        "driver": _TEXT_OR_NULL,
        "torch": _TEXT_OR_NULL,
        "toolkit": {**_TEXT_OR_NULL, "description": "The version of CUDA or ROCm that torch is built for."},
        "python": _TEXT,
        "measurement": {**_COUNT, "description": "Raised when the numbers come to mean something else."},
        "environment": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "description": "Variables that change how memory is taken or how many threads compute.",
        },
    },
    description="Which machine this is. When it changes, everything is measured again.",
)

SETTINGS = _object(
    {
        "workload": _TEXT,
        "seconds": {**_NUMBER, "description": "Length of one example."},
        "channels": _COUNT,
        "precision": {"enum": list(get_args(Precision))},
        "max_batch": {**_COUNT, "description": "The ceiling."},
        "headroom": {"type": "number", "minimum": 0, "maximum": 1, "description": "Part of the memory left free."},
        "quick": {"type": "boolean"},
        "time_limit": {**_NUMBER, "description": "Seconds that the measurements were allowed to take."},
        "rate": {**_COUNT, "description": "Samples per second of the sound."},
    }
)

MEMORY = _object(
    {
        "of": {"enum": ["host", "device"], "description": "Which memory trains."},
        "free_bytes": {**_BYTES_OR_NULL, "description": "What was free before the measurements."},
        "budget_bytes": {"type": "integer", "description": "What training may hold: free less headroom, or the limit."},
        "bytes_per_example": {"type": ["integer", "null"], "description": "From the smallest batch to the largest."},
        "limit": {**_BYTES_OR_NULL, "description": "The limit below the host's memory, if there is one."},
        "limited_by": {**_TEXT_OR_NULL, "description": "What sets it."},
        "free_after_bytes": {**_BYTES_OR_NULL, "description": "What was free when all probes had ended."},
        "process_bytes": {**_BYTES_OR_NULL, "description": "What the process that led the benchmark held."},
    }
)

PROFILE_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "sda benchmark --json",
    **_object(
        {
            "format": {"const": FORMAT},
            "version": {**_TEXT, "description": "Of sda."},
            "made": {**_TEXT, "description": "When, in UTC."},
            "seconds": {**_NUMBER, "description": "What everything took."},
            "fingerprint": FINGERPRINT,
            "device": DEVICE,
            "settings": SETTINGS,
            "workload": _object({"summary": _TEXT, "parameters": _COUNT, "flops_per_example": _COUNT}),
            "max_batch_size": {
                **_COUNT_OR_NULL,
                "description": "The largest batch that was verified; null: none fits.",
            },
            "best_batch_size": {
                **_COUNT_OR_NULL,
                "description": "The smallest batch within 5 % of the best throughput.",
            },
            "limited_by": {
                "enum": list(get_args(Bound)),
                "description": "What ended the search: memory, the ceiling, the time allowed, or too many lost probes.",
            },
            "reason": {**_TEXT_OR_NULL, "description": "Why nothing fits; null where something does."},
            "advice": {**_TEXT_OR_NULL, "description": "What to do then."},
            "projected_batch_size": {
                "type": ["integer", "null"],
                "minimum": 0,
                "description": "What memory alone would allow along the measured line; it was not run.",
            },
            "memory": MEMORY,
            "throughput": {
                "type": "array",
                "items": _object({"batch": _COUNT, "step_seconds": SPREAD, "audio_seconds_per_second": SPREAD}),
                "description": "By rising batch, up to the largest.",
            },
            "probes": {"type": "array", "items": PROBE, "description": "Everything that was tried, in order."},
            "processes": {**_COUNT, "description": "Child processes that were started to measure."},
            "rates": {
                "type": "object",
                "properties": {
                    name: _object({**_SPREAD_PARTS, "unit": {"const": unit}}) for name, unit in UNITS.items()
                },
                "additionalProperties": False,
            },
            "absent": {
                "type": "object",
                "propertyNames": {"enum": list(UNITS)},
                "additionalProperties": _TEXT,
                "description": "Rates that were not measured, and why.",
            },
            "verified": _object(
                {
                    "made": _TEXT,
                    "batch": _COUNT,
                    "ok": {"type": "boolean"},
                    "differs": {"type": "boolean", "description": "Throughput differs by more than the spread."},
                    "audio_seconds_per_second": {**SPREAD, "type": ["object", "null"]},
                    "sentence": _TEXT,
                },
                description="The latest later start, which ran one point again; null when there was none.",
                null=True,
            ),
        }
    ),
}
