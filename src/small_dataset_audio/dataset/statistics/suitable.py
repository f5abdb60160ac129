"""Whether a number can condition a generator at all, looked at by itself."""

from collections.abc import Mapping
from typing import Final, Literal

from small_dataset_audio.dataset.statistics.numbers import NumberSummary, family_of

Obstacle = Literal["undeclared", "absent", "incomplete", "circular", "part", "count", "constant", "narrow", "outside"]
LEAST_COVERAGE: Final = 0.9
"""A trainer needs the number of every track: those without it are lost to it."""
MOST_OUTSIDE: Final = 0.05
"""The export clips what lies outside the declared range: more than this would be false."""
LEAST_SPREAD: Final = 0.05
"""The share of the declared range that the values must span. A conditioner scales the range to 0..1: it hardly tells values
apart that all lie in a twentieth of it."""
_LEAST_MINORITY: Final = 0.1
_PARTS: Final = 3
"""So many numbers with one name and an index are a vector."""


def spread_of(number: NumberSummary) -> float:
    """Return the share of the declared range that nine tenths of the values span; of a flag twice its rarer value's share."""
    if number.declared is None or not number.count:
        return 0.0
    if number.kind == "flag":
        ones = number.facts["ones"] / number.count
        return 2.0 * min(ones, 1.0 - ones)
    if not number.quantiles:
        return 0.0
    span = max(number.quantiles.values()) - min(number.quantiles.values())
    return min(1.0, span / (number.declared.high - number.declared.low))


def obstacle(
    number: NumberSummary, numbers: Mapping[str, NumberSummary], tracks: int, unit: str
) -> tuple[Obstacle, str] | None:
    """Return why a number cannot condition a generator, in a word and a sentence; None if it can.

    Args:
        number: the number.
        numbers: all numbers of the library.
        tracks: how many tracks it has.
        unit: what they are: ``track`` or ``crop``.
    """
    by_presence = _by_presence(number, tracks, unit)
    return by_presence or _by_nature(number, numbers) or _by_values(number)


def _by_presence(number: NumberSummary, tracks: int, unit: str) -> tuple[Obstacle, str] | None:
    if number.declared is None:
        return "undeclared", "no range is declared for it, which a conditioner needs"
    reason = f": {next(iter(number.reasons))}" if number.reasons else ""
    if not number.count:
        return "absent", f"no {unit} has it{reason}"
    if number.count < LEAST_COVERAGE * tracks:
        return "incomplete", f"only {number.count} of {tracks} {unit}s have it{reason}"
    return None


def _by_nature(number: NumberSummary, numbers: Mapping[str, NumberSummary]) -> tuple[Obstacle, str] | None:
    if number.kind == "circular":
        return (
            "circular",
            "it goes round in a circle, where a conditioner sees its ends far apart: say it in the prompt",
        )
    family = family_of(number.name)
    if family is not None and (parts := sum(family_of(name) == family for name in numbers)) >= _PARTS:
        return "part", f"it is one of the {parts} parts of {family}, which mean something only together"
    if number.kind == "int":
        return "count", "a count grows with the length of the recording, not with its character"
    return None


def _by_values(number: NumberSummary) -> tuple[Obstacle, str] | None:
    spread = spread_of(number)
    if number.kind == "flag":
        if spread >= 2.0 * _LEAST_MINORITY:
            return None
        return "constant", f"it is {'1' if number.facts['ones'] * 2 > number.count else '0'} nearly everywhere"
    if number.facts["min"] == number.facts["max"]:
        return "constant", "it is the same everywhere"
    if number.outside > MOST_OUTSIDE:
        return (
            "outside",
            f"{number.outside:.0%} of its values lie outside the declared range, where the export has to clip them",
        )
    if spread < LEAST_SPREAD:
        return "narrow", f"its values span {spread:.1%} of the declared range, too little to tell them apart"
    return None
