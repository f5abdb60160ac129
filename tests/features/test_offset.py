"""What a recording is off zero: found where it is one, not mistaken for what the waveform is like."""

from pathlib import Path

import numpy as np
import pytest

from small_dataset_audio.audio.spool import Spool
from small_dataset_audio.features.offset import find_offset
from support.signals import clicks, noise, silence, tone


@pytest.mark.parametrize("rate", [8000, 44100, 192000])
def test_each_channel_has_its_own(rate: int) -> None:
    off = np.array([[0.2], [-0.003], [0.0]], dtype=np.float32)
    found = find_offset(tone(1.0, rate, 440.0, channels=3) + off, rate)
    np.testing.assert_allclose(found.channels, off, atol=1e-5)
    assert not found.constant


def test_sign_and_gain_are_those_of_the_recording() -> None:
    samples = noise(1.0) + np.float32(0.1)
    found = find_offset(samples, 44100).channels
    np.testing.assert_allclose(find_offset(-2.0 * samples, 44100).channels, -2.0 * found, rtol=1e-5)


def test_an_uneven_waveform_has_none() -> None:
    samples = np.abs(clicks(np.arange(0.05, 10.0, 1.0), 10.0))
    assert samples.mean() > 1e-4
    assert find_offset(samples, 44100).channels == 0.0


def test_a_constant_channel_is_wholly_offset_to_the_bit() -> None:
    samples = np.full((2, 44100), np.float32(0.1))
    found = find_offset(samples, 44100)
    assert found.constant
    assert not (samples - found.channels).any()


def test_one_sample_that_moves_is_enough_not_to_be_constant() -> None:
    samples = silence(3.0, channels=2)
    samples[1, -1] = 1e-6
    assert not find_offset(samples, 44100).constant


@pytest.mark.parametrize("length", [0, 1, 2, 99])
def test_next_to_nothing(length: int) -> None:
    found = find_offset(np.full((2, length), np.float32(0.25)), 44100)
    assert found.constant
    assert found.channels.tolist() == ([[0.25]] * 2 if length else [[0.0]] * 2)


def test_on_disk_it_is_the_same_to_the_bit(tmp_path: Path) -> None:
    samples = noise(12.0, 8000, channels=2) + np.float32(0.02)
    spool = Spool(2, samples.shape[1], tmp_path)
    spool.append(samples)
    stored, held = find_offset(spool.finish(), 8000), find_offset(samples, 8000)
    assert np.array_equal(stored.channels, held.channels)
