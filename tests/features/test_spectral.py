"""Flatness, flux, skewness and kurtosis of signals for which they follow from the definition."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.features.measured import Measured
from small_dataset_audio.features.sound import Sound
from small_dataset_audio.features.spectra import FRAME, HOP, Spectra
from small_dataset_audio.features.spectral import FAMILY, FEATURES, POWER_FLOOR, frame_shapes
from support.signals import Signal, noise, silence, tone

RATES = (8000, 22050, 44100, 96000, 192000)


def measured(samples: Signal, rate: int = 44100) -> Measured:
    found = FAMILY.measure(Sound(Spectra(Clip(samples, rate))), Measured())
    assert set(found.values) | set(found.absent) == set(FAMILY.features)
    assert not set(found.values) & set(found.absent)
    return found


def values(samples: Signal, rate: int = 44100) -> tuple[float, float, float, float]:
    found = measured(samples, rate)
    flatness, flux, skewness, kurtosis = (found.values[name] for name in FEATURES)
    return flatness, flux, skewness, kurtosis


def on_bins(strengths: dict[int, float], rate: int, hops: int = 100) -> Signal:
    """Return tones that stand on bins: bin -> peak ``[shape=(1, n)]``."""
    turns = np.arange(FRAME + hops * HOP) / FRAME
    return sum(
        (peak * np.sin(2 * np.pi * k * turns) for k, peak in strengths.items()), np.zeros_like(turns)
    )[np.newaxis].astype(np.float32)  # fmt: skip


def impulses(offset: int) -> Signal:
    """Return one impulse in every frame, up and down by turns, so that there is no offset ``[shape=(1, n)]``."""
    samples = np.zeros((1, 160 * FRAME), dtype=np.float32)
    samples[0, offset :: 2 * FRAME] = 0.9
    samples[0, offset + FRAME :: 2 * FRAME] = -0.9
    return samples


def hiss(seconds: float, seed: int, channels: int = 1) -> Signal:
    """Return noise without an offset in any part of it ``[shape=(channels, n)]``."""
    return np.diff(noise(seconds, seed=seed, channels=channels), prepend=np.float32(0.0))


@pytest.mark.parametrize("rate", RATES)
def test_noise_is_as_flat_as_theory_says(rate: int) -> None:
    # The power of a bin of Gaussian noise is exponentially distributed: geometric over arithmetic mean is e^-gamma.
    flatness, _, skewness, kurtosis = values(noise(12.0 * 44100 / rate, rate, channels=2), rate)
    assert flatness == pytest.approx(np.exp(-np.euler_gamma), abs=0.01)
    assert skewness == pytest.approx(0.0, abs=0.02)  # a uniform distribution over frequency
    assert kurtosis == pytest.approx(1.8, abs=0.02)


@pytest.mark.parametrize("rate", RATES)
def test_an_impulse_per_frame_is_perfectly_flat_and_steady(rate: int) -> None:
    bins = FRAME // 2 + 1
    flatness, flux, skewness, kurtosis = values(impulses(100), rate)
    assert flatness == pytest.approx(1.0, abs=1e-5)
    assert flux == pytest.approx(0.0, abs=1e-5)
    assert skewness == pytest.approx(0.0, abs=1e-5)
    assert kurtosis == pytest.approx(0.6 * (3 * bins**2 - 7) / (bins**2 - 1), abs=1e-5)  # discrete uniform


def test_an_impulse_on_the_windows_zero_has_no_spectrum_and_is_left_out() -> None:
    samples = impulses(0)
    shapes = frame_shapes(Spectra(Clip(samples, 44100)))
    dead = np.arange(shapes.shape[0]) % (FRAME // HOP) == 0
    assert np.isnan(shapes[dead]).all()
    assert not np.isnan(shapes[~dead][:, [0, 2, 3]]).any()
    assert values(samples)[0] == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("channels", [1, 2])
def test_a_tone_is_not_flat_and_does_not_change(rate: int, channels: int) -> None:
    samples = np.tile(on_bins({200: 0.5}, rate), (channels, 1))
    flatness, flux, _, _ = values(samples, rate)
    assert POWER_FLOOR <= flatness < 1e-9
    assert flux < 1e-4


def test_two_tones_are_a_distribution_of_two_points() -> None:
    # Strengths p and 1 - p: skewness (1 - 2p) / sqrt(p (1 - p)), kurtosis 1 + skewness².
    for p in (0.5, 0.3, 0.8):
        _, _, skewness, kurtosis = values(on_bins({300: 0.5 * (1 - p), 800: 0.5 * p}, 44100))
        wanted = (1 - 2 * p) / np.sqrt(p * (1 - p))
        assert skewness == pytest.approx(wanted, abs=0.01)
        assert kurtosis == pytest.approx(1 + wanted**2, abs=0.02)


def test_low_sound_leans_left_and_high_sound_right() -> None:
    white = noise(3.0)[0].astype(np.float64)
    low = np.cumsum(white - white.mean())
    low = (0.1 * low / low.std()).astype(np.float32)[np.newaxis]
    high = np.diff(white, 3).astype(np.float32)[np.newaxis]
    assert values(low)[2] > 1.0
    assert values(high)[2] < -0.4


def test_flux_of_alternating_spectra() -> None:
    # Tones that take turns: frames that hold but one of them are as far apart as two unit vectors can be.
    one, other = on_bins({100: 0.5}, 44100, 0), on_bins({700: 0.5}, 44100, 0)
    samples = np.tile(np.concatenate([np.tile(one, (1, 2)), np.tile(other, (1, 2))], axis=1), (1, 4))
    shapes = frame_shapes(Spectra(Clip(samples, 44100)))
    magnitudes = Spectra(Clip(samples, 44100)).magnitudes.astype(np.float64)
    unit = magnitudes / np.linalg.norm(magnitudes, axis=1, keepdims=True)
    np.testing.assert_allclose(shapes[1:, 1], np.linalg.norm(np.diff(unit, axis=0), axis=1), atol=1e-7)
    assert np.linalg.norm(unit[0] - unit[8]) == pytest.approx(np.sqrt(2), abs=1e-3)
    assert np.isnan(shapes[0, 1])


def test_every_frame_agrees_with_the_plain_definition() -> None:
    signal = Spectra(Clip((noise(4.0) + tone(4.0, peak=0.3)).astype(np.float32), 44100))  # longer than one block
    magnitudes = signal.magnitudes.astype(np.float64)
    power = magnitudes**2
    weights = magnitudes / magnitudes.sum(axis=1, keepdims=True)
    frequency = signal.frequencies.astype(np.float64)
    centred = frequency - (weights @ frequency)[:, np.newaxis]
    spread = np.sqrt((weights * centred**2).sum(axis=1))
    unit = magnitudes / np.linalg.norm(magnitudes, axis=1, keepdims=True)
    wanted = np.column_stack(
        [
            np.exp(np.log(power).mean(axis=1)) / power.mean(axis=1),
            np.append(np.nan, np.linalg.norm(np.diff(unit, axis=0), axis=1)),
            (weights * centred**3).sum(axis=1) / spread**3,
            (weights * centred**4).sum(axis=1) / spread**4,
        ]
    )
    np.testing.assert_allclose(frame_shapes(signal), wanted, rtol=1e-5, atol=1e-6)


def test_frames_that_are_silent_do_not_count() -> None:
    sounding = noise(3.0)
    gaps = np.concatenate([sounding, silence(20.0), sounding], axis=1)
    assert values(gaps) == pytest.approx(values(np.concatenate([sounding, sounding], axis=1)), abs=0.01)


def test_flux_is_not_taken_across_a_gap() -> None:
    samples = np.concatenate([noise(0.2), silence(0.2), noise(0.2, seed=1)], axis=1)
    signal = Spectra(Clip(samples, 44100))
    sounding = signal.sounding
    flux = frame_shapes(signal)[:, 1]
    first = np.flatnonzero(sounding & ~np.append(False, sounding[:-1]))
    assert first.size == 2
    assert np.isnan(flux[first]).all()
    assert np.isnan(flux[~sounding]).all()
    assert not np.isnan(flux[1:][sounding[1:] & sounding[:-1]]).any()


def test_silence_short_and_side_only_signals_are_absent_each_with_its_reason() -> None:
    reasons = {
        "silent: no frame": measured(silence(1.0, channels=2)),
        "shorter than one frame": measured(noise(0.04)),
        "silent in mono": measured(np.concatenate([noise(1.0), -noise(1.0)])),
    }
    for words, found in reasons.items():
        assert not found.values
        assert all(words in reason for reason in found.absent.values())


def test_a_single_frame_has_no_flux_but_the_rest() -> None:
    found = measured(noise(1.0)[:, : FRAME + HOP - 1])
    assert set(found.absent) == {"spectral_flux"}
    assert "two successive frames" in found.absent["spectral_flux"]


@pytest.mark.parametrize("offset", [0.003, -0.05, 0.4])
def test_an_offset_is_not_heard(offset: float) -> None:
    samples = hiss(1.0, 0, channels=2)
    assert values(samples + np.float32(offset)) == pytest.approx(values(samples), rel=1e-3, abs=1e-4)


def test_an_offset_alone_is_silence() -> None:
    found = measured(np.full((1, 44100), 0.5, dtype=np.float32))
    assert set(found.absent.values()) == {"it is silent: no frame is above -60 dBFS"}


def test_pauses_with_an_offset_are_pauses() -> None:
    samples = np.pad(hiss(1.0, 0), ((0, 0), (0, 3 * 44100)))
    assert values(samples + np.float32(0.01)) == pytest.approx(values(samples), rel=1e-3, abs=1e-4)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), gain_db=st.floats(-15.0, 30.0))
def test_gain_changes_nothing(seed: int, gain_db: float) -> None:
    samples = noise(0.4, seed=seed, channels=2)
    louder = (samples * 10 ** (gain_db / 20)).astype(np.float32)
    assert values(louder) == pytest.approx(values(samples), rel=1e-4, abs=1e-5)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), hops=st.integers(1, 20))
def test_swap_sign_and_silence_before_whole_hops_change_nothing_in_a_frame(seed: int, hops: int) -> None:
    samples = hiss(0.4, seed, channels=2)
    plain = frame_shapes(Spectra(Clip(samples, 44100)))
    np.testing.assert_allclose(frame_shapes(Spectra(Clip(-samples[::-1], 44100))), plain, rtol=1e-4, atol=1e-5)
    later = frame_shapes(Spectra(Clip(np.pad(samples, ((0, 0), (hops * HOP, 0))), 44100)))
    np.testing.assert_allclose(later[hops + 1 :], plain[1:], rtol=5e-2, atol=1e-5)
