import io

import numpy as np
import pytest
import soundfile

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.models.captioning.listening import RATE, as_flac, start_of
from support.signals import noise, tone


@pytest.mark.parametrize("rate", [8000, 16000, 44100, 96000])
def test_a_recording_is_heard_at_one_rate_as_long_as_the_model_can(rate: int) -> None:
    clip = Clip(tone(3.0, rate, frequency=1000.0, channels=2), rate)
    whole = start_of(clip, 60.0)
    assert whole.shape == (3 * RATE,)
    middle = whole[RATE : 2 * RATE].astype(np.float64)
    assert np.argmax(np.abs(np.fft.rfft(middle))) == 1000
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(0.5 / np.sqrt(2), rel=1e-3)
    start = start_of(clip, 2.0)
    assert start.shape == (2 * RATE,)
    assert np.abs(start[:RATE] - whole[:RATE]).max() < 1e-4


def test_the_file_that_is_sent_holds_the_same_sound_in_16_bits() -> None:
    samples = 2.0 * noise(0.5, RATE, rms=0.6)[0]
    sent, rate = soundfile.read(io.BytesIO(as_flac(samples)), dtype="float32")
    assert rate == RATE
    assert np.abs(sent - np.clip(samples, -1.0, 1.0)).max() <= 1.5 / 32768
