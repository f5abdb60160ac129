"""Steps of a file: nothing is lost, nothing is counted twice, whatever their length."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from small_dataset_audio.features.steps import averaged, counted, spread, step_edges


def test_steps_are_equal_and_cover_the_file() -> None:
    assert step_edges(10.0, 4).tolist() == [0.0, 2.5, 5.0, 7.5, 10.0]


def test_every_moment_is_counted_once() -> None:
    assert counted(np.array([0.0, 0.1, 2.0, 3.999, 4.0, 4.1]), 4.0, 4).tolist() == [2.0, 0.0, 1.0, 3.0]
    assert counted(np.empty(0), 4.0, 2).tolist() == [0.0, 0.0]
    assert counted(np.array([1.0]), 4.0, 4).dtype == np.float32


@settings(max_examples=80, deadline=None)
@given(
    steps=st.integers(2, 300),
    frames=st.integers(1, 200),
    seconds=st.floats(0.1, 1e4),
    before=st.floats(0.0, 0.3),
    after=st.floats(0.0, 0.3),
)
def test_the_sum_over_the_steps_is_the_sum_over_the_frames(
    steps: int, frames: int, seconds: float, before: float, after: float
) -> None:
    totals = np.random.default_rng(frames).uniform(0.0, 1.0, (frames, 2))
    edges = np.linspace(-before * seconds, (1.0 + after) * seconds, frames + 1)
    found = spread(totals, edges, seconds, steps)
    assert found.shape == (steps, 2)
    assert found.min() >= -1e-9
    np.testing.assert_allclose(found.sum(axis=0), totals.sum(axis=0), rtol=1e-9)


def test_a_frame_is_divided_among_the_steps_in_it_and_a_step_adds_up_its_frames() -> None:
    edges = np.arange(5.0)
    totals = np.array([[4.0], [0.0], [8.0], [2.0]])
    assert spread(totals, edges, 4.0, 8)[:, 0].tolist() == [2.0, 2.0, 0.0, 0.0, 4.0, 4.0, 1.0, 1.0]
    assert spread(totals, edges, 4.0, 2)[:, 0].tolist() == [4.0, 10.0]


def test_means_weigh_frames_and_are_nothing_where_nothing_counts() -> None:
    edges = np.arange(5.0)
    rows = np.array([[1.0], [3.0], [5.0], [7.0]])
    assert averaged(rows, edges, 4.0, 2)[:, 0].tolist() == [2.0, 6.0]
    assert averaged(rows, edges, 4.0, 2, np.array([1.0, 0.0, 0.0, 0.0]))[:, 0].tolist() == [1.0, 0.0]
    assert averaged(rows, edges - 0.5, 3.5, 7)[:, 0] == pytest.approx([1.0, 3.0, 3.0, 5.0, 5.0, 7.0, 7.0])
