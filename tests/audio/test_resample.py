"""Resampling changes the rate and nothing else: level, phase and position stay, what the new rate cannot hold goes."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from small_dataset_audio.audio import resample as module
from small_dataset_audio.audio.resample import resample, resampled_length
from small_dataset_audio.audio.spool import folder_of
from small_dataset_audio.errors import AudioError
from support.signals import clicks, noise, tone
from support.spooled import on_disk

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


@settings(max_examples=60, deadline=None)
@given(
    length=st.integers(0, 9000),
    channels=st.integers(1, 3),
    block=st.integers(1, 5000),
    rates=st.sampled_from([(44100, 22050), (44100, 11025), (48000, 11025), (8000, 22050), (2, 1), (96000, 44100)]),
)
def test_on_disk_it_is_the_same_to_the_bit(
    tmp_path_factory: pytest.TempPathFactory, length: int, channels: int, block: int, rates: tuple[int, int]
) -> None:
    samples = noise(1.0, 9000, channels=channels)[:, :length]
    stored = on_disk(samples, tmp_path_factory.mktemp("scratch"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BLOCK", block)
        made = resample(stored, *rates)
    assert (folder_of(made) is None) == (made.shape[1] == 0)
    np.testing.assert_array_equal(made, resample(samples, *rates))


def test_on_disk_it_has_the_promised_length_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = on_disk(noise(0.1, channels=2), tmp_path)
    monkeypatch.setattr(module, "resampled_length", lambda *_: 2210)
    made = resample(stored, 44100, 22050)
    assert made.shape == (2, 2210)
    assert not made[:, -5:].any()
