"""A recording at the models' rate, read piece by piece."""

from pathlib import Path

import numpy as np
import pytest

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.audio.spool import Spool
from small_dataset_audio.features.spectra import Spectra
from small_dataset_audio.features.timbral.recording import RATE, Recording
from support.signals import Signal, noise, silence, tone


def recording(samples: Signal, rate: int = RATE) -> Recording:
    return Recording(Spectra(Clip(samples, rate)))


def test_at_the_models_rate_it_is_the_samples_themselves_and_silent_around() -> None:
    samples = noise(0.2, channels=3)
    samples -= np.median(samples.reshape(3, 2, 4410).mean(axis=2), axis=1, keepdims=True)
    one = recording(samples)
    assert (one.channels, one.length, one.folder, one.silent) == (3, 8820, None, False)
    np.testing.assert_allclose(one.read(0, 8820), samples, atol=1e-7)
    around = one.read(-5, 8825)
    assert not around[:, :5].any()
    assert not around[:, -5:].any()
    assert not one.read(9000, 9005).any()


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 32000, 48000, 96000, 192000, 44099])
def test_pieces_at_any_rate_fit_together_and_are_the_tone_that_was_recorded(rate: int) -> None:
    one = recording(tone(2.0, rate, 440.0, channels=2), rate)
    assert one.length == 2 * RATE
    whole = one.read(0, one.length)
    pieces = np.concatenate(
        [one.read(start, min(start + 9999, one.length)) for start in range(0, one.length, 9999)], axis=1
    )
    np.testing.assert_allclose(pieces, whole, atol=1e-6)
    np.testing.assert_allclose(whole[:, 3000:-3000], tone(2.0, RATE, 440.0, channels=2)[:, 3000:-3000], atol=2e-4)


def test_what_a_channel_is_off_zero_is_taken_off_and_an_uneven_waveform_is_not() -> None:
    uneven = silence(1.0, channels=2)
    uneven[:, 1000:1400] = 0.5
    shifted = uneven + np.array([[0.2], [-0.1]], dtype=np.float32)
    np.testing.assert_allclose(recording(shifted).read(0, RATE), uneven, atol=1e-6)


@pytest.mark.parametrize(
    "samples", [silence(0.3), silence(0.3, channels=2) + np.array([[0.25], [0.1]], dtype=np.float32)]
)
def test_constant_channels_are_silent(samples: Signal) -> None:
    one = recording(samples)
    assert one.silent
    assert not one.read(0, one.length).any()


def test_one_channel_that_moves_is_enough_not_to_be_silent() -> None:
    samples = silence(2.0, channels=2)
    samples[1, -1] = 0.1
    assert not recording(samples).silent


@pytest.mark.parametrize(
    ("rate", "top"), [(RATE, 22050), (48000, 20000), (96000, 20000), (22050, 10000), (11025, 5000)]
)
def test_a_converted_spectrum_ends_where_the_converter_begins_to_fall(rate: int, top: float) -> None:
    assert recording(noise(0.2, rate), rate).top == pytest.approx(top)


def test_a_recording_on_disk_reads_like_one_in_memory(tmp_path: Path) -> None:
    samples = noise(1.0, 48000, channels=2)
    spool = Spool(2, 48000, tmp_path)
    spool.append(samples)
    stored, held = recording(spool.finish(), 48000), recording(samples, 48000)
    assert stored.folder == tmp_path
    assert np.array_equal(stored.read(-10, 30000), held.read(-10, 30000))
