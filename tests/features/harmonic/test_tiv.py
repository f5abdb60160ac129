"""The tonal interval vector on profiles whose transform is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from small_dataset_audio.features.harmonic.tiv import WEIGHTS, tonal_interval_vector


@pytest.mark.parametrize("note", range(12))
def test_one_note_turns_each_coefficient_by_its_own_angle(note: int) -> None:
    profile = np.zeros(12)
    profile[note] = 0.4
    vector = tonal_interval_vector(profile)
    assert vector is not None
    weights = np.array(WEIGHTS) / np.linalg.norm(WEIGHTS)
    angles = -2.0 * np.pi * np.arange(1, 7) * note / 12.0
    np.testing.assert_allclose(vector[0::2], weights * np.cos(angles), atol=1e-12)
    np.testing.assert_allclose(vector[1::2], weights * np.sin(angles), atol=1e-12)


def test_a_tritone_has_even_coefficients_only() -> None:
    profile = np.zeros(12)
    profile[[2, 8]] = 1.0
    vector = tonal_interval_vector(profile)
    assert vector is not None
    lengths = np.hypot(vector[0::2], vector[1::2])
    np.testing.assert_allclose(lengths[0::2], 0.0, atol=1e-12)
    np.testing.assert_allclose(lengths[1::2], np.array([8.0, 15.0, 7.5]) / np.linalg.norm([8.0, 15.0, 7.5]), atol=1e-12)


def test_a_whole_tone_scale_has_the_sixth_coefficient_only() -> None:
    vector = tonal_interval_vector(np.tile([1.0, 0.0], 6))
    assert vector is not None
    np.testing.assert_allclose(vector, [0.0] * 10 + [1.0, 0.0], atol=1e-12)


def test_a_flat_profile_has_no_vector() -> None:
    assert tonal_interval_vector(np.ones(12)) is None


@given(arrays(np.float64, 12, elements=st.floats(0.0, 1.0)), st.integers(0, 11), st.floats(0.001, 1000.0))
def test_length_is_one_level_does_not_matter_and_transposing_only_turns(
    profile: NDArray[np.float64], up: int, gain: float
) -> None:
    profile[0] += 0.5
    if np.ptp(profile) < 0.01:
        return
    vector, louder = tonal_interval_vector(profile), tonal_interval_vector(profile * gain)
    turned = tonal_interval_vector(np.roll(profile, up))
    assert vector is not None
    assert louder is not None
    assert turned is not None
    assert np.linalg.norm(vector) == pytest.approx(1.0)
    np.testing.assert_allclose(louder, vector, atol=1e-9)
    complex_vector, complex_turned = vector[0::2] + 1j * vector[1::2], turned[0::2] + 1j * turned[1::2]
    angles = np.exp(-2j * np.pi * np.arange(1, 7) * up / 12.0)
    np.testing.assert_allclose(complex_turned, complex_vector * angles, atol=1e-9)
