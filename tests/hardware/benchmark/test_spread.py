"""Medians, with their spread; warm-up left out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from small_dataset_audio.hardware.benchmark.spread import LEAST_SPREAD, MOST_RUNS, Spread, repeat

positive = st.floats(1e-6, 1e15)


@given(st.lists(positive, min_size=1))
def test_the_median_lies_between_the_least_and_the_greatest(values: list[float]) -> None:
    spread = Spread.of(values)
    assert spread.low <= spread.median <= spread.high
    assert spread.samples == len(values)
    assert spread.width >= LEAST_SPREAD * spread.median


@given(st.lists(positive, min_size=1))
def test_a_file_keeps_six_digits(values: list[float]) -> None:
    spread = Spread.of(values)
    kept = Spread.from_dict(spread.as_dict())
    assert kept.median == pytest.approx(spread.median, rel=1e-5)
    assert kept.high == pytest.approx(spread.high, rel=1e-5)
    assert kept.samples == spread.samples


class Clock:
    """Every look at it takes as long as a test says."""

    def __init__(self, tick: float) -> None:
        self.now = 0.0
        self.tick = tick

    def __call__(self) -> float:
        self.now += self.tick
        return self.now


def test_work_is_repeated_and_the_first_time_does_not_count() -> None:
    done: list[str] = []
    times = repeat(
        lambda: done.append("work"), least=3, seconds=0.0, before=lambda: done.append("before"), clock=Clock(0.5)
    )
    assert times == [0.5, 0.5, 0.5]
    assert done == ["before", "work"] * 4


def test_short_work_is_repeated_until_it_took_long_enough() -> None:
    assert len(repeat(lambda: None, least=1, seconds=2.0, clock=Clock(0.5))) == 4


@pytest.mark.parametrize("tick", [0.0, 1e-12])
def test_work_that_takes_no_time_ends_all_the_same(tick: float) -> None:
    times = repeat(lambda: None, least=3, seconds=1.0, clock=Clock(tick))
    assert len(times) == MOST_RUNS
    assert min(times) > 0
