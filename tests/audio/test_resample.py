"""Resampling changes the rate and nothing else: level, phase and position stay, what the new rate cannot hold goes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from small_dataset_audio.audio.resample import resample, resampled_length
from small_dataset_audio.errors import AudioError
from support.signals import clicks, noise, tone

RATES = [8000, 11025, 16000, 22050, 32000, 44100, 48000, 96000, 192_000]


def middle(samples: np.ndarray) -> np.ndarray:
    """Return the samples without a tenth at either end, where the filter sees the edges."""
    edge = samples.shape[1] // 10
    return samples[:, edge:-edge]


@pytest.mark.parametrize("to_rate", RATES)
@pytest.mark.parametrize("from_rate", [8000, 44100, 48000, 192_000])
def test_a_tone_stays_the_same_tone_in_level_and_phase(from_rate: int, to_rate: int) -> None:
    made = resample(tone(0.5, from_rate, 997.0, channels=2), from_rate, to_rate)
    true = tone(0.5, to_rate, 997.0, channels=2)
    assert made.dtype == np.float32
    assert made.flags.c_contiguous
    assert made.shape[1] == resampled_length(round(0.5 * from_rate), from_rate, to_rate)
    length = min(made.shape[1], true.shape[1])
    np.testing.assert_allclose(middle(made[:, :length]), middle(true[:, :length]), atol=2e-6)


def test_tones_that_the_new_rate_cannot_hold_disappear() -> None:
    for frequency in (8100.0, 12_000.0, 20_000.0):
        made = resample(tone(1.0, 44100, frequency, peak=1.0), 44100, 16000)
        assert 20 * np.log10(np.abs(middle(made)).max()) < -120


def test_the_pass_band_is_flat_to_nine_tenths() -> None:
    for frequency in (50.0, 1000.0, 5000.0, 7200.0):
        made = resample(tone(1.0, 44100, frequency, peak=1.0), 44100, 16000)
        level = 20 * np.log10(np.sqrt(2 * np.mean(middle(made).astype(np.float64) ** 2)))
        assert abs(level) < 0.01


def test_a_click_stays_where_it_is() -> None:
    sound = clicks(np.array([0.25]), 0.5, 44100)
    made = resample(sound, 44100, 48000)
    before, after = (float(np.argmax(np.abs(samples[0]))) for samples in (sound, made))
    assert after / 48000 == pytest.approx(before / 44100, abs=1 / 44100)


def test_channels_are_independent() -> None:
    sound = noise(0.2, channels=3)
    together = resample(sound, 44100, 16000)
    for channel in range(3):
        np.testing.assert_array_equal(together[channel], resample(sound[channel : channel + 1], 44100, 16000)[0])


def test_equal_rates_return_the_array_itself() -> None:
    sound = noise(0.01)
    assert resample(sound, 44100, 44100) is sound


def test_any_memory_layout_gives_the_same() -> None:
    sound = noise(0.1, channels=2)
    np.testing.assert_array_equal(resample(np.asfortranarray(sound), 44100, 48000), resample(sound, 44100, 48000))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 3000), st.sampled_from(RATES), st.sampled_from(RATES))
def test_the_length_follows_the_rule(length: int, from_rate: int, to_rate: int) -> None:
    made = resample(np.ones((1, length), dtype=np.float32), from_rate, to_rate)
    assert made.shape == (1, resampled_length(length, from_rate, to_rate))
    assert abs(made.shape[1] - length * to_rate / from_rate) <= 0.5
    assert np.isfinite(made).all()


def test_a_length_that_soxr_rounds_otherwise_is_made_right(monkeypatch: pytest.MonkeyPatch) -> None:
    import soxr

    sound = noise(0.1)
    true = resample(sound, 44100, 48000)
    for change in (-1, 1):
        monkeypatch.setattr(
            soxr, "resample", lambda *_, change=change, **__: np.ones((true.shape[1] + change, 1), dtype=np.float32)
        )
        assert resample(sound, 44100, 48000).shape == true.shape


@pytest.mark.parametrize(
    ("shape", "from_rate", "to_rate"),
    [((1, 9), 0, 44100), ((1, 9), 44100, -1), ((9,), 44100, 48000), ((0, 9), 44100, 48000)],
)
def test_what_cannot_be_resampled(shape: tuple[int, ...], from_rate: int, to_rate: int) -> None:
    with pytest.raises(AudioError, match="cannot be brought"):
        resample(np.zeros(shape, dtype=np.float32), from_rate, to_rate)
