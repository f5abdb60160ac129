"""Roughness: the beating curve, pairs counted once, and where two tones beat most."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from small_dataset_audio.features.timbral import roughness as module
from small_dataset_audio.features.timbral.frames import Line
from small_dataset_audio.features.timbral.roughness import mean_beating, roughness, summed_beating
from support.signals import noise, tone

RATE = 44100


def beating(low: float, high: float, one: float, other: float) -> float:
    """Return the beating of one pair by the formula."""
    distance = 0.24 * (high - low) / (0.0207 * low + 18.96)
    strength = (one * other) ** 0.1 * 0.5 * (2 * max(one, other) / (one + other)) ** 3.11
    return float(strength * (np.exp(-3.51 * distance) - np.exp(-5.75 * distance)))


def single(*values: float) -> Line:
    return np.array(values, dtype=np.float32)


def of_two(low: float, high: float) -> float:
    """Return the mean beating of two equal tones, in the points of no scale."""
    sound = 0.05 * (tone(1.0, frequency=low)[0] + tone(1.0, frequency=high)[0])
    return mean_beating(sound, np.array([20000]))


def test_a_pair_beats_as_the_formula_says() -> None:
    found = summed_beating(np.array([0, 0]), single(440.0, 470.0), single(0.5, 0.2))
    assert found == pytest.approx(beating(440.0, 470.0, 0.5, 0.2), rel=1e-4)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.floats(50, 3000), st.floats(0.01, 1)), min_size=1, max_size=25))
def test_every_pair_of_a_frame_counts_once(partials: list[tuple[int, float, float]]) -> None:
    partials.sort()
    frames, frequencies, levels = zip(*partials, strict=True)
    found = summed_beating(np.array(frames), single(*frequencies), single(*levels))
    pairs = [(a, b) for a, b in itertools.combinations(partials, 2) if a[0] == b[0]]
    wanted = sum(beating(a[1], b[1], a[2], b[2]) for a, b in pairs)
    assert found == pytest.approx(wanted, rel=0.002, abs=0.001 * len(pairs))


@pytest.mark.parametrize("base", [1000.0, 3000.0, 6000.0])
def test_two_tones_beat_along_the_curve_which_has_its_maximum_within_the_critical_band(base: float) -> None:
    # 60 Hz and more, which frames of 50 ms resolve; not whole multiples of 40 Hz, the rate of the frames, where
    # side lobes of the two tones add up to peaks of their own.
    apart = [60.0, 100.0, 130.0, 190.0, 250.0]
    found = np.array([of_two(base, base + step) for step in apart])
    wanted = np.array([beating(base, base + step, 1.0, 1.0) for step in apart])
    np.testing.assert_allclose(found / wanted, np.mean(found / wanted), rtol=0.03)
    maximum = np.log(5.75 / 3.51) / (5.75 - 3.51) * (0.0207 * base + 18.96) / 0.24
    assert apart[int(found.argmax())] == min(apart, key=lambda step: abs(step - maximum))


def test_one_tone_and_an_octave_are_not_rough() -> None:
    assert roughness(0.1 * tone(1.0)[0], np.array([1000])) == 0.0
    assert of_two(440.0, 880.0) < 0.02 * of_two(440.0, 490.0)


def test_points_follow_the_regression() -> None:
    sound = 0.05 * (tone(1.0, frequency=500.0)[0] + tone(1.0, frequency=560.0)[0])
    loud = np.array([20000])
    wanted = 13.98779569 * np.log10(mean_beating(sound, loud)) + 48.97606571545886
    assert roughness(sound, loud) == pytest.approx(wanted)


def test_many_frames_and_many_peaks_are_thinned_without_moving_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = noise(3.0, rms=0.05)[0]
    loud = np.arange(0, sound.shape[0], 1000)
    whole = mean_beating(sound, loud)
    monkeypatch.setattr(module, "MOST_FRAMES", 40)
    assert mean_beating(sound, loud) == pytest.approx(whole, rel=0.05)
    monkeypatch.setattr(module, "MOST_PEAKS", 3000)
    assert mean_beating(sound, loud) == pytest.approx(whole, rel=0.1)


def test_the_loudest_place_sets_what_counts_as_a_peak() -> None:
    sound = noise(3.0, rms=0.003)[0]
    sound[66150:67250] += tone(1.0, frequency=300.0, peak=0.9)[0, :1100]
    assert mean_beating(sound, np.array([100])) > 10 * mean_beating(sound, np.array([66700]))
