import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from small_dataset_audio.models.transcription.hits import Times
from small_dataset_audio.models.transcription.tempo import (
    AT_ONCE,
    SLOWEST_MICROSECONDS,
    TICKS,
    Metre,
    Tempo,
    TempoMap,
    bridged,
    tempo_map,
)

NONE = np.empty(0)


def steady(count: int, interval: float = 0.5, first: float = 0.0) -> Times:
    """Return the beats of a steady piece."""
    return np.asarray(first + interval * np.arange(count), dtype=np.float64)


def on_quarters(count: int) -> list[int]:
    return [TICKS * quarter for quarter in range(count)]


def seconds_at(made: TempoMap, tick: float) -> float:
    """Return when a tick is, by the changes of tempo alone, as a sequencer counts."""
    changes = [*made.tempi, Tempo(10**9, 1)]
    return sum(
        (min(tick, after.tick) - one.tick) / TICKS * one.microseconds / 1e6
        for one, after in itertools.pairwise(changes)
        if one.tick < tick
    )


def test_without_two_beats_there_is_neither_tempo_nor_metre() -> None:
    for beats in (NONE, np.array([1.0])):
        made = tempo_map(beats, NONE)
        assert (made.tempi, made.metres) == ((), ())
        assert made.tick(np.array([0.0, 0.5, 3.0])).tolist() == [0, TICKS, 6 * TICKS]  # 120 BPM


def test_a_steady_piece_from_the_first_moment_on() -> None:
    beats = steady(9)
    made = tempo_map(beats, beats[::4])
    assert made.tempi == (Tempo(0, 500_000),)
    assert made.metres == (Metre(0, 4, 4),)
    assert made.tick(beats).tolist() == on_quarters(9)
    assert made.tick(np.array([5.0])) == 10 * TICKS  # the last tempo goes on


def test_a_pick_up_puts_the_first_downbeat_on_a_bar_line() -> None:
    beats = steady(12, first=0.3)
    made = tempo_map(beats, beats[2::4])
    # 0.3 s are 0.6 of a quarter, 10/16 of it when rounded up to 64th notes; two beats come before the downbeat.
    assert made.metres == (Metre(0, 21, 32), Metre(2 * TICKS + 600, 4, 4))
    assert made.tempi[0] == Tempo(0, 480_000)
    assert made.tick(beats[:1]).tolist() == [600]


def test_bars_of_three_and_a_bar_that_differs() -> None:
    beats = steady(13, 0.4)
    downbeats = beats[[0, 3, 6, 8, 11]]
    made = tempo_map(beats, downbeats)
    assert made.metres == (Metre(0, 3, 4), Metre(6 * TICKS, 2, 4), Metre(8 * TICKS, 3, 4))


def test_a_piece_whose_first_bar_is_not_of_the_usual_length() -> None:
    beats = steady(14)
    made = tempo_map(beats, beats[[0, 2, 6, 10]])
    assert made.metres == (Metre(0, 2, 4), Metre(2 * TICKS, 4, 4))


def test_a_first_beat_at_once_begins_the_file() -> None:
    beats = steady(5, first=AT_ONCE / 2)
    made = tempo_map(beats, NONE)
    assert made.tick(beats).tolist() == on_quarters(5)
    assert seconds_at(made, 4 * TICKS) == pytest.approx(beats[4], abs=1e-6)
    assert made.tick(np.array([0.0]))[0] < 0  # what comes before is cut off by whoever writes


def test_a_gap_is_counted_through_at_the_tempo_around_it() -> None:
    beats = np.concatenate([steady(8), steady(8, first=5.5)])
    assert bridged(beats) == pytest.approx(steady(19))
    assert bridged(NONE).size == 0


def test_no_tempo_is_slower_than_the_format_can_say() -> None:
    made = tempo_map(np.array([0.0, 40.0, 80.0]), NONE)
    assert max(one.microseconds for one in made.tempi) <= SLOWEST_MICROSECONDS
    assert made.tick(np.array([40.0])) % TICKS == 0


@given(
    st.floats(0, 30),
    st.lists(st.floats(0.2, 2.0), min_size=1, max_size=60),
    st.integers(0, 5),
    st.integers(2, 7),
)
def test_every_beat_is_a_quarter_and_lies_where_it_was_measured(
    first: float, intervals: list[float], offset: int, per_bar: int
) -> None:
    beats = first + np.cumsum([0.0, *intervals])
    downbeats = beats[offset::per_bar]
    made = tempo_map(beats, downbeats)
    ticks = made.tick(beats)
    quarters = (ticks - ticks[0]) / TICKS
    assert (quarters == np.round(quarters)).all()
    assert (np.diff(ticks) >= TICKS).all()
    start = 0 if first >= AT_ONCE else 1
    for beat, tick in zip(beats[start:], ticks[start:], strict=True):
        assert seconds_at(made, tick) == pytest.approx(
            beat, abs=1e-4
        )  # a long pick-up has one tempo, in whole microseconds
    starts = [metre.tick for metre in made.metres]
    assert starts == sorted(set(starts))
    assert starts[0] == 0
    assert bar_lines(made, int(ticks[-1])) >= set(made.tick(downbeats).astype(int).tolist())


def bar_lines(made: TempoMap, last: int) -> set[int]:
    lines, tick = set(), 0
    while tick <= last:
        lines.add(tick)
        metre = [one for one in made.metres if one.tick <= tick][-1]
        tick += metre.numerator * 4 * TICKS // metre.denominator
    return lines
