"""Probes in child processes, their time, and the pace of the search."""

from collections.abc import Sequence

import pytest

from small_dataset_audio.hardware.benchmark.nursery import Nursery
from small_dataset_audio.hardware.benchmark.probe import ProbeResult
from small_dataset_audio.hardware.benchmark.prober import (
    CLIFF,
    VERIFY_STEPS,
    Clocked,
    Prober,
    Target,
    step_time,
)
from small_dataset_audio.hardware.benchmark.setup import Setup
from small_dataset_audio.hardware.benchmark.watchdog import Budget, Watch
from small_dataset_audio.hardware.memory import Memory
from support.benchmark_child import MIB, World, command, environ
from support.benchmark_messages import OUT_OF_MEMORY

GIB = 2**30


def watch() -> Watch:
    return Watch(Budget(64 * GIB, 64 * GIB, 0, Memory(64 * GIB, 64 * GIB)), free=lambda: 64 * GIB)


def prober(world: World, setup: Setup | None = None, *, forks: bool = True) -> Prober:
    target = Target("cpu", world.kind, 1, {"host_bytes": GIB, "headroom": 0.1, "limit_bytes": None})
    children = Nursery(forks=forks, environ=environ(), command=command(world))
    return Prober(children, target, setup or Setup(quick=True), watch, deadline=float("inf"))


def tried(world: World, batches: Sequence[tuple[int, bool]], setup: Setup | None = None) -> list[ProbeResult]:
    probing = prober(world, setup)
    with probing._nursery:
        return [probing(batch, fresh=fresh) for batch, fresh in batches]


def test_a_probe_that_goes_well() -> None:
    [result] = tried(World(), [(10, True)])
    assert result.fits
    assert (result.batch, result.ended, result.fresh, result.reason) == (10, "ok", True, None)
    assert result.peak_bytes == 800 * MIB
    assert result.spare_bytes == 2800 * MIB
    assert result.step == pytest.approx(0.02)
    assert result.steps >= VERIFY_STEPS
    assert result.seconds > 0


def test_the_first_probe_is_always_fresh_and_later_ones_use_its_process() -> None:
    probing = prober(World())
    with probing._nursery:
        assert [probing(batch, fresh=False).fresh for batch in (1, 2, 4)] == [True, False, False]
        assert probing(8, fresh=True).fresh
    assert probing.processes == 2
    assert len(probing.start_seconds) == 2


@pytest.mark.parametrize("forks", [False, True])
def test_a_child_that_has_only_looked_at_the_device_is_used_where_starting_one_is_dear(forks: bool) -> None:  # noqa: FBT001
    probing = prober(World(), forks=forks)
    with probing._nursery as children:
        children.fresh(timeout=20)
        first = children.pid
        assert probing(1, fresh=False).fresh
        assert (children.pid == first) is not forks


def test_a_probe_after_a_loss_starts_a_process_of_its_own_accord() -> None:
    results = tried(World(above="sigkill", at=[2]), [(1, False), (2, False), (3, False)])
    assert [(one.ended, one.fresh) for one in results] == [("ok", True), ("killed", False), ("ok", True)]
    assert results[1].lost
    assert "SIGKILL" in str(results[1].reason)


@pytest.mark.parametrize("backend", ["cuda", "hip", "mps", "cpu"])
def test_out_of_memory_of_every_backend_leaves_the_process_there(backend: str) -> None:
    results = tried(World(at=[2], message=OUT_OF_MEMORY[backend]), [(1, False), (2, False), (3, False)])
    assert [(one.ended, one.fresh) for one in results] == [("ok", True), ("oom", False), ("ok", False)]
    assert not results[1].fits
    assert not results[1].lost


def test_a_device_that_cannot_be_opened_is_an_error_and_no_crash() -> None:
    [result] = tried(World(fails_at="begin", fault="error", message="CUDA error: gone"), [(1, True)])
    assert (result.ended, result.reason) == ("error", "CUDA error: gone")


def test_metal_that_only_reports_makes_it_out_of_memory() -> None:
    [result] = tried(World(kind="mps", says=OUT_OF_MEMORY["mps queue"]), [(1, True)])
    assert result.ended == "oom"
    [result] = tried(World(kind="cuda", says=OUT_OF_MEMORY["mps queue"]), [(1, True)])
    assert result.ended == "ok"


def test_a_cliff_in_step_time_on_a_full_card_is_over_commitment() -> None:
    batches = [(1, True), (64, False), (100, False)]
    results = tried(World(kind="cuda", cliff_from=100), batches)
    assert [one.ended for one in results] == ["ok", "ok", "oom"]
    assert "the driver over-commits: a step takes" in str(results[2].reason)
    assert [one.ended for one in tried(World(kind="cpu", cliff_from=100), batches)] == ["ok"] * 3
    roomy = World(kind="cuda", cliff_from=100, free=40_000 * MIB)
    assert [one.ended for one in tried(roomy, batches)] == ["ok"] * 3, "on a card half empty it is something else"


def test_a_cliff_needs_something_to_compare_with() -> None:
    assert tried(World(kind="cuda", cliff_from=1), [(100, True)])[0].ended == "ok"
    assert CLIFF > 1


def test_long_steps_are_timed_once_while_exploring_and_more_often_when_verified() -> None:
    world = World(step_base=0.0, step_per=0.5)
    results = tried(world, [(1, True), (2, False), (4, False), (8, True)], Setup())
    assert [len(one.step_seconds) for one in results] == [2, 1, 1, 2]
    assert all(one.steps >= VERIFY_STEPS for one in results if one.fresh)


def test_a_probe_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("small_dataset_audio.hardware.benchmark.prober._PATIENCE_SECONDS", 0.5)
    results = tried(World(above="hang", at=[2]), [(1, False), (2, False), (3, False)])
    assert [one.ended for one in results] == ["ok", "timeout", "ok"]


def test_free_memory_is_that_before_the_first_probe() -> None:
    probing = prober(World())
    with probing._nursery:
        probing(1, fresh=True)
    assert probing.free_bytes == 4000 * MIB
    assert probing.budget_bytes == 3600 * MIB


def timed(*points: tuple[int, float]) -> list[ProbeResult]:
    return [ProbeResult(batch, "ok", fresh=False, step_seconds=(seconds,)) for batch, seconds in points]


@pytest.mark.parametrize(
    ("results", "batch", "expected"),
    [
        ([], 8, None),
        (timed((2, 1.0)), 8, 4.0),
        (timed((1, 0.2), (2, 0.3)), 8, 0.9),
        (timed((1, 0.2), (2, 0.2)), 8, 0.5),
        (timed((1, 0.2), (2, 0.1)), 8, 0.25),
        ([*timed((1, 0.2)), ProbeResult(64, "oom", fresh=False)], 2, 0.4),
    ],
)
def test_the_time_of_a_step_by_the_steps_so_far(results: list[ProbeResult], batch: int, expected: float | None) -> None:
    assert step_time(results, batch) == (None if expected is None else pytest.approx(expected))


def test_the_pace_gives_time_where_there_is_some() -> None:
    now = [0.0]
    pace = Clocked(100.0, [5.0, 1.0], clock=lambda: now[0])
    results = timed((1, 0.1), (2, 0.2), (4, 0.4))
    assert pace.explores(8, [])
    assert pace.explores(100, results)
    assert not pace.explores(101, results)
    verified = pace.affordable(results, verify=True)
    assert VERIFY_STEPS * 0.1 * verified + 5 <= 100
    assert pace.affordable(results, verify=False) > verified
    now[0] = 99.5
    assert pace.affordable(results, verify=True) == 1
    now[0] = 1000.0
    assert pace.affordable(results, verify=False) == 1
    assert not pace.explores(2, results)
    assert pace.affordable([], verify=True) == 1
