"""What a measurement returns: numbers, and for every number that is missing, the reason."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.float64]
"""Moments in seconds from the start of the file ``[shape=(n,)]``, ascending."""

Series = NDArray[np.float32]
"""What is found in each of a number of equal steps of the file ``[shape=(steps,)]`` or ``[shape=(steps, columns)]``."""


@dataclass
class Measured:
    """The outcome of one or several families of features.

    Attributes:
        values: feature name -> number. Only what was measured: never a default, never NaN.
        absent: feature name -> one sentence that says why it could not be measured.
        labels: label name -> {label: strength}, e.g. ``{"tonic_scale": {"minor": 0.83}}``.
        times: ``beats``, ``downbeats``, ``onsets`` in seconds.
        confidence: name -> 0..1, where the method knows how sure it is.
        series: name -> how it changes over time, where `Options.timeseries_steps` asks for that.
    """

    values: dict[str, float] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    labels: dict[str, dict[str, float]] = field(default_factory=dict)
    times: dict[str, Times] = field(default_factory=dict)
    confidence: dict[str, float] = field(default_factory=dict)
    series: dict[str, Series] = field(default_factory=dict)

    def add(self, other: "Measured") -> None:
        """Take over everything from ``other``."""
        self.values.update(other.values)
        self.absent.update(other.absent)
        self.labels.update(other.labels)
        self.times.update(other.times)
        self.confidence.update(other.confidence)
        self.series.update(other.series)
