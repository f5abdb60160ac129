"""Beats fall where tempo, swing and the human hand put them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from small_dataset_audio.dataset.demo.score.grid import STRAIGHT, Grid, Swing


def test_beats_are_spaced_by_the_tempo_and_start_after_the_lead_in() -> None:
    grid = Grid(120.0, 4, 9, 0.25)
    np.testing.assert_allclose(grid.beats, 0.25 + 0.5 * np.arange(9), rtol=0, atol=1e-12)
    np.testing.assert_allclose(grid.downbeats, [0.25, 2.25, 4.25], rtol=0, atol=1e-12)


def test_places_between_before_and_after_the_beats() -> None:
    grid = Grid(60.0, 4, 5, 1.0)
    assert [grid.seconds(beat) for beat in (-1.0, 0.0, 0.5, 4.0, 6.0)] == pytest.approx([0.0, 1.0, 1.5, 5.0, 7.0])


@given(st.floats(-8, 64), st.sampled_from([0.5, 1.0]), st.floats(0.5, 0.75))
def test_swing_delays_the_second_note_and_nothing_else(beat: float, pair: float, ratio: float) -> None:
    swing = Swing(pair, ratio)
    assert swing.warp(beat) >= beat - 1e-9
    assert swing.warp(beat) <= beat + pair * (ratio - 0.5) + 1e-9
    whole = round(beat / pair) * pair
    assert swing.warp(whole) == pytest.approx(whole)
    assert swing.warp(whole + pair / 2) == pytest.approx(whole + pair * ratio)


@given(st.floats(0, 15), st.floats(1e-3, 1))
def test_time_always_moves_forward(beat: float, step: float) -> None:
    grid = Grid(100.0, 4, 17, 0.2, Swing(0.5, 0.62), sway=0.01, seed=3)
    assert grid.seconds(beat + step) > grid.seconds(beat)


def test_straight_is_straight() -> None:
    assert STRAIGHT.warp(3.37) == pytest.approx(3.37)


def test_sway_moves_the_beats_a_little_and_the_notes_with_them() -> None:
    steady, human = Grid(96.0, 4, 65, 0.3), Grid(96.0, 4, 65, 0.3, sway=0.006, seed=7)
    away = human.beats - steady.beats
    assert 0.003 < away.std() < 0.009
    assert np.abs(away).max() <= 0.012 + 1e-12
    assert [human.seconds(beat) for beat in range(65)] == pytest.approx(list(human.beats))
    np.testing.assert_array_equal(human.beats, Grid(96.0, 4, 65, 0.3, sway=0.006, seed=7).beats)
