"""What a service found, and how its answers are read: whatever they hold, nothing but text, numbers and lists is taken."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Found:
    """What a service knows of a recording.

    Attributes:
        values: key (`values.KEYS`) -> value.
        notes: how it was found, as JSON: the score among them.
        reason: why nothing was found, as the end of a sentence; empty where something was.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    notes: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""


def objects(answer: object, name: str) -> list[Mapping[str, Any]]:
    """Return the JSON objects in the list called ``name``; what else is in it is left out."""
    listed = answer.get(name) if isinstance(answer, dict) else None
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def inner(answer: object, name: str) -> Mapping[str, Any]:
    """Return the JSON object called ``name``; an empty one where there is none."""
    found = answer.get(name) if isinstance(answer, dict) else None
    return found if isinstance(found, dict) else {}


def listed_texts(answer: object, name: str) -> list[str]:
    """Return the texts in the list called ``name``."""
    listed = answer.get(name) if isinstance(answer, dict) else None
    return [one for one in listed if isinstance(one, str)] if isinstance(listed, list) else []


def number(value: object) -> float | None:
    """Return a number that is one; None for anything else."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def too_far(score: float, minimum: float) -> str:
    """Return the reason where the best that is offered does not fit."""
    return f"the nearest recording fits by {score:.2f}, and metadata.minimum_score asks for {minimum:.2f}"
