"""The meter against EBU Tech 3341 and 3342, BS.1770's calibration, and what must not change a loudness."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from small_dataset_audio.errors import FeatureError
from small_dataset_audio.features.loudness import (
    channel_weights,
    energy,
    integrated,
    loudness_range,
    momentary,
    short_term,
)
from small_dataset_audio.features.loudness.meter import CHANNEL_WEIGHTS
from support import loudness_cases as ebu
from support.loudness_cases import Case, signal_of
from support.signals import Signal, noise, silence, tone

TOLERANCE = 0.05
"""Twice as strict as EBU Tech 3341 (0.1 LU), twenty times as Tech 3342 (1 LU)."""
RATES = (44100, 48000, 96000)
ALL_RATES = (8000, 11025, 16000, 22050, 32000, 44100, 48000, 88200, 96000, 192000)


def loudness(samples: Signal, rate: int) -> float:
    value = integrated(energy(samples, rate))
    assert value is not None
    return value


def spread(samples: Signal, rate: int) -> float:
    value = loudness_range(energy(samples, rate))
    assert value is not None
    return value


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("case", ebu.INTEGRATED, ids=lambda case: case.name)
def test_integrated_loudness_of_ebu_3341(case: Case, rate: int) -> None:
    assert loudness(signal_of(case, rate), rate) == pytest.approx(case.expected, abs=TOLERANCE)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("case", ebu.INTEGRATED[:2], ids=lambda case: case.name)
def test_momentary_and_short_term_are_steady_on_a_steady_tone(case: Case, rate: int) -> None:
    measured = energy(signal_of(case, rate), rate)
    assert np.abs(momentary(measured) - case.expected).max() < TOLERANCE
    assert np.abs(short_term(measured) - case.expected).max() < TOLERANCE
    assert momentary(measured).shape == (2000 - 39,)
    assert short_term(measured).shape == (2000 - 299,)


@pytest.mark.parametrize("rate", RATES)
def test_ebu_3341_9_and_12_are_constant_once_the_window_is_full(rate: int) -> None:
    short = short_term(energy(signal_of(ebu.SHORT_TERM_STEADY, rate), rate))
    assert np.abs(short - ebu.SHORT_TERM_STEADY.expected).max() < TOLERANCE
    moments = momentary(energy(signal_of(ebu.MOMENTARY_STEADY, rate), rate))
    assert np.abs(moments[100 - 40 :] - ebu.MOMENTARY_STEADY.expected).max() < TOLERANCE


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("case", ebu.SHORT_TERM_PEAKS, ids=lambda case: case.name)
def test_highest_short_term_loudness_wherever_the_tone_begins(case: Case, rate: int) -> None:
    assert short_term(energy(signal_of(case, rate), rate)).max() == pytest.approx(case.expected, abs=TOLERANCE)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("case", ebu.MOMENTARY_PEAKS, ids=lambda case: case.name)
def test_highest_momentary_loudness_wherever_the_tone_begins(case: Case, rate: int) -> None:
    assert momentary(energy(signal_of(case, rate), rate)).max() == pytest.approx(case.expected, abs=TOLERANCE)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("case", ebu.RANGES, ids=lambda case: case.name)
def test_loudness_range_of_ebu_3342(case: Case, rate: int) -> None:
    assert spread(signal_of(case, rate), rate) == pytest.approx(case.expected, abs=TOLERANCE)


@pytest.mark.parametrize("rate", [16000, 22050, 24000, 32000, 88200, 176400, 192000])
@pytest.mark.parametrize("case", ebu.RANGES, ids=lambda case: case.name)
def test_loudness_range_at_other_rates(case: Case, rate: int) -> None:
    assert spread(signal_of(case, rate)[:1], rate) == pytest.approx(case.expected, abs=0.001)


def test_repeating_a_signal_does_not_change_its_range() -> None:
    for case in ebu.RANGES:
        signal = signal_of(case, 16000)
        assert spread(np.tile(signal, (1, 3)), 16000) == pytest.approx(spread(signal, 16000), abs=0.001)


@pytest.mark.parametrize("rate", ALL_RATES)
def test_997_hz_at_full_scale_in_one_channel(rate: int) -> None:
    one = tone(5.0, rate, 997.0, peak=1.0)
    assert loudness(one, rate) == pytest.approx(-3.01, abs=0.005)
    assert loudness(np.concatenate([one, np.zeros_like(one)]), rate) == pytest.approx(-3.01, abs=0.005)
    assert loudness(np.concatenate([one, one]), rate) == pytest.approx(0.0, abs=0.005)


@pytest.mark.parametrize("rate", ALL_RATES)
@pytest.mark.parametrize("frequency", [50.0, 997.0, 3000.0])
def test_loudness_of_a_tone_follows_from_the_weighting(rate: int, frequency: float) -> None:
    from small_dataset_audio.features.loudness.weighting import reference_gain_db

    expected = -0.691 + 20 * np.log10(0.1) - 10 * np.log10(2) + reference_gain_db(np.array([frequency]))[0]
    assert loudness(tone(6.0, rate, frequency, peak=0.1), rate) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("channels", range(1, 9))
def test_each_channel_counts_with_its_weight(channels: int) -> None:
    weights = channel_weights(channels)
    assert weights is CHANNEL_WEIGHTS[channels]
    for i, weight in enumerate(weights):
        samples = silence(1.0, 8000, channels)
        samples[i] = tone(1.0, 8000, 997.0)[0]
        if weight == 0.0:  # low-frequency effects
            assert integrated(energy(samples, 8000)) is None
        else:
            alone = loudness(samples[i : i + 1], 8000)
            assert loudness(samples, 8000) == pytest.approx(alone + 10 * np.log10(weight), abs=1e-9)


def test_surround_order_is_that_of_wav_and_flac() -> None:
    assert channel_weights(6) == (1.0, 1.0, 1.0, 0.0, 1.41, 1.41)
    assert channel_weights(5) == (1.0, 1.0, 1.0, 1.41, 1.41)
    assert channel_weights(8)[4:] == (1.0, 1.0, 1.41, 1.41)  # back, then side


def test_more_channels_than_there_are_layouts_are_refused() -> None:
    with pytest.raises(FeatureError, match="9 channels") as caught:
        energy(noise(1.0, 8000, channels=9), 8000)
    assert "1 to 8" in caught.value.fix


def test_a_rate_without_a_sample_per_step_is_refused() -> None:
    with pytest.raises(FeatureError, match="50 Hz"):
        energy(noise(1.0, 50), 50)


def test_silence_has_no_loudness_and_no_range() -> None:
    for samples in (silence(5.0), tone(5.0, peak=1e-5), np.full((1, 5 * 44100), 1e-41, dtype=np.float32)):
        assert integrated(energy(samples, 44100)) is None
        assert loudness_range(energy(samples, 44100)) is None
    assert (momentary(energy(silence(1.0), 44100)) == -np.inf).all()


def test_an_offset_is_not_heard() -> None:
    samples = np.full((2, 10 * 44100), 0.5, dtype=np.float32)
    assert (momentary(energy(samples, 44100))[100:] < -120).all()  # once the step at the start has passed
    offset = (samples + tone(10.0, frequency=1000.0, peak=0.1, channels=2)).astype(np.float32)
    clean = tone(10.0, frequency=1000.0, peak=0.1, channels=2)
    assert np.abs(momentary(energy(offset, 44100)) - momentary(energy(clean, 44100)))[100:].max() < 0.001


@pytest.mark.parametrize("rate", ALL_RATES)
def test_four_tenths_of_a_second_are_enough_and_less_is_not(rate: int) -> None:
    samples = tone(1.0, rate, 997.0)
    assert integrated(energy(samples[:, : round(0.4 * rate)], rate)) is not None
    assert integrated(energy(samples[:, : round(0.4 * rate) - 1], rate)) is None
    assert integrated(energy(samples[:, :0], rate)) is None
    assert momentary(energy(samples[:, :1], rate)).shape == (0,)


def test_a_range_needs_two_windows() -> None:
    samples = tone(3.2, 8000)
    assert loudness_range(energy(samples[:, : round(3.0 * 8000)], 8000)) is None
    assert loudness_range(energy(samples[:, : round(3.1 * 8000)], 8000)) == pytest.approx(0.0, abs=0.01)


@pytest.mark.parametrize("rate", [11025, 22050, 44056])
def test_steps_follow_the_clock_where_10_ms_is_no_whole_number_of_samples(rate: int) -> None:
    measured = energy(noise(10.0, rate), rate)
    assert measured.edges.shape == (1001,)
    assert np.abs(measured.edges - np.arange(1001) * rate / 100).max() <= 0.5
    assert measured.sums.shape == (1000,)
    assert (measured.sums > 0).all()


def test_steps_hold_exactly_the_energy_of_the_weighted_signal() -> None:
    from scipy import signal as reference

    from small_dataset_audio.features.loudness.weighting import k_weighting

    rate, samples = 22050, noise(7.0, 22050, channels=2)  # longer than a chunk, steps of unequal length
    sos = np.array([[*b, *a] for b, a in k_weighting(rate)])
    weighted = reference.sosfilt(sos, samples.astype(np.float64), axis=1)
    measured = energy(samples, rate)
    wanted = [(weighted[:, a:b] ** 2).sum() for a, b in zip(measured.edges[:-1], measured.edges[1:], strict=True)]
    np.testing.assert_allclose(measured.sums, wanted, rtol=2e-5)


piece = st.builds(
    lambda seed, level: np.concatenate([noise(2.0, 8000, 0.3, 2, seed), level * noise(2.0, 8000, 0.3, 2, seed + 1)], 1),
    st.integers(0, 100),
    st.floats(0.05, 1.0),
)


@settings(max_examples=15, deadline=None)
@given(samples=piece, gain_db=st.floats(-30.0, 20.0))
def test_gain_moves_loudness_by_itself_and_leaves_the_range(samples: Signal, gain_db: float) -> None:
    louder = (samples * 10 ** (gain_db / 20)).astype(np.float32)
    assert loudness(louder, 8000) == pytest.approx(loudness(samples, 8000) + gain_db, abs=1e-4)
    assert spread(louder, 8000) == pytest.approx(spread(samples, 8000), abs=1e-3)


@settings(max_examples=10, deadline=None)
@given(samples=piece)
def test_swapping_or_inverting_channels_changes_nothing(samples: Signal) -> None:
    assert loudness(samples[::-1], 8000) == loudness(samples, 8000)
    assert loudness(-samples, 8000) == loudness(samples, 8000)


@settings(max_examples=10, deadline=None)
@given(samples=piece, blocks=st.integers(10, 60))
def test_more_silence_around_changes_nothing(samples: Signal, blocks: int) -> None:
    one = np.pad(samples, ((0, 0), (8000, 8000)))
    more = np.pad(samples, ((0, 0), (800 * blocks, 800 * blocks)))
    assert loudness(more, 8000) == pytest.approx(loudness(one, 8000), abs=1e-4)


@settings(max_examples=10, deadline=None)
@given(samples=piece)
def test_a_side_only_signal_is_as_loud_as_the_same_in_phase(samples: Signal) -> None:
    side = np.stack([samples[0], -samples[0]])
    middle = np.stack([samples[0], samples[0]])
    assert loudness(side, 8000) == loudness(middle, 8000)
