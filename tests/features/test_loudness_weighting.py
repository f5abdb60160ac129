"""The K-weighting must be the standard's curve at every rate: a bent curve moves every loudness."""

import numpy as np
import pytest
from numpy.typing import NDArray

from small_dataset_audio.features.loudness.recursion import Biquad
from small_dataset_audio.features.loudness.weighting import HIGH_PASS, SHELF, k_weighting, reference_gain_db

RATES = (
    8000,
    11025,
    12000,
    16000,
    22050,
    24000,
    32000,
    44056,
    44100,
    47952,
    48000,
    64000,
    88200,
    96000,
    176400,
    192000,
)


def gain_db(sections: tuple[Biquad, ...], rate: int, frequencies: NDArray[np.float64]) -> NDArray[np.float64]:
    z = np.exp(-2j * np.pi * frequencies / rate)
    response = np.ones_like(z)
    for b, a in sections:
        response *= np.polyval(b[::-1], z) / np.polyval(a[::-1], z)
    return np.asarray(20 * np.log10(np.abs(response)))


@pytest.mark.parametrize("rate", RATES)
def test_follows_the_48_khz_curve_up_to_two_fifths_of_the_rate(rate: int) -> None:
    frequencies = np.append(np.geomspace(10.0, 0.4 * rate, 3000), 997.0)
    own = gain_db(k_weighting(rate), rate, frequencies)
    standard = gain_db((SHELF, HIGH_PASS), 48000, np.minimum(frequencies, 24000.0))
    assert np.abs(own - standard).max() < (0.001 if rate >= 16000 else 0.01)
    assert own[-1] == pytest.approx(standard[-1], abs=1e-5)  # where meters are calibrated


@pytest.mark.parametrize("rate", RATES)
def test_is_stable_and_of_minimum_phase(rate: int) -> None:
    shelf, high_pass = k_weighting(rate)
    assert np.abs(np.roots(shelf.a)).max() < 1
    assert np.abs(np.roots(high_pass.a)).max() < 1
    assert np.abs(np.roots(shelf.b)).max() < 1
    assert shelf.b[0] > 0
    assert sum(high_pass.b) == 0  # nothing of 0 Hz passes


def test_is_the_standard_itself_at_48_khz() -> None:
    assert k_weighting(48000) == (SHELF, HIGH_PASS)


def test_fit_finds_the_standard_next_to_48_khz() -> None:
    # A rate a hair away goes the whole way through the fit, and must come out at the published numbers.
    shelf, high_pass = k_weighting(47999)
    assert shelf.b == pytest.approx(SHELF.b, abs=2e-4)
    assert shelf.a == pytest.approx(SHELF.a, abs=2e-4)
    assert high_pass.a == pytest.approx(HIGH_PASS.a, abs=2e-6)


def test_reference_curve_has_the_published_landmarks() -> None:
    gain = reference_gain_db(np.array([0.0, 38.0, 997.0, 10000.0, 24000.0, 60000.0]))
    assert gain[0] == -np.inf
    assert gain[1] == pytest.approx(-6.0, abs=0.1)  # the high-pass has its corner there
    assert gain[2] == pytest.approx(0.691, abs=0.001)  # taken back by the offset of the loudness equation
    assert gain[3:] == pytest.approx([4.04, 4.04, 4.04], abs=0.03)
    assert gain[5] == gain[4]


@pytest.mark.parametrize("rate", [500, 1000, 2000, 4000, 6000])
def test_rates_below_the_promise_still_give_a_usable_filter(rate: int) -> None:
    frequencies = np.geomspace(10.0, 0.4 * rate, 500)
    error = gain_db(k_weighting(rate), rate, frequencies) - gain_db((SHELF, HIGH_PASS), 48000, frequencies)
    assert np.abs(error).max() < 0.2
