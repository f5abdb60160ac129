"""Loudness after Zwicker: what the standard says of tones, and what must hold for any levels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from small_dataset_audio.features.timbral.ear.tables import STEPS, THRESHOLD
from small_dataset_audio.features.timbral.ear.zwicker import Floats, main_loudness, specific_loudness

BANDS = 28
KILOHERTZ = 16
"""The third-octave band at 1 kHz."""
LEVELS = arrays.arrays(np.float64, (3, BANDS), elements=st.floats(-20.0, 110.0))


def one_band(band: int, level: float) -> Floats:
    levels = np.full((1, BANDS), -np.inf)
    levels[0, band] = level
    return levels


@pytest.mark.parametrize(("level", "sone"), [(40.0, 1.0), (50.0, 2.0), (60.0, 4.0), (70.0, 8.0), (80.0, 16.0)])
def test_a_tone_of_a_kilohertz_has_the_loudness_that_defines_the_sone(level: float, sone: float) -> None:
    levels = one_band(KILOHERTZ, level)
    levels[0, [KILOHERTZ - 1, KILOHERTZ + 1]] = level - 20.0  # what third-octave filters let through
    assert specific_loudness(levels)[1][0] == pytest.approx(sone, rel=0.035)


def test_what_is_under_the_threshold_is_not_heard() -> None:
    quiet = np.concatenate([np.full(11, -20.0), THRESHOLD[3:] - 1.0])[np.newaxis]
    loudness, total = specific_loudness(quiet)
    assert not loudness.any()
    assert not total.any()
    assert not specific_loudness(np.full((1, BANDS), -np.inf))[1].any()


def test_the_foot_of_a_slope_is_not_below_silence() -> None:
    levels = np.zeros((1, BANDS))
    levels[0, -1] = 19.0
    assert specific_loudness(levels)[0].min() == 0.0


@settings(max_examples=50, deadline=None)
@given(LEVELS)
def test_total_loudness_is_the_area_under_specific_loudness(levels: Floats) -> None:
    loudness, total = specific_loudness(levels)
    assert loudness.shape == (3, STEPS)
    assert np.all(loudness >= 0.0)
    # steps of a tenth of a Bark miss at most the corners at the edges of the 21 bands
    np.testing.assert_allclose(0.1 * loudness.sum(axis=1), total, rtol=0.25, atol=0.3)


@settings(max_examples=50, deadline=None)
@given(LEVELS, st.floats(1.0, 20.0))
def test_frames_do_not_know_of_each_other_and_louder_is_louder(levels: Floats, rise: float) -> None:
    together = specific_loudness(levels)[0]
    for row, frame in zip(together, levels, strict=True):
        np.testing.assert_array_equal(specific_loudness(frame[np.newaxis])[0][0], row)
    assert np.all(main_loudness(levels + rise) >= main_loudness(levels) - 1e-12)


def test_a_loud_band_masks_upwards_and_not_downwards() -> None:
    loudness, _ = specific_loudness(one_band(KILOHERTZ, 80.0))
    peak = int(loudness[0].argmax())
    assert 78 <= peak < 92  # 7.9 to 9.2 Bark: the critical band around 1 kHz
    assert not loudness[0, :78].any()
    assert np.all(np.diff(loudness[0, peak + 1 :]) <= 1e-12)
    assert loudness[0, 110] > 0.0


def test_the_slope_upwards_is_flatter_for_louder_sounds() -> None:
    reach = [np.count_nonzero(specific_loudness(one_band(KILOHERTZ, level))[0]) for level in (40.0, 60.0, 80.0)]
    assert reach == sorted(reach)
    assert reach[2] > reach[0] + 10
