"""The decoded form of one recording."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
"""Audio samples ``[shape=(channels, n)]``, float32, full scale at 1.0."""


@dataclass(frozen=True, eq=False)
class Clip:
    """One recording, decoded once.

    Attributes:
        samples: float32 ``[shape=(channels, n)]``, full scale at 1.0, all finite. Those of a long recording may lie on disk,
            read-only, and are to be read in blocks then: see `audio.spool`.
        rate: samples per second.
        path: the file it came from, where there is one.
        truncated: the file held less than its header declares and the user allowed that.
    """

    samples: Samples
    rate: int
    path: Path | None = None
    truncated: bool = False

    @property
    def channels(self) -> int:
        """Number of channels."""
        return int(self.samples.shape[0])

    @property
    def seconds(self) -> float:
        """Duration in seconds."""
        return float(self.samples.shape[1] / self.rate)
