"""Which of a network's many labels are kept."""

from collections.abc import Mapping
from typing import Final

_DIGITS: Final = 6
"""Decimals of a stored probability: networks compute in single precision, which has no more."""


def selected(
    probabilities: Mapping[str, float], *, top_k: int, threshold: float, complete: bool = False
) -> dict[str, float]:
    """Return the likeliest labels, the likeliest first; equally likely ones keep their order.

    Args:
        probabilities: label -> probability.
        top_k: at most so many are kept.
        threshold: less likely ones are left out.
        complete: keep all, whatever ``top_k`` and ``threshold`` say.
    """
    ranked = sorted(probabilities.items(), key=lambda pair: -pair[1])
    kept = ranked if complete else [pair for pair in ranked[:top_k] if pair[1] >= threshold]
    return {label: round(probability, _DIGITS) for label, probability in kept}
