from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from small_dataset_audio.dataset.crops.plan import Crossings, Rules, Span, beat_aligned, covered, framed, sequential

RATE = 1000


@dataclass(frozen=True)
class Every:
    """A wave that crosses zero every so many samples, and where it does not."""

    step: int
    never: range = range(0)

    def _inside(self, low: int, high: int) -> list[int]:
        first = -(-max(low, 1) // self.step) * self.step
        return [place for place in range(first, high + 1, self.step) if place not in self.never]

    def first(self, low: int, high: int) -> int | None:
        return min(self._inside(low, high), default=None)

    def nearest(self, place: int, low: int, high: int) -> int | None:
        return min(self._inside(low, high), key=lambda found: abs(found - place), default=None)


ANYWHERE = Every(1)
NOWHERE = Every(1, range(10**9))
crossings = st.builds(Every, st.integers(1, 40)) | st.just(NOWHERE)


def rules(target: int, **options: bool) -> Rules:
    return Rules(target, RATE, **options)


def ends(spans: Sequence[Span]) -> list[tuple[int, int]]:
    return [(span.start, span.stop) for span in spans]


def test_sequential_crops_have_exactly_the_length_and_a_rest_of_three_quarters_is_kept() -> None:
    assert ends(sequential(3000, rules(1000), ANYWHERE)) == [(0, 1000), (1000, 2000), (2000, 3000)]
    assert ends(sequential(2750, rules(1000), ANYWHERE)) == [(0, 1000), (1000, 2000), (2000, 2750)]
    assert ends(sequential(2749, rules(1000), ANYWHERE)) == [(0, 1000), (1000, 2000)]
    assert ends(sequential(750, rules(1000), ANYWHERE)) == [(0, 750)]
    assert sequential(749, rules(1000), ANYWHERE) == []
    assert sequential(0, rules(1000), ANYWHERE) == []


def test_the_first_crop_begins_with_the_recording_and_the_others_at_the_next_crossing() -> None:
    assert ends(sequential(3000, rules(1000), Every(7))) == [(0, 1000), (1001, 2001), (2002, 3000)]
    assert ends(sequential(3000, rules(1000), NOWHERE)) == [(0, 1000), (1000, 2000), (2000, 3000)]
    too_far = Every(500, range(1, 1100))
    assert ends(sequential(3000, rules(1000), too_far))[1] == (1000, 2000)


def test_with_overlap_each_begins_halfway_through_the_one_before() -> None:
    assert ends(sequential(2000, rules(1000, overlap=True), ANYWHERE)) == [(0, 1000), (500, 1500), (1000, 2000)]
    assert covered(sequential(2000, rules(1000, overlap=True), ANYWHERE)) == 2000


def test_ends_snap_to_the_last_downbeat_within_the_target() -> None:
    bars = range(0, 12001, 2000)
    assert ends(beat_aligned(12000, bars, rules(4700), ANYWHERE)) == [(0, 4000), (4000, 8000), (8000, 12000)]
    assert [span.bars for span in beat_aligned(12500, bars, rules(4700), ANYWHERE)] == [2, 2, 2]


def test_a_loop_is_one_crop_although_no_downbeat_is_heard_at_its_very_end() -> None:
    [loop] = beat_aligned(8000, [4, 2001, 3999, 6003], rules(8000), ANYWHERE)
    assert (loop.start, loop.stop, loop.bars) == (0, 8000, 4)
    [most] = beat_aligned(7900, [0, 2000, 4000, 6000], rules(8000), ANYWHERE)
    assert (most.stop, most.bars) == (6000, 3)
    late = beat_aligned(12000, [0, 2000, 4000, 6000, 8000, 10000], rules(6000), Every(6003))
    assert ends(late) == [(0, 6000), (6003, 12000)]
    assert [span.bars for span in late] == [3, None]


def test_the_recording_begins_before_its_first_downbeat() -> None:
    spans = beat_aligned(9000, range(300, 9000, 2000), rules(4700), ANYWHERE)
    assert ends(spans) == [(0, 4300), (4300, 8300)]
    assert [span.bars for span in spans] == [None, 2]


def test_where_no_downbeat_lies_in_reach_a_crop_has_the_full_length_and_the_next_finds_one() -> None:
    spans = beat_aligned(14000, [0, 6000, 8000, 9000, 13000], rules(4000), ANYWHERE)
    assert ends(spans) == [(0, 4000), (4000, 8000), (8000, 12000)]
    assert [span.bars for span in spans] == [None, None, None]
    assert [span.last for span in spans] == [None, 2, None]


def test_four_bars_need_whole_bars_and_leave_out_what_is_before_them() -> None:
    bars = range(500, 33000, 1000)
    spans = beat_aligned(33000, bars, rules(10500, four_bars=True), ANYWHERE)
    assert ends(spans) == [(500, 8500), (8500, 16500), (16500, 24500), (24500, 32500)]
    assert {span.bars for span in spans} == {8}
    assert beat_aligned(60000, range(0, 60000, 6000), rules(23000, four_bars=True), ANYWHERE) == []
    assert beat_aligned(60000, [], rules(23000, four_bars=True), ANYWHERE) == []


def test_four_bars_go_on_behind_a_place_where_none_fit() -> None:
    slow = [*range(0, 9000, 3000), *range(9000, 30000, 1000)]
    spans = beat_aligned(30000, slow, rules(5000, four_bars=True), ANYWHERE)
    assert ends(spans)[0] == (9000, 13000)
    assert all(span.bars == 4 for span in spans)


def test_overlapping_crops_begin_on_the_downbeat_in_the_middle() -> None:
    bars = range(0, 20001, 1000)
    spans = beat_aligned(20000, bars, rules(4200, overlap=True), ANYWHERE)
    assert ends(spans)[:3] == [(0, 4000), (2000, 6000), (4000, 8000)]
    lonely = beat_aligned(16000, [0, 4000, 8000, 12000], rules(4200, overlap=True), ANYWHERE)
    assert ends(lonely)[:2] == [(0, 4000), (2000, 6200)]


def test_an_end_moves_to_a_crossing_and_the_next_crop_begins_there_or_a_little_behind() -> None:
    fine = Rules(4_700_000, 1_000_000)
    bars = range(0, 12_000_001, 2_000_000)
    near, far = (beat_aligned(12_000_000, bars, fine, Every(step)) for step in (300, 7_001))
    assert ends(near)[:2] == [(0, 3_999_900), (3_999_900, 8_000_100)]
    assert ends(far)[0] == (0, 4_000_000)  # none within half a millisecond: the length of the bars counts more
    assert far[1].start == -(-4_000_000 // 7_001) * 7_001


def bars_of(draw: st.DrawFn) -> list[int]:
    steps = draw(st.lists(st.integers(20, 3000), min_size=2, max_size=60))
    return [int(place) for place in np.cumsum([draw(st.integers(0, 2000)), *steps])]


@st.composite
def pieces(draw: st.DrawFn) -> tuple[int, list[int], Rules, Crossings]:
    chosen = Rules(
        draw(st.integers(400, 6000)), draw(st.integers(1000, 48000)), draw(st.booleans()), draw(st.booleans())
    )
    return draw(st.integers(0, 60000)), bars_of(draw), chosen, draw(crossings)


def check(spans: Sequence[Span], length: int, chosen: Rules) -> None:
    for span in spans:
        assert 0 <= span.start < span.stop <= length
        assert chosen.least <= span.length <= chosen.target
    for before, after in pairwise(spans):
        assert after.start > before.start
        if chosen.overlap and not chosen.four_bars:  # bars are left out where no four fit
            assert after.start < before.stop
        elif not chosen.overlap:
            assert after.start >= before.stop


@given(pieces())
def test_sequential_crops_follow_each_other_without_a_hole(
    piece: tuple[int, list[int], Rules, Crossings],
) -> None:
    length, _, chosen, where = piece
    spans = sequential(length, chosen, where)
    check(spans, length, chosen)
    assert all(span.length == chosen.target for span in spans[:-1])
    assert spans or length < chosen.least
    assert spans == [] or spans[0].start == 0
    assert all(after.start - before.stop <= chosen.reach for before, after in pairwise(spans))
    rest = length - (spans[-1].stop if spans else 0)
    assert rest < chosen.least + chosen.reach


@given(pieces())
def test_aligned_crops_follow_each_other_and_last_as_long_as_their_bars(
    piece: tuple[int, list[int], Rules, Crossings],
) -> None:
    length, heard, chosen, where = piece
    spans = beat_aligned(length, heard, chosen, where)
    downbeats = framed(heard, length, chosen)
    check(spans, length, chosen)
    for span in spans:
        if span.first is not None and span.last is not None:
            assert span.bars == span.last - span.first
            assert abs(span.length - (downbeats[span.last] - downbeats[span.first])) <= chosen.slack
        if span.first is not None:
            early = chosen.reach if span.start == 0 else chosen.slack
            assert -early <= span.start - downbeats[span.first] <= chosen.reach
    if chosen.four_bars:
        assert all(span.bars is not None and span.bars % 4 == 0 for span in spans)
        return
    assert spans or length < chosen.least
    assert spans == [] or spans[0].start == 0
    if not chosen.overlap:
        assert all(after.start - before.stop <= chosen.reach + chosen.slack for before, after in pairwise(spans))
    rest = length - (spans[-1].stop if spans else 0)
    assert rest < chosen.least + chosen.reach + chosen.slack


@pytest.mark.parametrize(("rate", "slack", "reach"), [(44100, 22, 441), (48000, 24, 480), (8000, 4, 80)])
def test_tolerances_are_half_a_millisecond_and_ten(rate: int, slack: int, reach: int) -> None:
    assert (Rules(1000, rate).slack, Rules(1000, rate).reach) == (slack, reach)
