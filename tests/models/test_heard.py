from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.audio.resample import resample, resampled_length
from small_dataset_audio.audio.spool import Spool, folder_of
from small_dataset_audio.models.heard import Heard
from support.signals import noise, silence, tone


def test_the_channels_are_averaged_and_the_rate_kept_where_it_fits() -> None:
    stereo = noise(1, 16000, channels=2)
    heard = Heard(Clip(stereo, 16000), 16000)
    whole = np.concatenate(list(heard))
    np.testing.assert_allclose(whole, stereo.mean(axis=0), atol=1e-7)
    assert whole.dtype == np.float32
    assert heard.length == 16000
    assert heard.peak == pytest.approx(np.abs(whole).max())


@given(
    st.sampled_from([8000, 11025, 22050, 44100, 48000, 96000]),
    st.one_of(st.integers(1, 5000), st.sampled_from([262143, 262144, 262145, 600000])),
)
def test_it_is_what_resampling_the_whole_gives(rate: int, length: int) -> None:
    clip = Clip(noise(length / rate, rate, channels=2)[:, :length], rate)
    mono = clip.samples.mean(axis=0, keepdims=True).astype(np.float32)
    blocks = list(Heard(clip, 16000))
    whole = np.concatenate(blocks) if blocks else np.empty(0)
    assert whole.shape[0] == resampled_length(clip.samples.shape[1], rate, 16000)
    np.testing.assert_allclose(whole, resample(mono, rate, 16000)[0], atol=1e-6)


def test_a_long_recording_is_read_from_disk_in_blocks(tmp_path: Path) -> None:
    samples = noise(20, 44100, channels=2)
    spool = Spool(2, samples.shape[1], tmp_path)
    spool.append(samples)
    on_disk = spool.finish()
    assert folder_of(on_disk) == tmp_path
    blocks = list(Heard(Clip(on_disk, 44100), 16000))
    assert len(blocks) > 3
    np.testing.assert_array_equal(np.concatenate(blocks), np.concatenate(list(Heard(Clip(samples, 44100), 16000))))


def test_silence_is_told_from_quiet_sound() -> None:
    for samples, silent in (
        (silence(1), True),
        (tone(1, peak=0.00009), True),  # -81 dBFS
        (tone(1, peak=0.00012), False),  # -78 dBFS
        (np.concatenate([tone(1), -tone(1)]), True),  # in mono nothing is left
    ):
        heard = Heard(Clip(samples, 44100), 16000)
        assert sum(block.shape[0] for block in heard) == 16000
        assert heard.silent is silent


def test_a_sample_can_be_too_short_for_another_rate() -> None:
    heard = Heard(Clip(np.ones((1, 1), dtype=np.float32), 96000), 16000)
    assert list(heard) == []
    assert heard.silent
