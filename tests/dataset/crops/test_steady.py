import numpy as np
import pytest

from small_dataset_audio.dataset.crops.steady import steadied

TRUE = 0.4 + np.arange(200) * 60 / 97.3


def test_the_jitter_of_a_tracker_is_taken_out_of_a_steady_tempo() -> None:
    heard = TRUE + np.random.default_rng(1).normal(0, 0.001, TRUE.size)
    found = steadied(heard[::4], heard)
    assert np.abs(heard[::4] - TRUE[::4]).max() > 0.0015
    assert np.abs(found - TRUE[::4]).max() < 0.0007


@pytest.mark.parametrize("stray", [0.02, 0.3])
def test_what_is_not_steady_is_left_as_it_was_heard(stray: float) -> None:
    heard = TRUE.copy()
    heard[100:] += stray
    found = steadied(heard[::4], heard)
    assert np.array_equal(found[22:28], heard[::4][22:28])
    assert found[2] == pytest.approx(heard[8], abs=1e-9)


def test_a_gliding_tempo_and_a_missed_beat_are_left_alone() -> None:
    glide = np.cumsum(np.linspace(0.6, 0.4, 60))
    assert np.array_equal(steadied(glide[::4], glide), glide[::4])
    missed = np.delete(TRUE, 50)
    assert np.array_equal(steadied(TRUE[44:56:4], missed), TRUE[44:56:4])


def test_too_few_beats_and_downbeats_that_are_none_of_them() -> None:
    few = TRUE[:7]
    assert steadied(few[::4], few) is not None
    assert np.array_equal(steadied(few[::4], few), few[::4])
    assert np.array_equal(steadied(TRUE[::4] + 0.2, TRUE), TRUE[::4] + 0.2)
    assert steadied(np.empty(0), TRUE).size == 0
