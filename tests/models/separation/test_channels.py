"""Recordings of any number of channels go into a network of one or two and come back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from small_dataset_audio.models.separation.channels import grouped, groups, ungrouped
from support.signals import noise


@given(st.integers(1, 9), st.sampled_from([None, 1, 2]), st.integers(1, 4))
def test_a_network_that_multiplies_gives_each_channel_its_own(channels: int, taken: int | None, sources: int) -> None:
    piece = noise(0.01, 1000, channels=channels)
    examples = grouped(piece, taken)
    assert examples.shape[0] == groups(channels, taken)
    assert taken is None or examples.shape[1] == taken
    factors = np.arange(1, sources + 1, dtype=np.float32)
    estimates = examples[:, np.newaxis] * factors[:, np.newaxis, np.newaxis]
    made = ungrouped(estimates, channels).reshape(sources, channels, -1)
    np.testing.assert_allclose(made, piece * factors[:, np.newaxis, np.newaxis], rtol=1e-6)


def test_mono_is_given_twice_and_averaged() -> None:
    piece = noise(0.01, 1000)
    [pair] = grouped(piece, 2)
    np.testing.assert_array_equal(pair, np.concatenate([piece, piece]))
    estimates = np.array([[[[1.0] * 4, [3.0] * 4]]], dtype=np.float32)
    assert ungrouped(estimates, 1).tolist() == [[2.0] * 4]


@pytest.mark.parametrize(
    ("channels", "taken", "expected"), [(1, 2, 1), (2, 2, 1), (5, 2, 3), (6, 2, 3), (3, 1, 3), (6, None, 1)]
)
def test_examples_for_one_piece(channels: int, taken: int | None, expected: int) -> None:
    assert groups(channels, taken) == expected


def test_the_channels_of_a_pair_stay_together() -> None:
    piece = np.arange(6, dtype=np.float32)[:, np.newaxis]
    assert grouped(piece, 2)[:, :, 0].tolist() == [[0, 1], [2, 3], [4, 5]]
    assert grouped(piece[:5], 2)[:, :, 0].tolist() == [[0, 1], [2, 3], [4, 4]]
