"""Reading lines a little at a time: nothing is lost at the ends, and what is on disk reads like what is in memory."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from small_dataset_audio.audio.spool import Spool
from small_dataset_audio.features.timbral.frames import Line, batches, spread, stretch, thinning


def counting(length: int) -> Line:
    return np.arange(1, length + 1, dtype=np.float32)


@settings(deadline=None)
@given(st.integers(0, 30), st.integers(-40, 40), st.integers(0, 40))
def test_a_stretch_is_silent_before_and_after_the_line(length: int, start: int, size: int) -> None:
    wanted = [place + 1 if 0 <= place < length else 0 for place in range(start, start + size)]
    assert stretch(counting(length), start, start + size).tolist() == wanted


def test_a_stretch_is_a_copy() -> None:
    line = counting(8)
    stretch(line, 2, 5)[:] = 0.0
    assert line.tolist() == counting(8).tolist()


@settings(deadline=None)
@given(st.lists(st.integers(-12, 40), min_size=1, max_size=12), st.integers(1, 5))
def test_batches_are_the_stretches_at_their_starts(starts: list[int], size: int) -> None:
    line, ascending = counting(30), np.array(sorted(starts))
    seen: list[list[float]] = []
    for first, frames in batches(line, 7, ascending, size):
        assert first == len(seen)
        assert 1 <= frames.shape[0] <= size
        seen.extend(frames.tolist())
    assert seen == [stretch(line, start, start + 7).tolist() for start in ascending]


def test_frames_may_be_written_to_without_harm_to_the_line() -> None:
    line = counting(10)
    for _, frames in batches(line, 4, np.array([0, 3, 6])):
        frames[:] = 0.0
    assert line.tolist() == counting(10).tolist()


def test_a_line_on_disk_reads_like_one_in_memory(tmp_path: Path) -> None:
    line = counting(5000)
    spool = Spool(1, 5000, tmp_path)
    spool.append(line[np.newaxis])
    stored = spool.finish()[0]
    assert np.array_equal(stretch(stored, -3, 5003), stretch(line, -3, 5003))
    starts = np.arange(-100, 5000, 333)
    for (_, here), (_, there) in zip(batches(stored, 400, starts), batches(line, 400, starts), strict=True):
        assert np.array_equal(here, there)


@pytest.mark.parametrize(("count", "step"), [(0, 1), (10, 1), (11, 2), (20, 2), (21, 3)])
def test_thinning_is_the_smallest_step_that_keeps_at_most_ten(count: int, step: int) -> None:
    assert thinning(count, 10) == step


@settings(deadline=None)
@given(st.integers(0, 400), st.integers(1, 100))
def test_spread_indices_ascend_and_are_as_many_as_may_be(count: int, most: int) -> None:
    chosen = spread(count, most)
    assert chosen.shape[0] == min(count, most)
    assert np.all(np.diff(chosen) > 0)
    assert np.all((chosen >= 0) & (chosen < count))


def test_spread_indices_favour_no_part_and_no_period() -> None:
    chosen = spread(1000, 250)
    assert np.diff(chosen).max() <= 8
    for period in (2, 3, 4, 8):
        assert np.bincount(chosen % period) == pytest.approx(250 / period, rel=0.15)
