"""The search, over every kind of memory that a machine may have."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from small_dataset_audio.hardware.benchmark.probe import Ended, ProbeResult
from small_dataset_audio.hardware.benchmark.search import Found, Unhurried, capacity, search, step

MIB = 2**20
GIB = 2**30
PROCESSES = 5

Curve = Callable[[int], float]


@dataclass
class Machine:
    """Memory as a function of the batch, and what happens when there is not enough."""

    needs: Curve
    budget: float
    above: Ended = "oom"
    measurable: bool = True
    near: float = 1.0
    """Up to this many budgets the batch runs, but goes into the headroom."""
    stale: float = 0.0
    """What an old process has lost to pieces that it cannot use, as a part of the budget."""
    tried: list[tuple[int, bool]] = field(default_factory=list)
    started: int = 0
    alive: bool = False

    def __call__(self, batch: int, *, fresh: bool) -> ProbeResult:
        assert batch >= 1
        assert fresh or self.alive, "a process that was lost cannot be used again"
        self.started += fresh
        self.alive = True
        self.tried.append((batch, fresh))
        needs = self.needs(batch)
        spare = int(self.budget * (1 if fresh else 1 - self.stale) - needs)
        if spare >= 0 or needs <= self.budget * self.near:
            told = spare if self.measurable else None
            return ProbeResult(batch, "ok", fresh, told, int(needs), (0.1, 0.1), 3)
        result = ProbeResult(batch, self.above, fresh, reason="memory ran out")
        self.alive = not result.lost
        return result

    def largest(self, ceiling: int) -> int:
        """Return the true answer, for memory that never falls with the batch; 0 if nothing fits."""
        low, high = 0, ceiling + 1
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self.needs(middle) <= self.budget else (low, middle)
        return low


def line(base: float, per: float) -> Curve:
    return lambda batch: base + per * batch


def curves() -> st.SearchStrategy[Curve]:
    """Memory that never falls: lines, powers, steps of powers of two, jumps, kinks, and sums of them."""
    base = st.integers(0, GIB)
    per = st.floats(5, 9).map(lambda power: 10**power)
    at = st.integers(1, 4096)
    powers = st.builds(lambda b, p, e: lambda n: b + p * n**e, base, per, st.floats(0.6, 1.6))
    stairs = st.builds(lambda b, p: lambda n: b + p * 2 ** (n - 1).bit_length(), base, per)
    jumps = st.builds(
        lambda b, p, a, j: lambda n: b + p * n + (j if n >= a else 0), base, per, at, st.integers(0, 10 * GIB)
    )
    kinks = st.builds(lambda b, p, a: lambda n: b + p * n + 3 * p * max(0, n - a), base, per, at)
    flats = st.builds(lambda b, p, a: lambda n: b + p * min(n, a), base, per, at)
    return st.one_of(st.builds(line, base, per), powers, stairs, jumps, kinks, flats)


@given(
    needs=curves(),
    budget=st.floats(8.5, 11.5).map(lambda power: 10**power),
    ceiling=st.one_of(st.just(4096), st.integers(1, 5000)),
    near=st.sampled_from([1.0, 1.1]),
    processes=st.integers(4, 6),
)
@settings(max_examples=200, deadline=None)
@example(line(500 * MIB, 31 * MIB), 20 * GIB, 4096, 1.0, 5)
@example(line(0, 1), 1e9, 4096, 1.0, 4)
def test_the_answer_fits_and_is_within_one_step_of_the_best(
    needs: Curve, budget: float, ceiling: int, near: float, processes: int
) -> None:
    machine = Machine(needs, budget, near=near)
    found = search(machine, ceiling=ceiling, processes=processes)
    best = machine.largest(ceiling)
    assert machine.started <= processes
    assert len(machine.tried) < 40
    if found.batch is None:
        assert best == 0
        return
    assert machine.needs(found.batch) <= budget
    assert best - found.batch <= step(found.batch)
    assert (found.batch, True) in machine.tried
    assert found.bound == ("ceiling" if found.batch == ceiling else "memory")


@given(
    needs=curves(),
    budget=st.floats(8.5, 11.5).map(lambda power: 10**power),
    ceiling=st.integers(1, 5000),
    above=st.sampled_from(["killed", "timeout", "error"]),
    processes=st.integers(2, 6),
)
@settings(max_examples=200, deadline=None)
def test_where_every_failure_costs_a_process_the_answer_still_fits(
    needs: Curve, budget: float, ceiling: int, above: Ended, processes: int
) -> None:
    machine = Machine(needs, budget, above)
    found = search(machine, ceiling=ceiling, processes=processes)
    assert machine.started <= processes
    assert found.batch is None or machine.needs(found.batch) <= budget
    if found.bound == "memory" and found.batch is not None:
        assert machine.largest(ceiling) - found.batch <= step(found.batch)


@given(seed=st.integers(0, 2**32), budget=st.integers(1, 4096), ceiling=st.integers(1, 4096))
@settings(max_examples=60, deadline=None)
def test_memory_that_is_not_monotonic_ends_in_a_batch_that_was_really_run(seed: int, budget: int, ceiling: int) -> None:
    machine = Machine(lambda n: n * Random(seed + n).uniform(0.7, 1.4) * MIB, budget * MIB)
    found = search(machine, ceiling=ceiling, processes=PROCESSES)
    assert machine.started <= PROCESSES
    if found.batch is not None:
        assert machine.needs(found.batch) <= machine.budget
        assert (found.batch, True) in machine.tried


def test_on_a_line_two_processes_are_enough_and_the_batch_above_was_tried() -> None:
    machine = Machine(line(500 * MIB, 31 * MIB), 20 * GIB)
    found = search(machine, ceiling=4096, processes=PROCESSES)
    assert found.batch is not None
    assert machine.started == 2
    assert found.bound == "memory"
    assert found.projected == machine.largest(4096)
    failed = [batch for batch, _ in machine.tried if machine.needs(batch) > machine.budget]
    assert min(failed) <= found.batch + step(found.batch)


@pytest.mark.parametrize("ceiling", [1, 2, 3, 100, 127, 128, 4096])
def test_the_ceiling_itself_is_tried_also_when_it_is_no_power_of_two(ceiling: int) -> None:
    machine = Machine(line(MIB, 1), GIB)
    found = search(machine, ceiling=ceiling, processes=PROCESSES)
    assert (found.batch, found.bound) == (ceiling, "ceiling")
    assert (ceiling, True) in machine.tried
    assert max(batch for batch, _ in machine.tried) == ceiling


def test_the_last_doubling_is_not_lost() -> None:
    """The optimum lies between the last power of two that fits and the first that does not."""
    machine = Machine(line(0, 100 * MIB), 127 * 100 * MIB)
    found = search(machine, ceiling=4096, processes=PROCESSES)
    assert found.batch is not None
    assert 127 - found.batch <= step(found.batch)


def test_nothing_fits() -> None:
    machine = Machine(line(2 * GIB, MIB), GIB)
    found = search(machine, ceiling=4096, processes=PROCESSES)
    assert found == Found(None, "memory", None, found.results)
    assert machine.tried == [(1, True)]


def test_the_first_probe_is_killed() -> None:
    machine = Machine(line(2 * GIB, MIB), GIB, "killed")
    found = search(machine, ceiling=4096, processes=PROCESSES)
    assert found.batch is None
    assert machine.started == 1


def test_exactly_one_example_fits() -> None:
    machine = Machine(line(0, GIB), GIB)
    found = search(machine, ceiling=4096, processes=PROCESSES)
    assert (found.batch, found.bound) == (1, "memory")


def test_memory_that_is_not_told_is_found_by_halving() -> None:
    machine = Machine(line(0, MIB), 1000 * MIB, measurable=False)
    found = search(machine, ceiling=4096, processes=PROCESSES)
    assert found.batch is not None
    assert 1000 - found.batch <= step(found.batch)
    assert found.projected is None


def test_a_batch_that_goes_into_the_headroom_does_not_count_as_fitting() -> None:
    machine = Machine(line(0, MIB), 1000 * MIB, near=2.0)
    found = search(machine, ceiling=4096, processes=PROCESSES)
    assert found.batch is not None
    assert 1000 - step(1000) <= found.batch <= 1000


def test_an_old_process_that_cannot_use_all_memory_hides_at_most_its_part() -> None:
    machine = Machine(line(0, MIB), 1000 * MIB, stale=0.05)
    found = search(machine, ceiling=4096, processes=PROCESSES)
    assert found.batch is not None
    assert 900 <= found.batch <= 1000
    assert machine.started <= PROCESSES


def test_what_a_new_process_cannot_do_is_not_reported_although_an_old_one_could() -> None:
    """The bug of other finders: the size that is found runs out of memory when it is used."""

    @dataclass
    class Treacherous(Machine):
        def __call__(self, batch: int, *, fresh: bool) -> ProbeResult:
            if fresh and batch > 50:
                self.started += 1
                self.alive = True
                self.tried.append((batch, fresh))
                return ProbeResult(batch, "oom", fresh, reason="memory ran out")
            return super().__call__(batch, fresh=fresh)

    machine = Treacherous(line(0, MIB), 100 * MIB)
    found = search(machine, ceiling=4096, processes=6)
    assert found.batch is not None
    assert found.batch <= 50
    assert (found.batch, True) in machine.tried


def test_every_process_is_killed_but_the_first() -> None:
    machine = Machine(lambda n: n * MIB if n <= 4 else GIB * n, GIB, "killed")
    found = search(machine, ceiling=4096, processes=4)
    assert found.batch in {1, 2, 3, 4}
    assert machine.started <= 4


def test_one_process_is_kept_for_the_verification() -> None:
    machine = Machine(lambda n: n * MIB + (10 * GIB if n > 700 else 0), GIB, "killed")
    found = search(machine, ceiling=4096, processes=3)
    assert found.batch is not None
    assert 512 <= found.batch <= 700
    assert (found.batch, True) in machine.tried


class Watch:
    """A pace with a clock of its own: a verification costs three steps, a try two."""

    def __init__(self, left: float) -> None:
        self.left = left

    def explores(self, batch: int, results: Sequence[ProbeResult]) -> bool:
        return batch <= 0.2 * self.left

    def affordable(self, results: Sequence[ProbeResult], *, verify: bool) -> int:
        return max(1, int(self.left / (3 if verify else 2)))


def timed(machine: Machine, watch: Watch) -> Callable[..., ProbeResult]:
    def probe(batch: int, *, fresh: bool) -> ProbeResult:
        watch.left -= batch * (3 if fresh else 2)
        return machine(batch, fresh=fresh)

    return probe


@pytest.mark.parametrize("seconds", [5, 50, 500, 5000])
def test_a_search_that_must_end_in_time_says_that_time_ended_it(seconds: int) -> None:
    machine, watch = Machine(line(0, MIB), 4000 * MIB), Watch(seconds)
    found = search(timed(machine, watch), ceiling=4096, processes=PROCESSES, pace=watch)
    assert found.bound == "time"
    assert found.batch is not None
    assert (found.batch, True) in machine.tried
    assert watch.left >= -3 * 2
    assert found.projected is None or found.projected == 4000


def test_time_left_over_is_used_to_prove_that_no_more_fits() -> None:
    machine, watch = Machine(line(0, MIB), 100 * MIB), Watch(1000)
    found = search(timed(machine, watch), ceiling=4096, processes=PROCESSES, pace=watch)
    assert found.bound == "memory"
    assert found.batch is not None
    assert found.batch >= 97


def test_no_time_at_all_still_measures_one_example() -> None:
    machine, watch = Machine(line(0, MIB), 100 * MIB), Watch(0)
    found = search(timed(machine, watch), ceiling=4096, processes=PROCESSES, pace=watch)
    assert (found.batch, found.bound) == (1, "time")


def test_a_known_batch_that_can_no_longer_be_verified_in_time_gives_way_to_a_smaller_one() -> None:
    class Suddenly(Unhurried):
        def affordable(self, results: Sequence[ProbeResult], *, verify: bool) -> int:
            return 10 if len(results) > 5 else 4096

    machine = Machine(line(0, MIB), 3000 * MIB)
    found = search(machine, ceiling=4096, processes=PROCESSES, pace=Suddenly())
    assert (found.batch, found.bound) == (10, "time")


def result(batch: int, spare: int | None, ended: Ended = "ok") -> ProbeResult:
    return ProbeResult(batch, ended, fresh=False, spare_bytes=spare)


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ([], None),
        ([result(4, 60)], None),
        ([result(2, 80), result(4, 60)], 10),
        ([result(2, 80), result(4, -20)], 3),
        ([result(2, 80), result(4, 80)], None),
        ([result(2, 80), result(4, 90)], None),
        ([result(2, 80), result(4, None)], None),
        ([result(2, 80), result(4, 60), result(8, None, "oom")], 10),
        ([result(64, 100), result(100, 28), result(101, 99)], 101 + 99 * 37),
    ],
)
def test_the_end_of_the_line(results: list[ProbeResult], expected: int | None) -> None:
    assert capacity(results) == expected


@pytest.mark.parametrize(("batch", "expected"), [(1, 1), (31, 1), (64, 2), (4096, 128)])
def test_steps_are_a_32nd_of_the_batch(batch: int, expected: int) -> None:
    assert step(batch) == expected
