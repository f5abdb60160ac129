"""Which multiple of the pulse is the beat."""

import numpy as np
import pytest

from small_dataset_audio.features.rhythm.accents import Strengths
from small_dataset_audio.features.rhythm.level import choose, halves, terms
from small_dataset_audio.features.rhythm.spectrum import FRAME_RATE

FRAMES = 4000


def weighed(beats: list[int] | range, strong: float = 3.0, others: range = range(0), weak: float = 1.0) -> Strengths:
    curve = np.zeros(FRAMES)
    curve[list(others)] = weak
    curve[list(beats)] = strong
    nothing = np.zeros((FRAMES + 1, 1))
    return Strengths(low=curve, full=curve, high=curve, bass=nothing, top=nothing, tones=nothing)


def test_strong_every_second_pulse_is_the_beat() -> None:
    pulse = np.arange(10, FRAMES, 30)
    found = choose(pulse, weighed(range(40, FRAMES, 60), others=range(10, FRAMES, 30)), 2 * FRAME_RATE / 60)
    assert found is not None
    assert found.frames[0] == 40
    assert np.all(np.diff(found.frames) == 60)
    assert 0.5 < found.probability <= found.tempo_probability <= 1.0


def test_the_off_beat_is_left_for_the_beat() -> None:
    pulse = np.arange(10, FRAMES, 50)
    found = choose(pulse, weighed(range(35, FRAMES, 50), others=range(10, FRAMES, 50)), 2 * FRAME_RATE / 50)
    assert found is not None
    assert found.frames[0] == 35
    assert np.all(np.diff(found.frames) == 50)


def test_strong_every_third_pulse_is_the_beat_of_a_compound_metre() -> None:
    pulse = np.arange(10, FRAMES, 25)
    found = choose(pulse, weighed(range(10, FRAMES, 75), others=range(10, FRAMES, 25)), 3 * FRAME_RATE / 75)
    assert found is not None
    assert np.all(np.diff(found.frames) == 75)


def test_equal_pulses_are_tapped_at_a_comfortable_tempo() -> None:
    for period, tapped in ((28, 56), (55, 55), (140, 70)):
        pulse = np.arange(10, FRAMES, period)
        found = choose(pulse, weighed(range(10, FRAMES, min(period, tapped))), FRAME_RATE / tapped)
        assert found is not None
        assert np.median(np.diff(found.frames)) == tapped


def test_candidates_of_one_tempo_share_its_probability() -> None:
    pulse = np.arange(10, FRAMES, 50)
    found = choose(pulse, weighed(range(10, FRAMES, 25)), 2 * FRAME_RATE / 50)
    assert found is not None
    assert found.tempo_probability > 1.5 * found.probability


def test_too_few_pulses_have_no_level() -> None:
    assert choose(np.array([10, 60]), weighed([10, 60]), 1.0) is None


def test_halves_lie_between_neighbours() -> None:
    assert halves(np.array([10, 20, 40])).tolist() == [10.0, 15.0, 20.0, 30.0, 40.0]


def test_the_terms_are_squared_logarithms_and_means() -> None:
    beats = np.arange(10.0, 3000.0, 60.0 * FRAME_RATE / 210.0)
    found = terms(beats, weighed(np.round(beats).astype(int).tolist()), 3.5)
    assert found == pytest.approx([np.log(2.0) ** 2, 0.0, 3.0, 3.0, 3.0], abs=1e-9)
