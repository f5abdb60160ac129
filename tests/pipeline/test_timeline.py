from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from small_dataset_audio.pipeline.timeline import COLUMNS, Timeline, common, picture, union

SPANS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=8)


def seconds(spans: list[tuple[int, int]]) -> set[int]:
    """Return the whole seconds that lie in any of the spans."""
    return {at for begin, end in spans for at in range(begin, end)}


def test_lanes_that_work_at_the_same_time_overlap() -> None:
    timeline = Timeline()
    timeline.add("processor", 0.0, 4.0)
    timeline.add("processor", 2.0, 6.0)
    timeline.add("accelerator", 3.0, 12.0)
    told = timeline.as_dict()
    assert told["processor"] == {"work_seconds": 8.0, "busy_seconds": 6.0, "picture": "#" * 30 + "." * 30}
    assert told["accelerator"] == {"work_seconds": 9.0, "busy_seconds": 9.0, "picture": "." * 15 + "#" * 45}
    assert told["overlap_seconds"] == 3.0
    assert told["overlap"] == 0.5


def test_a_run_without_an_accelerator_has_no_overlap_to_tell() -> None:
    timeline = Timeline()
    assert timeline.as_dict()["overlap"] is None
    assert timeline.as_dict()["processor"]["picture"] == "." * COLUMNS
    timeline.add("processor", -0.001, 1.0)  # clocks are read a moment apart
    told = timeline.as_dict()
    assert told["overlap"] is None
    assert told["overlap_seconds"] == 0.0
    assert told["processor"]["busy_seconds"] == 1.0


def test_a_lane_that_works_in_part_of_a_column_shows_it() -> None:
    assert picture([(0.0, 1.5), (59.9, 60.0)], 60.0) == "#-" + "." * 57 + "-"


@given(SPANS, SPANS)
def test_unions_and_what_they_share_are_those_of_sets(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> None:
    first, second = union(one), union(other)
    assert seconds([(int(a), int(b)) for a, b in first]) == seconds(one)
    assert all(before[1] < after[0] for before, after in pairwise(first))
    shared = common(first, second)
    assert seconds([(int(a), int(b)) for a, b in shared]) == seconds(one) & seconds(other)
    assert sum(end - begin for begin, end in shared) == pytest.approx(len(seconds(one) & seconds(other)))
