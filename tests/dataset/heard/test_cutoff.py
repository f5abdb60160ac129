import numpy as np
import pytest
from scipy.signal import butter, firwin, sosfilt

from small_dataset_audio.audio.resample import resample
from small_dataset_audio.dataset.heard.cutoff import wall
from support.signals import Signal, noise, tone

RATE = 44100


def walled(samples: Signal, hertz: float) -> Signal:
    taps = firwin(2047, hertz, fs=RATE, window=("kaiser", 12.0))
    return np.stack([np.convolve(row, taps, "same") for row in samples]).astype(np.float32)


@pytest.mark.parametrize("hertz", [5000.0, 11000.0, 16000.0, 19000.0])
def test_a_wall_is_found_where_it_is(hertz: float) -> None:
    found = wall(walled(noise(4.0, RATE, channels=2), hertz), RATE)
    assert found is not None
    assert found.hertz == pytest.approx(hertz, rel=0.02)
    assert found.drop_db > 60


def test_what_was_brought_up_from_a_lower_rate_ends_there() -> None:
    found = wall(resample(noise(4.0, 22050), 22050, 44100), 44100)
    assert found is not None
    assert found.hertz == pytest.approx(11025, rel=0.06)


@pytest.mark.parametrize("order", [1, 2, 4, 8])
def test_dark_music_has_no_wall(order: int) -> None:
    dark = sosfilt(butter(order, 3500, fs=RATE, output="sos"), noise(4.0, RATE)).astype(np.float32)
    assert wall(dark + noise(4.0, RATE, rms=1e-5, seed=2), RATE) is None


def test_white_noise_and_a_lone_tone_have_no_wall() -> None:
    assert wall(noise(4.0, RATE), RATE) is None
    partials = sum(tone(4.0, RATE, 440.0 * k, 0.5 / k) for k in range(1, 12))
    assert wall(np.asarray(partials, dtype=np.float32) + noise(4.0, RATE, rms=1e-5), RATE) is None


def test_a_sound_too_short_for_a_spectrum_has_none() -> None:
    assert wall(noise(0.1, RATE), RATE) is None
    assert wall(np.zeros((1, RATE), dtype=np.float32), RATE) is None
