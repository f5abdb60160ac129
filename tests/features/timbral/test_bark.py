"""Sharpness, booming and Bark levels: exactly the formulas, and what noise of known spectrum gives."""

import numpy as np
import pytest
from scipy import signal

from small_dataset_audio.features.timbral.ear.bark import (
    BarkLoudness,
    bark_loudness,
    booming_index,
    range_weight,
    sharpness,
)
from small_dataset_audio.features.timbral.ear.points import booming
from small_dataset_audio.features.timbral.ear.points import sharpness as sharpness_points
from support.signals import noise, tone

RATE = 44100


def weight(bark: float) -> float:
    if bark <= 14.0:
        return 1.0
    return float(0.00012 * bark**4 - 0.0056 * bark**3 + 0.1 * bark**2 - 0.81 * bark + 3.5)


def narrow(centre: float, width: float) -> np.ndarray:
    """Return noise of a critical band around ``centre`` Hz, with an RMS of 0.05."""
    sections = signal.butter(6, [centre - width / 2, centre + width / 2], "bandpass", fs=RATE, output="sos")
    band = signal.sosfilt(sections, noise(2.0)[0])
    return np.asarray(0.05 * band / np.sqrt(np.mean(band**2)), dtype=np.float32)


@pytest.mark.parametrize("step", [1, 85, 140, 141, 200, 240])
def test_sharpness_of_loudness_in_one_place_is_that_of_the_formula(step: int) -> None:
    loudness = np.zeros((1, 240))
    loudness[0, step - 1] = 3.0
    assert sharpness(loudness)[0] == pytest.approx(0.11 * weight(step / 10) * step / 10, rel=1e-12)


def test_sharpness_of_several_places_is_their_mean_weighted_by_loudness() -> None:
    loudness = np.random.default_rng(1).random((4, 240))
    bark = np.arange(1, 241) / 10
    wanted = 0.11 * (loudness * np.vectorize(weight)(bark) * bark).sum(axis=1) / loudness.sum(axis=1)
    np.testing.assert_allclose(sharpness(loudness), wanted, rtol=1e-12)


def test_noise_of_one_critical_band_at_a_kilohertz_is_about_one_acum_sharp() -> None:
    assert bark_loudness(narrow(1000.0, 160.0)).sharpness == pytest.approx(1.0, abs=0.15)


def test_sharpness_rises_with_the_band() -> None:
    found = [
        bark_loudness(narrow(centre, width)).sharpness
        for centre, width in ((250, 100), (1000, 160), (4000, 700), (8500, 1800))
    ]
    assert found == sorted(found)
    assert found[-1] > 3.0


def test_booming_index_of_one_place_is_that_of_the_formula() -> None:
    loudness = np.zeros((2, 240))
    loudness[0, 9] = loudness[1, 99] = 2.0  # 1 and 10 Bark: 100 Hz, 1.5 kHz
    place = (np.log10(600 * np.sinh(1.0 / 6)) - np.log10(25)) / (np.log10(31.5) - np.log10(25)) + 1
    power = 239 + 10 ** (0.1 * 2.0 * 2.13 * np.exp(-0.151 * place))
    assert booming_index(loudness) == pytest.approx([10 * np.log10(power), 0.0])


@pytest.mark.parametrize(("low", "high"), [(0, 70), (10, 40), (70, 140), (80, 240)])
def test_the_weight_of_a_range_is_a_parabola_from_zero_over_one_to_its_end(low: int, high: int) -> None:
    found = range_weight(low, high)
    middle = (low + high) // 2
    assert found.shape == (240,)
    assert found[middle] == found.max() == 1.0
    assert not found[:low].any()
    assert not found[high:].any()
    quarter = (high - low) // 4
    assert found[middle - quarter] == pytest.approx(1.0 - (2 * quarter / (high - low)) ** 2, abs=0.1)


def test_low_and_high_tones_are_heard_in_their_ranges() -> None:
    low, high = (bark_loudness(tone(1.0, frequency=frequency, peak=0.1)[0]) for frequency in (120.0, 6000.0))
    assert low.low > 5 * high.low
    assert low.warm > 10 * high.warm
    assert high.high > 4 * low.high
    assert high.sharpness > low.sharpness
    assert low.booming > high.booming


def test_a_frame_that_is_silent_adds_nothing() -> None:
    sound = tone(1.0, frequency=300.0, peak=0.1)[0, : 4096 * 5]
    alone, padded = bark_loudness(sound), bark_loudness(np.append(sound, np.zeros(4096 * 5, dtype=np.float32)))
    assert padded.sharpness == pytest.approx(alone.sharpness)
    assert padded.booming == pytest.approx(alone.booming)
    assert padded.middle == pytest.approx(alone.middle)
    assert padded.low == pytest.approx(alone.low / 2)


def test_long_sounds_are_read_in_parts_without_a_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    from small_dataset_audio.features.timbral.ear import bark

    sound = noise(2.0)[0]
    whole = bark_loudness(sound)
    monkeypatch.setattr(bark, "_TOGETHER", 3)
    assert bark_loudness(sound).sharpness == pytest.approx(whole.sharpness, rel=1e-6)
    assert bark_loudness(sound).high == pytest.approx(whole.high, rel=1e-6)


def test_points_follow_the_regressions_and_nothing_audible_has_none() -> None:
    one = BarkLoudness(sharpness=10.0, booming=100.0, low=10.0, middle=1.0, warm=1.0, high=1.0)
    assert sharpness_points(one) == pytest.approx(102.50508921364404 + 34.432655185001735)
    assert booming(one) == pytest.approx(2 * 43.67402696195865 - 10.90054738389845 + 26.836530575185435)
    nothing = BarkLoudness(sharpness=0.0, booming=0.0, low=0.0, middle=0.0, warm=0.0, high=0.0)
    assert sharpness_points(nothing) is None
    assert booming(nothing) is None
