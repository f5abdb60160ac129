"""The true peak against EBU Tech 3341, sines whose peaks fall between samples, and oversampling without short cuts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from small_dataset_audio.features import true_peak as module
from small_dataset_audio.features.true_peak import OVERSAMPLING, true_peak
from support.loudness_cases import TRUE_PEAK_TONES, true_peak_burst, true_peak_tone
from support.signals import Signal, clicks, noise, silence, tone

RATES = (8000, 44100, 48000, 96000, 192000)


def peak_of(samples: Signal) -> float:
    value = true_peak(samples)
    assert value is not None
    return value


def oversampled_everywhere(samples: Signal) -> float:
    """Return the same peak, found by evaluating every point between all samples."""
    weights = module._WEIGHTS[:OVERSAMPLING]
    points = [np.convolve(channel, row[::-1]) for channel in samples.astype(np.float64) for row in weights]
    return float(20 * np.log10(max(np.abs(line).max() for line in points)))


@pytest.mark.parametrize("rate", [44100, 48000, 96000])
@pytest.mark.parametrize("case", TRUE_PEAK_TONES, ids=lambda case: case[0])
def test_tones_of_ebu_3341(case: tuple[str, int, float, float, float], rate: int) -> None:
    _, divisor, peak, phase, expected = case
    assert peak_of(true_peak_tone(divisor, peak, phase, rate)) == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize("rate", [44100, 48000, 96000])
@pytest.mark.parametrize("offset", range(4))
def test_bursts_of_ebu_3341(offset: int, rate: int) -> None:
    assert -0.15 < peak_of(true_peak_burst(offset, rate)) < 0.05  # the standard allows -0.4 to +0.2


def test_bursts_read_alike_wherever_the_samples_fall() -> None:
    peaks = [peak_of(true_peak_burst(offset, 48000)) for offset in range(4)]
    assert max(peaks) - min(peaks) < 0.02


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("share", [0.01, 0.1, 0.25, 0.35, 0.45])
def test_a_sine_is_under_read_by_the_grid_at_most(rate: int, share: float) -> None:
    fade = np.sin(np.pi / 2 * np.minimum(1.0, np.minimum(np.arange(rate), np.arange(rate)[::-1]) / (0.2 * rate))) ** 2
    for phase in (0.0, 0.3, 0.7853, 1.2):
        wave = (tone(1.0, rate, share * rate, peak=0.8, phase=phase) * fade).astype(np.float32)
        grid_db = -20 * np.log10(np.cos(np.pi * share / OVERSAMPLING))
        assert 20 * np.log10(0.8) - grid_db - 0.01 < peak_of(wave) < 20 * np.log10(0.8) + 0.01


@pytest.mark.parametrize("kind", ["noise", "limited", "clicks", "high", "short", "chunks"])
def test_short_cuts_lose_nothing(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if kind == "chunks":
        monkeypatch.setattr(module, "_CHUNK", 4 * module._ROW)
    samples = {
        "noise": noise(2.0, 8000, channels=2, seed=3),
        "limited": np.clip(noise(2.0, 8000, 0.5, channels=2, seed=4), -0.9, 0.9),
        "clicks": clicks(np.array([0.1, 0.5, 1.9]), 2.0, 8000) + noise(2.0, 8000, 0.01),
        "high": tone(1.0, 8000, 3700.3, peak=0.9, channels=2),
        "short": noise(0.005, 8000, seed=5),
        "chunks": noise(3.0, 8000, channels=2, seed=6),
    }[kind].astype(np.float32)
    assert peak_of(samples) == pytest.approx(oversampled_everywhere(samples), abs=1e-4)


def test_silence_and_nothing_have_no_peak() -> None:
    assert true_peak(silence(1.0, channels=2)) is None
    assert true_peak(silence(0.0, channels=2)) is None


def test_one_sample_is_its_own_peak() -> None:
    assert peak_of(np.array([[0.5]], dtype=np.float32)) == pytest.approx(-6.0206, abs=1e-3)


def test_what_rings_outside_the_file_counts() -> None:
    # Samples that alternate from the first on are highest just before it and just after the last one.
    samples = np.resize([1.0, -1.0], (1, 24)).astype(np.float32)
    assert peak_of(samples) == pytest.approx(oversampled_everywhere(samples), abs=1e-4)
    assert peak_of(samples) > 3.0


def test_a_peak_at_either_end_of_a_chunk_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_CHUNK", 4 * module._ROW)
    for place in (0, 127, 128, 383, 384, 511, 512, 999):
        samples = np.zeros((1, 1000), dtype=np.float32)
        samples[0, max(0, place - 1) : place + 1] = 0.7
        assert peak_of(samples) == pytest.approx(oversampled_everywhere(samples), abs=1e-4)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000), gain_db=st.floats(-60.0, 20.0), length=st.integers(1, 2000))
def test_gain_moves_the_peak_by_itself(seed: int, gain_db: float, length: int) -> None:
    samples = noise(0.25, 8000, channels=2, seed=seed)[:, :length]
    louder = (samples * 10 ** (gain_db / 20)).astype(np.float32)
    assert peak_of(louder) == pytest.approx(peak_of(samples) + gain_db, abs=1e-4)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000), shift=st.integers(0, 700), quiet=st.floats(0.0, 1.0))
def test_shift_swap_sign_and_quieter_channels_change_nothing(seed: int, shift: int, quiet: float) -> None:
    samples = noise(0.25, 8000, channels=2, seed=seed)
    peak = peak_of(samples)
    assert peak_of(np.pad(samples, ((0, 0), (shift, 0)))) == pytest.approx(peak, abs=1e-5)
    assert peak_of(-samples[::-1]) == pytest.approx(peak, abs=1e-5)
    more = np.concatenate([samples, quiet * samples]).astype(np.float32)
    assert peak_of(more) == pytest.approx(peak, abs=1e-5)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000))
def test_never_under_the_sample_peak(seed: int) -> None:
    samples = noise(0.1, 8000, seed=seed)
    assert peak_of(samples) >= 20 * np.log10(np.abs(samples).max()) - 1e-9
