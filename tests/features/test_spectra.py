"""The shared transforms: the right numbers, once, and without keeping what need not be kept."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.features.spectra import FRAME, HOP, Spectra, frame_count, frames_of
from support.signals import noise, silence, tone


def spectra(samples: np.ndarray, rate: int = 44100) -> Spectra:
    return Spectra(Clip(samples, rate))


def test_channels_and_seconds() -> None:
    signal = spectra(noise(1.5, 8000, channels=3), 8000)
    assert (signal.channels, signal.seconds, signal.rate) == (3, 1.5, 8000)


@pytest.mark.parametrize("channels", [1, 2, 3, 6])
def test_mono_is_the_mean_of_the_channels_without_its_offset(channels: int) -> None:
    samples = noise(0.5, channels=channels)
    signal = spectra(samples)
    expected = samples.astype(np.float64).mean(axis=0) - signal.offset.channels.mean()
    np.testing.assert_allclose(signal.mono, expected, atol=1e-7)
    assert signal.mono.dtype == np.float32
    assert signal.mono.flags.c_contiguous
    assert signal.mono is signal.mono


def test_a_mono_file_without_offset_is_not_copied() -> None:
    samples = silence(1.0)
    samples[0, 100] = 0.5
    assert np.shares_memory(spectra(samples).mono, samples)


def test_mono_leaves_the_samples_alone() -> None:
    samples = noise(0.1, channels=3)
    before = samples.copy()
    assert spectra(samples).mono is not samples
    np.testing.assert_array_equal(samples, before)


def test_mono_at_another_rate_is_resampled_once() -> None:
    signal = spectra(tone(1.0, 44100, 440.0, channels=2))
    half = signal.mono_at(22050)
    assert half.shape == (22050,)
    assert signal.mono_at(22050) is half
    assert signal.mono_at(44100) is signal.mono
    expected = tone(1.0, 22050, 440.0)[0]
    np.testing.assert_allclose(half[1000:-1000], expected[1000:-1000], atol=1e-4)


@pytest.mark.parametrize(("samples", "frames"), [(0, 0), (FRAME - 1, 0), (FRAME, 1), (FRAME + HOP, 2), (44100, 83)])
def test_only_whole_frames_count(samples: int, frames: int) -> None:
    signal = spectra(noise(1.0)[:, :samples])
    assert frame_count(samples) == frames
    assert frames_of(signal.mono, FRAME, HOP).shape == (frames, FRAME)
    assert signal.frame_rms.shape == (frames,)
    assert signal.sounding.shape == (frames,)
    assert signal.magnitudes.shape == (frames, FRAME // 2 + 1)


def test_frames_are_a_view_of_what_they_cover() -> None:
    mono = noise(1.0)[0]
    frames = frames_of(mono, FRAME, HOP)
    np.testing.assert_array_equal(frames[7], mono[7 * HOP : 7 * HOP + FRAME])
    assert not frames.flags.writeable
    assert frames_of(mono, 300, 77).shape == ((44100 - 300) // 77 + 1, 300)


def test_frame_rms_is_that_of_each_frame() -> None:
    signal = spectra(noise(2.0) * np.linspace(0.0, 1.0, 88200, dtype=np.float32))
    frames = frames_of(signal.mono, FRAME, HOP).astype(np.float64)
    np.testing.assert_allclose(signal.frame_rms, np.sqrt((frames**2).mean(axis=1)), rtol=1e-6)


def test_frames_sound_above_60_dbfs() -> None:
    assert spectra(tone(1.0, peak=0.001 * np.sqrt(2) * 1.01)).sounding.all()
    assert not spectra(tone(1.0, peak=0.001 * np.sqrt(2) * 0.98)).sounding.any()
    assert not spectra(silence(1.0)).sounding.any()


@pytest.mark.parametrize("seconds", [0.05, 0.5, 7.0])
def test_magnitudes_are_those_of_a_double_precision_transform(seconds: float) -> None:
    signal = spectra(noise(seconds))
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / FRAME)
    wanted = np.abs(np.fft.rfft(frames_of(signal.mono, FRAME, HOP) * window, axis=1))
    np.testing.assert_allclose(signal.magnitudes, wanted, atol=2e-5)
    assert signal.magnitudes is signal.magnitudes


def test_blocks_are_the_rows_of_the_magnitudes() -> None:
    signal = spectra(noise(7.0))
    blocks = [(first, block.copy()) for first, block in signal.magnitude_blocks()]
    assert len(blocks) > 1
    assert [first for first, _ in blocks] == np.cumsum([0, *(block.shape[0] for _, block in blocks[:-1])]).tolist()
    np.testing.assert_array_equal(np.concatenate([block for _, block in blocks]), signal.magnitudes)


@pytest.mark.parametrize("rate", [8000, 44100, 192000])
def test_a_tone_on_a_bin_stands_on_that_bin(rate: int) -> None:
    signal = spectra(tone(1.0, rate, 100 * rate / FRAME, peak=0.5), rate)
    assert signal.frequencies[100] == pytest.approx(100 * rate / FRAME)
    assert (signal.magnitudes.argmax(axis=1) == 100).all()
    assert signal.magnitudes[:, 100] == pytest.approx(0.5 * FRAME / 4, rel=1e-4)
    assert signal.frequencies.shape == (FRAME // 2 + 1,)
    assert signal.frequencies[-1] == pytest.approx(rate / 2)


@settings(max_examples=25, deadline=None)
@given(samples=st.integers(0, 6000), channels=st.integers(1, 4))
def test_any_length_and_number_of_channels(samples: int, channels: int) -> None:
    signal = spectra(noise(1.0, channels=channels)[:, :samples])
    assert signal.magnitudes.shape[0] == signal.frame_rms.shape[0] == frame_count(samples)
    assert np.isfinite(signal.magnitudes).all()
