"""Blocks become one contiguous array, whatever was expected."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from small_dataset_audio.audio.decoders.gather import BLOCK, Gathered
from small_dataset_audio.audio.spool import Scratch, folder_of
from small_dataset_audio.errors import AudioError


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


@pytest.mark.parametrize("expected", [None, 1000, 3 * BLOCK, 10**9])
@pytest.mark.parametrize("most_held", [0, 4 * BLOCK, 10**9])
def test_where_it_lies_depends_on_its_size_alone(tmp_path: Path, expected: int | None, most_held: int) -> None:
    gathered = Gathered(Path(__file__), Scratch(tmp_path, most_held))
    gathered.start(8000, 2, expected)
    sound = np.arange(6 * BLOCK, dtype=np.float32).reshape(2, -1)
    for start in range(0, 3 * BLOCK, 50_000):
        gathered.append(sound[:, start : start + 50_000])
    gathered.trim(3 * BLOCK - 10)
    samples = gathered.samples()
    assert folder_of(samples) == (tmp_path if most_held < 10**9 else None)
    np.testing.assert_array_equal(samples, sound[:, :-10])


def test_what_is_long_lies_on_disk_however_small_it_is(tmp_path: Path) -> None:
    gathered = Gathered(Path(__file__), Scratch(tmp_path))
    gathered.start(1000, 1, 400_000)
    sound = np.zeros((1, 400_000), dtype=np.float32)
    gathered.append(sound)
    assert folder_of(gathered.samples()) == tmp_path


def test_damage_in_a_long_recording_is_found_too(tmp_path: Path) -> None:
    gathered = Gathered(Path(__file__), Scratch(tmp_path, 0))
    gathered.start(8000, 1)
    gathered.append(np.array([[0.0, np.nan]], dtype=np.float32))
    with pytest.raises(AudioError, match="not numbers"):
        gathered.samples()
