"""The line that the models hear: loudness, channels and polarity."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.audio.spool import Spool, folder_of
from small_dataset_audio.features.loudness import energy, integrated
from small_dataset_audio.features.spectra import Spectra
from small_dataset_audio.features.timbral.heard import (
    BLOCK,
    LOUDNESS,
    SILENT,
    TOO_QUIET,
    TOO_SHORT,
    Heard,
    hear,
    quadrature,
)
from small_dataset_audio.features.timbral.recording import RATE
from support.signals import Signal, noise, silence, tone


def heard(samples: Signal, rate: int = RATE) -> Heard:
    found = hear(Spectra(Clip(samples, rate)))
    assert isinstance(found, Heard)
    return found


def spectrum(line: Signal) -> Signal:
    return np.abs(np.fft.rfft(line))


def test_a_mono_recording_is_heard_as_it_is_at_minus_24_lufs() -> None:
    samples = noise(1.0, rms=0.02)
    found = heard(samples)
    assert integrated(energy(found.line[np.newaxis], RATE)) == pytest.approx(LOUDNESS, abs=0.01)
    gain = found.line[1000] / samples[0, 1000]
    np.testing.assert_allclose(found.line, gain * samples[0], atol=5e-3)
    assert found.peak == pytest.approx(np.abs(found.line).max())
    assert len(found.decays) == 1


def test_a_peak_that_would_pass_full_scale_limits_the_gain() -> None:
    samples = noise(1.0, rms=0.001)
    samples[0, 5000] = 0.9
    found = heard(samples)
    assert found.peak == pytest.approx(1.0)
    assert np.abs(found.line).max() == pytest.approx(1.0)


def test_a_very_short_sound_is_metered_with_silence_behind_it() -> None:
    assert heard(tone(0.15, frequency=1000.0)).line.shape == (6615,)


@pytest.mark.parametrize(
    ("samples", "reason"),
    [
        (noise(0.09), TOO_SHORT),
        (silence(1.0, channels=2), SILENT),
        (silence(1.0) + np.float32(0.3), SILENT),
        (noise(1.0, rms=1e-5), TOO_QUIET),
    ],
)
def test_what_cannot_be_heard_says_why(samples: Signal, reason: str) -> None:
    assert hear(Spectra(Clip(samples, RATE))) == reason


def test_equal_channels_are_heard_as_one() -> None:
    mono = noise(1.0)
    assert np.array_equal(heard(np.tile(mono, (2, 1))).line, heard(mono).line)


@pytest.mark.parametrize("right", [-1.0, 0.0, 0.4])
def test_however_a_sound_is_panned_it_has_the_same_spectrum(right: float) -> None:
    mono = noise(1.0)
    panned = spectrum(heard(np.concatenate([mono, np.float32(right) * mono])).line)
    plain = spectrum(heard(mono).line)
    middle = slice(200, 20000)  # down to 200 Hz the turn is exact to a thousandth
    np.testing.assert_allclose(panned[middle], plain[middle], rtol=0.1, atol=0.02 * plain.max())
    assert np.sum(panned[middle] ** 2) == pytest.approx(np.sum(plain[middle] ** 2), rel=0.01)


def test_middle_and_side_add_up_in_power() -> None:
    middle, side = tone(1.0, frequency=500.0), tone(1.0, frequency=500.0, phase=1.0)
    found = spectrum(heard(np.concatenate([middle + side, middle - side])).line)
    assert found[500] ** 2 == pytest.approx(np.sum(found**2), rel=0.01)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000), st.booleans(), st.booleans())
def test_swapped_channels_and_polarity_are_not_heard(seed: int, swap: bool, invert: bool) -> None:  # noqa: FBT001
    samples = noise(0.3, channels=2, seed=seed)
    changed = samples[::-1] if swap else samples
    changed = np.ascontiguousarray(-changed if invert else changed)
    assert np.array_equal(np.abs(heard(changed).line), np.abs(heard(samples).line))


def test_of_three_channels_the_mean_and_the_side_of_the_first_two_are_heard() -> None:
    centre = tone(1.0, frequency=1000.0)
    found = spectrum(heard(np.concatenate([noise(1.0, rms=0.01), noise(1.0, rms=0.01, seed=1), centre])).line)
    assert found.argmax() == 1000


def test_blocks_leave_no_seam() -> None:
    seconds = 2.5 * BLOCK / RATE
    wide = np.concatenate([tone(seconds, frequency=300.0), tone(seconds, frequency=300.0, phase=2.0)])
    line = heard(wide).line[8192:-8192].astype(np.float64)
    step = 2.0 * np.pi * 300.0 / RATE  # a sine obeys x[n+1] + x[n-1] = 2 cos(step) x[n]
    assert np.abs(line[2:] + line[:-2] - 2.0 * np.cos(step) * line[1:-1]).max() < 5e-4 * np.abs(line).max()


@pytest.mark.parametrize("length", [100, 8192, 8193, 50000])
def test_quadrature_turns_a_cosine_into_a_sine(length: int) -> None:
    angle = 2.0 * np.pi * 1000.0 * np.arange(length) / RATE
    turned = quadrature(np.cos(angle).astype(np.float32))
    assert turned.shape == (length,)
    np.testing.assert_allclose(turned[2000:-2000], np.sin(angle)[2000:-2000], atol=2e-3)


def test_a_long_recording_is_heard_from_disk_with_the_same_bits(tmp_path: Path) -> None:
    samples = noise(12.0, channels=2, rms=0.05)
    spool = Spool(2, samples.shape[1], tmp_path)
    spool.append(samples)
    stored, held = heard(spool.finish()), heard(samples)
    assert folder_of(stored.line) == tmp_path
    assert folder_of(held.line) is None
    assert np.array_equal(stored.line, held.line)
    assert stored.peak == held.peak
