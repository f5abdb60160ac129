"""Levels of four bands: whose edges, whose channels and whose samples count."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.features.bands import BANDS, FAMILY, band_powers
from small_dataset_audio.features.measured import Measured
from small_dataset_audio.features.sound import Sound
from small_dataset_audio.features.spectra import Spectra
from support.signals import Signal, noise, silence, tone

RATES = (8000, 11025, 44100, 48000, 96000, 192000)
BASS, BODY, MID, AIR = BANDS
SINE_DB = -10 * np.log10(2)


def measured(samples: Signal, rate: int = 44100) -> Measured:
    found = FAMILY.measure(Sound(Spectra(Clip(samples, rate))), Measured())
    assert set(found.values) | set(found.absent) == set(FAMILY.features)
    assert not set(found.values) & set(found.absent)
    return found


def whole_file(samples: Signal, rate: int) -> dict[str, float]:
    """Return the same powers from one transform of the whole file."""
    centred = samples.astype(np.float64) - samples.mean(axis=1, dtype=np.float64, keepdims=True)
    power = np.abs(np.fft.rfft(centred, axis=1)) ** 2
    frequency = np.fft.rfftfreq(samples.shape[1], 1 / rate)
    scale = 2 / samples.shape[1] ** 2 / samples.shape[0]
    return {
        name: float(scale * power[:, (frequency >= low) & (frequency < high)].sum())
        for name, (low, high) in BANDS.items()
    }


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("channels", [1, 2, 3])
@pytest.mark.parametrize(("name", "frequency"), [(BASS, 50.0), (BODY, 300.0), (MID, 1200.0), (AIR, 3300.0)])
def test_a_tone_is_in_its_band_at_its_level(name: str, frequency: float, channels: int, rate: int) -> None:
    found = measured(tone(3.0, rate, frequency, peak=0.5, channels=channels), rate)
    assert found.values[name] == pytest.approx(20 * np.log10(0.5) + SINE_DB, abs=0.01)
    assert all(level < -45 for other, level in found.values.items() if other != name)


@pytest.mark.parametrize("frequency", [22.0, 115.0, 125.0, 590.0, 610.0, 2450.0, 2550.0, 21900.0])
def test_edges_are_sharp(frequency: float) -> None:
    n = np.arange(10 * 44100)
    fade = np.sin(np.pi * (n + 0.5) / n.size)
    found = measured((tone(10.0, 44100, frequency, peak=0.5) * fade).astype(np.float32))
    inside = next(name for name, (low, high) in BANDS.items() if low <= frequency < high)
    assert all(level < found.values[inside] - 60 for name, level in found.values.items() if name != inside)


@pytest.mark.parametrize("frequency", [5.0, 15.0, 23000.0])
def test_what_is_outside_all_bands_counts_nowhere(frequency: float) -> None:
    n = np.arange(10 * 48000)
    fade = np.sin(np.pi * (n + 0.5) / n.size)
    found = measured((tone(10.0, 48000, frequency, peak=0.9) * fade).astype(np.float32), 48000)
    assert all(level < -60 for level in found.values.values())


@pytest.mark.parametrize("rate", RATES)
def test_white_noise_is_shared_by_width(rate: int) -> None:
    seconds = 30.0 * min(1.0, 44100 / rate)
    found = measured(noise(seconds, rate, rms=0.1, channels=2), rate)
    for name, (low, high) in BANDS.items():
        width = min(high, rate / 2) - low
        tolerance = 4 * 4.34 / np.sqrt(2 * seconds * width)  # four standard deviations of a chi-squared sum, in dB
        assert found.values[name] == pytest.approx(-20 + 10 * np.log10(width / (rate / 2)), abs=tolerance)


def test_a_full_scale_square_is_at_0_dbfs() -> None:
    square = np.sign(np.sin(2 * np.pi * 220.5 * (np.arange(5 * 44100) + 0.5) / 44100)).astype(np.float32)[np.newaxis]
    assert 10 * np.log10(sum(band_powers(square, 44100).values())) == pytest.approx(0.0, abs=0.01)


def test_the_side_signal_counts_in_full() -> None:
    one = noise(3.0)
    middle, side = measured(np.concatenate([one, one])), measured(np.concatenate([one, -one]))
    assert side.values == pytest.approx(middle.values, abs=1e-6)
    assert middle.values == pytest.approx(measured(one).values, abs=1e-4)


def test_one_channel_of_two_has_half_the_power() -> None:
    one = noise(3.0)
    half = measured(np.concatenate([one, np.zeros_like(one)]))
    alone = measured(one)
    for name in BANDS:
        assert half.values[name] == pytest.approx(alone.values[name] + SINE_DB, abs=1e-4)


@pytest.mark.parametrize("channels", [1, 2, 3, 5, 8])
def test_the_powers_of_all_channels_are_averaged(channels: int) -> None:
    samples = noise(2.5, 8000, channels=channels) * np.arange(1, channels + 1, dtype=np.float32)[:, np.newaxis]
    each = [band_powers(samples[i : i + 1], 8000) for i in range(channels)]
    for name, power in band_powers(samples, 8000).items():
        assert power == pytest.approx(np.mean([one[name] for one in each]), rel=1e-5)


@pytest.mark.parametrize("seconds", [0.05, 1.9, 2.1, 3.5, 6.0, 20.0])
@pytest.mark.parametrize("rate", [8000, 44100])
def test_blocks_agree_with_one_transform_of_the_whole_file(seconds: float, rate: int) -> None:
    samples = noise(seconds, rate, channels=2, seed=7)
    wanted = whole_file(samples, rate)
    for name, power in band_powers(samples, rate).items():
        # What is within the resolution of an edge may fall on either side; in a short file that is much of the band.
        assert power == pytest.approx(wanted[name], rel=0.02 if seconds > 1 else 0.5)


@pytest.mark.parametrize("seconds", [0.1, 2.0, 5.0, 11.0])
def test_every_sample_counts_once(seconds: float) -> None:
    # A burst of noise weighs the same wherever it lies: the windows of neighbouring blocks add up to one.
    burst = noise(0.05, seed=2)
    length = round(seconds * 44100)
    levels = []
    for place in np.linspace(0, length - burst.shape[1], 9).astype(int):
        samples = silence(seconds)
        samples[0, place : place + burst.shape[1]] = burst[0]
        levels.append(10 * np.log10(sum(band_powers(samples, 44100).values()) * length))
    assert max(levels) - min(levels) < 0.02


def test_an_offset_alone_is_no_sound() -> None:
    found = measured(np.full((2, 3 * 44100), 0.3, dtype=np.float32))
    assert not found.values
    assert set(found.absent.values()) == {"there is no sound in this band"}


def test_an_offset_does_not_raise_the_bass() -> None:
    samples = tone(5.0, 44100, 1000.0, peak=0.1)
    plain, shifted = measured(samples), measured((samples + 0.5).astype(np.float32))
    assert shifted.values[MID] == pytest.approx(plain.values[MID], abs=1e-3)
    assert shifted.values[BASS] < -70


@pytest.mark.parametrize("length", [0, 1, 44100])
def test_silence_has_no_level(length: int) -> None:
    found = measured(silence(1.0, channels=2)[:, :length])
    assert set(found.absent) == set(BANDS)


def test_rounding_of_the_transform_is_not_taken_for_sound() -> None:
    n = np.arange(10 * 44100)
    fade = np.sin(np.pi * (n + 0.5) / n.size) ** 4  # nothing of it reaches the upper bands but rounding
    found = measured((tone(10.0, 44100, 60.0, peak=0.9) * fade).astype(np.float32))
    assert set(found.absent) == {MID, AIR}


def test_bands_above_half_the_rate_are_absent_and_say_so() -> None:
    found = measured(noise(3.0, 4000), 4000)
    assert set(found.values) == {BASS, BODY, MID}
    assert "2500 Hz" in found.absent[AIR]
    assert "4000 Hz" in found.absent[AIR]
    assert not measured(noise(3.0, 30), 30).values
    assert not measured(noise(3.0, 1), 1).values


def test_the_top_band_ends_at_half_the_rate_and_includes_it() -> None:
    alternating = np.resize([0.5, -0.5], (1, 30000)).astype(np.float32)
    assert measured(alternating, 8000).values[AIR] == pytest.approx(20 * np.log10(0.5), abs=0.01)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), gain_db=st.floats(-80.0, 20.0))
def test_gain_moves_every_level_by_itself(seed: int, gain_db: float) -> None:
    samples = noise(0.5, 8000, channels=2, seed=seed)
    louder = (samples * 10 ** (gain_db / 20)).astype(np.float32)
    before, after = measured(samples, 8000).values, measured(louder, 8000).values
    assert after == pytest.approx({name: level + gain_db for name, level in before.items()}, abs=1e-3)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000))
def test_swapping_inverting_and_reversing_change_nothing(seed: int) -> None:
    samples = noise(1.5, 8000, channels=2, seed=seed)
    plain = measured(samples, 8000).values
    assert measured(samples[::-1], 8000).values == pytest.approx(plain, abs=1e-4)
    assert measured(-samples, 8000).values == pytest.approx(plain, abs=1e-4)
    assert measured(samples[:, ::-1], 8000).values == pytest.approx(plain, abs=1e-4)


@settings(max_examples=10, deadline=None)
@given(seconds=st.integers(1, 6))
def test_silence_added_dilutes_the_mean_and_nothing_else(seconds: int) -> None:
    samples = noise(2.0, 8000, seed=seconds)
    samples = (samples - samples.mean()).astype(np.float32)
    padded = np.pad(samples, ((0, 0), (0, 8000 * seconds)))
    plain, diluted = band_powers(samples, 8000), band_powers(padded, 8000)
    for name, power in diluted.items():
        assert power * (2 + seconds) == pytest.approx(plain[name] * 2, rel=0.02)
