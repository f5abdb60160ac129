import numpy as np
import pytest

from small_dataset_audio.dataset.heard.fingerprint import (
    BANDS,
    BANDS_PER_SEMITONE,
    FRAMES_PER_SECOND,
    LOWEST_HZ,
    STEPS,
    fingerprint,
    frames_of,
)
from support.signals import noise, silence, tone
from support.similar_pieces import melody

RATE = 22050


@pytest.mark.parametrize("semitones", [12, 24, 37, 50])
def test_a_tone_lies_in_its_band(semitones: int) -> None:
    found = fingerprint(tone(3.0, RATE, LOWEST_HZ * 2 ** (semitones / 12)), RATE)
    assert found.shape == (frames_of(3 * RATE, RATE), BANDS)
    assert (found.argmax(axis=1) == semitones * BANDS_PER_SEMITONE).all()
    assert found.max() == STEPS


def test_frames_come_at_their_rate_whatever_the_sample_rate() -> None:
    for rate in (11025, 44100, 48000):
        assert frames_of(10 * rate, rate) == pytest.approx((10 - 0.372) * FRAMES_PER_SECOND, abs=1)
        assert fingerprint(noise(10.0, rate), rate).shape == (frames_of(10 * rate, rate), BANDS)


def test_gain_changes_nothing() -> None:
    wave = melody(1, 6.0)
    quieter = fingerprint(0.05 * wave, 11025).astype(int)
    assert np.abs(quieter - fingerprint(wave, 11025)).max() <= 1


def test_channels_out_of_phase_do_not_cancel() -> None:
    wave = melody(1, 6.0)
    both = fingerprint(np.concatenate([wave, -wave]), 11025)
    assert np.abs(both.astype(int) - fingerprint(wave, 11025)).max() <= 1
    together = fingerprint(np.concatenate([wave, wave]), 11025)
    assert np.abs(together.astype(int) - fingerprint(wave, 11025)).max() <= 1


def test_silence_and_very_short_sounds() -> None:
    assert not fingerprint(silence(2.0, RATE), RATE).any()
    assert fingerprint(noise(0.2, RATE), RATE).shape == (0, BANDS)
