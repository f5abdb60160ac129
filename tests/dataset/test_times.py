"""Files of moments."""

import errno
import math
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from small_dataset_audio.dataset.times import read_times, remove_times, write_times
from small_dataset_audio.errors import StoreError
from support.dataset_faults import failing
from support.dataset_library import leave_temporary, temporaries, track_in


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return track_in(tmp_path).sidecar("BEATS_GRID")


def test_one_time_a_line_with_six_decimals(path: Path) -> None:
    leave_temporary(path.parent)
    write_times(path, np.array([0.0, 0.5, 1.0000005, 3600.25]))
    assert path.read_text() == "0.000000\n0.500000\n1.000001\n3600.250000\n"
    assert temporaries(path.parent) == []
    times = read_times(path)
    assert times.dtype == np.float64
    assert times.tolist() == [0.0, 0.5, 1.000001, 3600.25]


def test_no_times_is_an_empty_file(path: Path) -> None:
    write_times(path, [])
    assert path.read_bytes() == b""
    assert read_times(path).shape == (0,)


def test_there_is_no_minus_zero(path: Path) -> None:
    write_times(path, [-0.0])
    assert path.read_text() == "0.000000\n"


@settings(deadline=None, max_examples=30)
@given(st.lists(st.floats(0, 1e6)).map(sorted))
def test_times_come_back_to_the_microsecond(times: list[float]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.ONSETS"
        write_times(path, times)
        assert np.allclose(read_times(path), times, rtol=0, atol=5.001e-7)


@pytest.mark.parametrize("times", [[1.0, 0.5], [-0.1], [math.nan], [0.0, math.inf], [[0.0], [1.0]]])
def test_what_is_no_list_of_moments_is_refused(path: Path, times: list[float]) -> None:
    write_times(path, [7.0])
    with pytest.raises(StoreError, match="Nothing was written"):
        write_times(path, times)
    assert path.read_text() == "7.000000\n"


def test_files_of_other_programs_are_read(path: Path) -> None:
    path.write_bytes(b"\xef\xbb\xbf0\r\n .5 \r\n\r\n1.\n2.5e0\n")
    assert read_times(path).tolist() == [0.0, 0.5, 1.0, 2.5]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"0.5\nbeat\n", "Line 2 is not a time"),
        (b"nan\n", "Line 1 is not a time"),
        (b"1_000\n", "Line 1 is not a time"),
        (b"0.5 1.0\n", "Line 1 is not a time"),
        ("٣\n".encode(), "Line 1 is not a time"),
        (b"-1\n", "Line 1 is not a time"),
        (b"1e999\n", "do not ascend"),
        (b"2\n1\n", "do not ascend"),
        (b"\xff\xfe0\x00", "not a text file"),
    ],
)
def test_what_cannot_be_understood_is_an_error(path: Path, data: bytes, says: str) -> None:
    path.write_bytes(data)
    with pytest.raises(StoreError, match=says) as caught:
        read_times(path)
    assert str(path) in caught.value.what


def test_a_missing_file_is_not_the_same_as_no_times(path: Path) -> None:
    with pytest.raises(StoreError, match="Could not read"):
        read_times(path)


def test_stale_times_are_removed(path: Path) -> None:
    write_times(path, [1.0])
    remove_times(path)
    remove_times(path)
    assert not path.exists()
    write_times(path, [1.0])
    with failing(1, errno.EROFS, name="unlink"), pytest.raises(StoreError, match="Could not remove"):
        remove_times(path)
