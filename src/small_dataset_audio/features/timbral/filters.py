"""The Butterworth filters of the models, as power responses: spectra are weighted instead of signals filtered."""

from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.features.timbral.recording import RATE

ORDER: Final = 2
"""Of one filter."""
PASSES: Final = 3
"""Times that each filter is applied: 36 dB per octave in all."""
LOWEST: Final = 20.0
"""Hz; brightness and depth hear nothing under it."""

Floats = NDArray[np.float64]


def power_response(frequency: Floats, corner: float, kind: Literal["lowpass", "highpass"]) -> Floats:
    """Return the power gain of all passes of a filter at ``frequency`` in Hz ``[shape=(n,)]``.

    It is that of the digital filter at the models' rate, made by the bilinear transform: the frequency is warped.
    """
    warped = np.tan(np.pi * np.minimum(frequency / RATE, 0.5 - 1e-9)) / np.tan(np.pi * corner / RATE)
    if kind == "lowpass":
        return np.asarray((1.0 + warped ** (2 * ORDER)) ** -PASSES)
    with np.errstate(divide="ignore"):
        return np.asarray((1.0 + warped ** (-2.0 * ORDER)) ** -PASSES)
