"""What the engine knows of a backend."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Examples = NDArray[np.float32]
"""Pieces of a recording ``[shape=(examples, channels, segment)]``."""
Estimates = NDArray[np.float32]
"""What they are taken apart into ``[shape=(examples, sources, channels, segment)]``."""


@dataclass(frozen=True)
class Network:
    """A backend, ready to work.

    Attributes:
        backend: its name in the settings.
        model: the name of its model; None where there is none.
        sources: what it takes a mix apart into, in the order in which ``apply`` gives it.
        rate: samples per second that it works at; None for any.
        channels: channels that it works on; None for any.
        segment: samples of one piece.
        overlap: share of a piece that the next one repeats.
        normalise: the whole recording is brought to a standard deviation of 1 before it is cut into pieces.
        apply: pieces at a sample rate -> their sources.
        device: where that is computed.
        module: what holds its weights, where there are any.
    """

    backend: str
    model: str | None
    sources: tuple[str, ...]
    rate: int | None
    channels: int | None
    segment: int
    overlap: float
    normalise: bool
    apply: Callable[[Examples, int], Estimates]
    device: str = "cpu"
    module: Any = None
