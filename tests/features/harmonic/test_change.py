"""Harmonic change: none in a held chord, more in quicker and wider changes, steps that follow the beats."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from small_dataset_audio.features.harmonic.change import STEP, STEPS_PER_BEAT, movement_and_variance, steps
from small_dataset_audio.features.harmonic.pitchband import pitch_band
from support.harmonic_chords import MAJOR, Signal, notes, progression, spectra
from support.signals import silence


def change(samples: Signal, step: float = STEP) -> tuple[float, float]:
    seconds = samples.shape[1] / 22050
    found = movement_and_variance(
        pitch_band(spectra(samples)), 0.0, np.linspace(0.0, seconds, round(seconds / step) + 1)
    )
    assert found is not None
    return found


def alternating(first: int, second: int, seconds: float, times: int) -> Signal:
    return progression([(first, MAJOR), (second, MAJOR)] * times, seconds)


def test_a_held_chord_does_not_move() -> None:
    movement, variance = change(notes([48, 52, 55], 4.0))
    assert movement < 0.002
    assert variance < 0.01


def test_a_fading_chord_does_not_move() -> None:
    samples = notes([48, 52, 55], 4.0)
    fade = np.exp(-np.arange(samples.shape[1]) / 22050 / 1.5).astype(np.float32)
    assert change(samples * fade)[0] < 0.004


def test_two_notes_far_apart_in_pitch_class_move_by_the_whole_distance_between_long_steps() -> None:
    low, high = notes([60], 2.0), notes([66], 2.0)
    movement, variance = change(np.concatenate([low, high, low, high], axis=1), step=2.0)
    assert movement == pytest.approx(1.0, abs=0.02)
    assert variance == pytest.approx(0.0, abs=0.02)


def test_each_second_step_moving_gives_half_the_movement_and_the_widest_spread() -> None:
    low, high = notes([60], 4.0), notes([66], 4.0)
    movement, variance = change(np.concatenate([low, high, low], axis=1), step=2.0)
    assert movement == pytest.approx(2.0 / 5.0, abs=0.02)
    assert variance == pytest.approx(np.std([0.0, 1.0, 0.0, 1.0, 0.0]), abs=0.02)


def test_quicker_and_wider_changes_move_more() -> None:
    still, slow, quick = alternating(0, 0, 1.0, 2), alternating(0, 6, 1.0, 2), alternating(0, 6, 0.5, 4)
    near = alternating(0, 9, 0.5, 4)
    assert change(still)[0] < 0.5 * change(slow)[0]
    assert change(slow)[0] < 0.7 * change(quick)[0]
    assert change(near)[0] < change(quick)[0]


@pytest.mark.parametrize("gain", [0.05, 0.5, 4.0])
def test_level_does_not_matter(gain: float) -> None:
    samples = alternating(0, 5, 0.5, 3)
    np.testing.assert_allclose(change(samples * np.float32(gain)), change(samples), atol=0.01)


def test_silent_steps_are_left_out() -> None:
    held = notes([60], 2.0)
    gaps = np.concatenate([held, silence(2.0, 22050), notes([66], 2.0)], axis=1)
    movement, _ = change(gaps, step=0.5)
    assert movement < 0.05


def test_silence_and_a_single_step_have_no_change() -> None:
    band = pitch_band(spectra(silence(2.0, 22050)))
    assert movement_and_variance(band, 0.0, np.linspace(0.0, 2.0, 21)) is None
    tone = pitch_band(spectra(notes([60], 1.0)))
    assert movement_and_variance(tone, 0.0, np.array([0.0, 0.5])) is None
    assert movement_and_variance(tone, 0.0, np.array([0.0])) is None


def test_without_a_tempo_a_step_is_100_ms() -> None:
    np.testing.assert_allclose(steps(0.55, None, None), [0.0, 0.1, 0.2, 0.3, 0.4, 0.5])
    np.testing.assert_allclose(np.diff(steps(2.0, np.array([1.0]), None)), 0.1)


def test_with_a_tempo_a_step_is_a_32nd_note() -> None:
    np.testing.assert_allclose(np.diff(steps(4.0, None, 120.0)), 60.0 / 120.0 / 8)


def test_with_beats_the_steps_divide_each_beat_and_go_on_at_both_ends() -> None:
    beats = np.array([1.0, 1.5, 2.1, 2.6])
    edges = steps(4.0, beats, 90.0)
    for beat in beats:
        assert np.abs(edges - beat).min() < 1e-12
    inside = edges[(edges >= 1.5) & (edges <= 2.1)]
    np.testing.assert_allclose(np.diff(inside), 0.6 / STEPS_PER_BEAT)
    np.testing.assert_allclose(np.diff(edges[edges <= 1.0]), 0.5 / STEPS_PER_BEAT)
    np.testing.assert_allclose(np.diff(edges[edges >= 2.6]), 0.5 / STEPS_PER_BEAT)
    assert 0.0 <= edges[0] < 0.5 / STEPS_PER_BEAT
    assert 4.0 - 0.5 / STEPS_PER_BEAT < edges[-1] <= 4.0


@given(
    st.floats(0.0, 30.0),
    st.lists(st.floats(0.2, 2.0), min_size=0, max_size=20),
    st.floats(0.0, 5.0),
    st.one_of(st.none(), st.floats(40.0, 300.0)),
)
def test_steps_ascend_and_stay_inside(seconds: float, intervals: list[float], start: float, bpm: float | None) -> None:
    beats = start + np.cumsum([0.0, *intervals])
    edges = steps(seconds, beats if intervals else None, bpm)
    assert (np.diff(edges) > 0).all()
    assert edges.size == 0 or (edges[0] >= 0.0 and edges[-1] <= seconds + 1e-9)
