"""Tonal Interval Vector: where a pitch class profile lies among intervals, chords and keys.

Source: Bernardes, Cocharro, Caetano, Guedes, Davies, "A multi-level tonal interval space for modelling pitch
relatedness and musical consonance", Journal of New Music Research 45 (2016).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

WEIGHTS: Final = (3.0, 8.0, 11.5, 15.0, 14.5, 7.5)
"""Of the coefficients k = 1..6 of the discrete Fourier transform (Bernardes et al. 2016)."""
LEAST: Final = 1e-9
"""A vector shorter than this, before it is normalised, belongs to a profile that is flat."""


def tonal_interval_vector(profile: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return the vector, real and imaginary parts interleaved, of length 1 ``[shape=(12,)]``; None for a flat profile.

    Coefficient k is the sum over pitch classes n of profile(n) exp(-2 pi i k n / 12), for the profile divided by its sum.

    Args:
        profile: pitch class profile, C first, none negative, not all 0 ``[shape=(12,)]``.
    """
    spectrum = np.fft.rfft(profile / profile.sum())[1:] * np.array(WEIGHTS)
    vector = np.column_stack([spectrum.real, spectrum.imag]).ravel()
    length = float(np.linalg.norm(vector))
    return vector / length if length > LEAST else None
