import numpy as np
import pytest

from small_dataset_audio.dataset.heard.levels import measure
from support.signals import Signal, noise, silence, tone

RATE = 8000


def quantised(samples: Signal) -> Signal:
    return (np.round(samples * 32768) / 32768).astype(np.float32)


def test_levels_of_a_tone_follow_from_its_amplitude() -> None:
    levels, tops = measure(tone(3.05, RATE, 100, 0.5, channels=2), RATE)
    assert levels.peaks.shape == (31,)
    assert levels.peaks[:-1] == pytest.approx(0.5, abs=1e-3)
    assert levels.rms == pytest.approx((0.5 / np.sqrt(2),) * 2, rel=1e-3)
    assert levels.mean == pytest.approx((0.0, 0.0), abs=1e-3)
    assert levels.correlation == pytest.approx(1.0)
    assert levels.difference == 0
    assert levels.mono_db == pytest.approx(0.0, abs=1e-6)
    assert levels.beyond == tops.count == 0


def test_channels_against_each_other_and_an_offset() -> None:
    wave = noise(2.0, RATE) + np.float32(0.02)
    levels, _ = measure(np.concatenate([wave, -wave]), RATE)
    assert levels.correlation == pytest.approx(-1.0)
    assert levels.mono_db == pytest.approx(-120.0)
    assert levels.mean == pytest.approx((0.02, -0.02), abs=2e-3)
    apart, _ = measure(noise(20.0, RATE, channels=2), RATE)
    assert apart.correlation == pytest.approx(0.0, abs=0.02)
    assert apart.mono_db == pytest.approx(-3.0, abs=0.1)


def test_one_channel_and_silence_have_no_correlation() -> None:
    mono, _ = measure(noise(1.0, RATE), RATE)
    assert (mono.correlation, mono.difference, mono.mono_db) == (None, None, None)
    quiet, tops = measure(silence(1.0, RATE, channels=2), RATE)
    assert (quiet.correlation, quiet.difference, quiet.mono_db) == (None, 0.0, None)
    assert tops.count == 0


@pytest.mark.parametrize("limit", [1.0, 0.6])
def test_cut_tops_are_counted_and_the_longest_is_placed(limit: float) -> None:
    wave = 0.5 * limit * tone(4.0, RATE, 100, 1.0)
    wave[:, RATE : RATE + 80] *= 4
    wave[:, 3 * RATE : 3 * RATE + 80] *= 6
    levels, tops = measure(quantised(np.clip(wave, -limit, limit - (limit == 1) / 32768)), RATE)
    assert tops.count == 4
    assert tops.at == pytest.approx(3.0, abs=0.01)
    # Of a sine six times half as high as the limit, the share 1 - 2/pi asin(1/3) is cut off: 31.4 of 40 samples in a half.
    assert tops.longest == pytest.approx(31.4, abs=1.5)
    assert tops.limit == pytest.approx(limit, abs=1e-4)
    assert levels.beyond == 0


@pytest.mark.parametrize("hertz", [15.0, 30.0, 60.0, 440.0])
def test_the_round_top_of_a_low_note_is_no_flat_top(hertz: float) -> None:
    wave = quantised(tone(3.0, 44100, hertz, 32767 / 32768))
    assert measure(wave, 44100)[1].count == 0


def test_noise_that_is_hardly_there_is_not_clipped() -> None:
    wave = quantised(noise(1.0, RATE, rms=1 / 32768))
    assert measure(wave, RATE)[1].count == 0


def test_samples_beyond_full_scale_are_counted() -> None:
    wave = tone(1.0, RATE, 100, 1.2)
    levels, _ = measure(wave, RATE)
    assert levels.beyond == np.count_nonzero(np.abs(wave) > 1)
