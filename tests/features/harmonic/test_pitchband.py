"""The low-rate channels: what adds up, what is kept apart, what never cancels."""

import numpy as np
import pytest

from small_dataset_audio.features.harmonic.pitchband import PITCH_RATE, mean_square, mixed, pitch_band
from support.harmonic_chords import notes, spectra
from support.signals import noise, tone


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 44100, 48000, 96000, 192000])
def test_every_rate_comes_down_to_the_same_band(rate: int) -> None:
    band = pitch_band(spectra(tone(1.0, rate, 440.0, peak=0.5), rate))
    assert band.shape == (1, PITCH_RATE)
    assert np.mean(band[0, 500:-500] ** 2) == pytest.approx(0.125, rel=1e-3)


def test_equal_channels_come_back_as_one_with_their_own_power() -> None:
    band = pitch_band(spectra(tone(0.5, 22050, channels=2)))
    assert band.shape[0] == 1
    assert np.mean(band[0, 500:-500] ** 2) == pytest.approx(0.125, rel=1e-3)


@pytest.mark.parametrize("rate", [8000, 11025, 44100])
def test_what_the_channels_are_off_zero_is_left_out(rate: int) -> None:
    samples = np.concatenate([tone(1.0, rate), tone(1.0, rate, 554.4)])
    shifted = samples + np.array([[0.3], [-0.1]], dtype=np.float32)
    wanted, band = pitch_band(spectra(samples, rate)), pitch_band(spectra(shifted, rate))
    np.testing.assert_allclose(band[:, 500:-500], wanted[:, 500:-500], atol=1e-4)


@pytest.mark.parametrize("channels", [2, 6])
def test_powers_of_different_channels_add_up_to_their_mean(channels: int) -> None:
    samples = np.diff(noise(0.5, 11025, channels=channels), prepend=np.float32(0.0))
    band = pitch_band(spectra(samples, 11025))
    assert band.shape[0] == channels
    assert np.sum(band**2) == pytest.approx(np.sum(samples**2) / channels, rel=1e-4)


def test_a_sum_is_as_long_as_the_shortest_and_as_wide_as_the_widest() -> None:
    one = pitch_band(spectra(noise(0.5, 11025), 11025))
    two = pitch_band(spectra(noise(0.4, 11025, channels=2, seed=1), 11025))
    assert mixed([one, two]).shape == (2, two.shape[1])


def test_a_mono_part_keeps_its_power_in_a_wider_sum() -> None:
    one = pitch_band(spectra(noise(0.5, 11025), 11025))
    silent = np.zeros((2, one.shape[1]), dtype=np.float32)
    assert np.sum(mixed([one, silent]) ** 2) == pytest.approx(np.sum(one**2), rel=1e-4)


def test_a_sum_of_equal_bands_is_four_times_as_strong() -> None:
    band = pitch_band(spectra(notes([60], 0.5)))
    np.testing.assert_allclose(mixed([band, band]), 2 * band, atol=1e-6)


def test_power_between_edges_is_summed_over_channels_and_zero_beyond_the_end() -> None:
    band = np.ones((2, 10), dtype=np.float32)
    np.testing.assert_allclose(mean_square(band, np.array([0, 5, 10, 20, 30])), [2.0, 2.0, 0.0, 0.0])
    assert mean_square(band, np.array([0])).shape == (0,)
