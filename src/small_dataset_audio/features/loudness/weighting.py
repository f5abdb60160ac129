"""K-weighting: the two filters that make a level meter hear roughly as people do, at any sample rate.

ITU-R BS.1770-5 (annex 1, tables 1 and 2) gives the coefficients at 48 kHz only. Moving those to another rate with the
bilinear transform bends the curve (by up to 0.04 dB at 16 kHz, much more at 8 kHz). Here the poles keep their place in
time (``p ** (48000 / rate)``), the double zero at 0 Hz stays, and the remaining numerator is fitted to the power response
of the 48 kHz filters. The result is again two biquads. They follow the 48 kHz curve up to 0.4 of the sample rate within
0.01 dB at 8 kHz and within 0.001 dB from 16 kHz up, and they *are* the standard's filters at 48 kHz. Above 24 kHz, where
the standard's curve ends, its last value goes on.
"""

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.features.loudness.recursion import Biquad

REFERENCE_RATE: Final = 48000
"""The rate at which the standard gives its coefficients, in Hz."""
SHELF: Final = Biquad(
    (1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585)
)
"""The head: a high shelf of about 4 dB above 1.5 kHz (BS.1770-5, annex 1, table 1)."""
HIGH_PASS: Final = Biquad((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621))
"""The revised low-frequency B curve: a high-pass at 38 Hz (BS.1770-5, annex 1, table 2)."""
CALIBRATION: Final = 997.0
"""The frequency in Hz at which meters are calibrated (BS.1770-5, annex 1): there the fit is exact."""

_FIT_POINTS: Final = 1000
"""Frequencies at which the fit is made: many more than the three unknowns, so that it is a fit everywhere."""
_FIT_TOP: Final = 0.45
"""Highest fitted frequency over the sample rate: beyond it recordings hold next to nothing, and the fit gains below."""

_Floats = NDArray[np.float64]


def reference_gain_db(frequencies: _Floats) -> _Floats:
    """Return the gain of the standard's 48 kHz filters in dB at ``frequencies`` in Hz ``[shape=(n,)]``.

    Above 24 kHz it is the gain at 24 kHz. At 0 Hz it is minus infinity.
    """
    with np.errstate(divide="ignore"):
        return np.asarray(10.0 * np.log10(_reference_power(frequencies)))


@cache
def k_weighting(rate: int) -> tuple[Biquad, Biquad]:
    """Return the high shelf and the high-pass of the K-weighting for signals at ``rate`` samples per second."""
    if rate == REFERENCE_RATE:
        return SHELF, HIGH_PASS
    shelf_poles = _moved(SHELF.a, REFERENCE_RATE / rate)
    high_pass_poles = _moved(HIGH_PASS.a, REFERENCE_RATE / rate)
    turns = np.append(_FIT_TOP * (np.arange(_FIT_POINTS) + 0.5) / _FIT_POINTS, min(CALIBRATION / rate, _FIT_TOP))
    angles = 2.0 * np.pi * turns
    wanted = _reference_power(turns * rate) / _power_of_zeros(angles)
    wanted *= _power(shelf_poles, angles) * _power(high_pass_poles, angles)
    # |b|² of three coefficients is a cosine polynomial of order 2: linear least squares of the relative error.
    importance = np.append(np.ones(_FIT_POINTS), _FIT_POINTS)
    cosines = np.cos(np.outer(angles, np.arange(3)))
    fitted = np.linalg.lstsq(cosines * (importance / wanted)[:, np.newaxis], importance, rcond=None)[0]
    return Biquad(_minimum_phase(fitted), shelf_poles), Biquad(HIGH_PASS.b, high_pass_poles)


def _reference_power(frequencies: _Floats) -> _Floats:
    """Return the power gain of the 48 kHz filters at ``frequencies`` in Hz."""
    angles = 2.0 * np.pi * np.minimum(frequencies / REFERENCE_RATE, 0.5)
    shelf = _power(SHELF.b, angles) / _power(SHELF.a, angles)
    return np.asarray(shelf * _power_of_zeros(angles) / _power(HIGH_PASS.a, angles))


def _power(coefficients: tuple[float, float, float], angles: _Floats) -> _Floats:
    """Return ``|c0 + c1 z^-1 + c2 z^-2|²`` on the unit circle at ``angles`` in radians per sample."""
    return np.asarray(np.abs(np.exp(-1j * np.outer(angles, np.arange(3))) @ np.array(coefficients)) ** 2)


def _power_of_zeros(angles: _Floats) -> _Floats:
    """Return ``|1 - 2 z^-1 + z^-2|²``, without the cancellation that the sum of its terms has near 0 Hz."""
    return (2.0 * np.sin(angles / 2.0)) ** 4


def _moved(a: tuple[float, float, float], exponent: float) -> tuple[float, float, float]:
    """Return the denominator whose poles are those of ``a`` (a complex pair) raised to ``exponent``."""
    radius = np.sqrt(a[2])
    angle = np.arccos(-a[1] / (2.0 * radius))
    radius **= exponent
    return 1.0, float(-2.0 * radius * np.cos(angle * exponent)), float(radius**2)


def _minimum_phase(fitted: _Floats) -> tuple[float, float, float]:
    """Return the numerator with its zeros inside the unit circle whose power is ``sum(fitted[m] * cos(m * angle))``."""
    palindrome = np.concatenate([fitted[:0:-1] / 2.0, fitted[:1], fitted[1:] / 2.0])
    zeros = np.roots(palindrome)
    zeros = zeros[np.argsort(np.abs(zeros))][:2]
    b = np.real(np.poly(zeros))
    b *= np.sqrt(np.sum(fitted)) / np.abs(np.sum(b))  # the gain at 0 Hz, where all cosines are 1
    return float(b[0]), float(b[1]), float(b[2])
