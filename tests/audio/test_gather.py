"""Blocks become one contiguous array, whatever was expected."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from small_dataset_audio.audio.decoders.gather import BLOCK, Gathered


@settings(max_examples=60, deadline=None)
@given(
    lengths=st.lists(st.sampled_from([0, 1, 1000, BLOCK - 1, BLOCK, BLOCK + 1]), max_size=5),
    expected=st.sampled_from([None, -5, 0, 1, 1000, BLOCK, 2 * BLOCK, 10**12]),
    room=st.sampled_from([0, 8192]),
    cut=st.sampled_from([0, 1, 5000]),
)
@pytest.mark.parametrize("channels", [1, 3])
def test_what_goes_in_comes_out(
    tmp_path_factory: pytest.TempPathFactory,
    channels: int,
    lengths: list[int],
    expected: int | None,
    room: int,
    cut: int,
) -> None:
    path = Path(__file__)
    gathered = Gathered(path)
    gathered.start(8000, channels, expected, room)
    sound = np.arange(channels * sum(lengths), dtype=np.float32).reshape(channels, -1)
    at = 0
    for length in lengths:
        gathered.append(sound[:, at : at + length])
        at += length
    gathered.trim(at - cut)
    kept = max(0, at - cut)
    assert gathered.seconds == kept / 8000
    samples = gathered.samples()
    assert samples.flags.c_contiguous
    np.testing.assert_array_equal(samples, sound[:, :kept])
