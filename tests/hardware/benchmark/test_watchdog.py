"""The watch: a child is ended before the kernel does it."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from small_dataset_audio.hardware.benchmark import watchdog
from small_dataset_audio.hardware.benchmark.watchdog import Budget, Watch, budget_now, resident_memory
from small_dataset_audio.hardware.memory import Memory, host_memory
from support.hardware_roots import GIB, MIB, MOUNT_V1_MEMORY, MOUNT_V2, NO_LIMIT_V1, group, machine


def budget(free: int = 10 * GIB, headroom: float = 0.1, limit: int | None = None) -> Budget:
    return Budget.of(Memory(24 * GIB, free), headroom, limit)


def unlimited() -> None:
    return None


def test_a_tenth_stays_free_and_a_third_of_that_for_everybody() -> None:
    found = budget()
    assert found.host_bytes == 9 * GIB
    assert found.least_free == GIB // 3


def test_the_users_limit_is_kept_but_moves_nothing_else() -> None:
    assert budget(limit=2 * GIB).host_bytes == 2 * GIB
    assert budget(limit=20 * GIB).host_bytes == 9 * GIB
    assert budget(limit=2 * GIB).least_free == GIB // 3


@given(st.integers(0, 2**45), st.floats(0, 0.9))
def test_the_budget_never_passes_what_is_free(free: int, headroom: float) -> None:
    found = budget(free, headroom)
    assert 0 <= found.host_bytes <= free
    assert 0 <= found.least_free <= free - found.host_bytes


def test_the_least_of_all_limits_counts_in_a_container_of_version_2(tmp_path: Path) -> None:
    root = machine(tmp_path, groups="0::/pod/box\n", mounts=(MOUNT_V2,))
    group(root, "pod", {"memory.max": 2 * GIB, "memory.current": 600 * MIB, "memory.stat": "inactive_file 0"})
    group(root, "pod/box", {"memory.max": 4 * GIB, "memory.current": 100 * MIB, "memory.stat": "inactive_file 0"})
    found = Budget.of(host_memory(root, unlimited), 0.1)
    assert found.free_bytes == 2 * GIB - 600 * MIB
    assert found.host_bytes == int(found.free_bytes * 0.9)
    assert found.memory.limited_by == "memory.max of control group /pod"


def test_the_least_of_all_limits_counts_in_a_container_of_version_1(tmp_path: Path) -> None:
    root = machine(tmp_path, groups="4:memory:/docker/abc\n", mounts=(MOUNT_V1_MEMORY,))
    files = {
        "memory.limit_in_bytes": NO_LIMIT_V1,
        "memory.usage_in_bytes": 300 * MIB,
        "memory.stat": f"total_inactive_file {100 * MIB}\nhierarchical_memory_limit {GIB}",
    }
    group(root, "memory/docker/abc", files)
    found = Budget.of(host_memory(root, unlimited), 0.1)
    assert found.free_bytes == GIB - 200 * MIB
    assert found.memory.limited_by == "a control group above /docker/abc"


def test_the_budget_of_this_machine_leaves_the_address_space_to_the_child() -> None:
    found = budget_now(0.5)
    assert 0 < found.host_bytes < host_memory(address_space=unlimited).total


def test_a_child_within_its_budget_is_left_alone_and_its_peak_is_kept() -> None:
    held = iter([5 * GIB, 8 * GIB, 2 * GIB])
    watch = Watch(budget(), lambda _: next(held), lambda: 5 * GIB)
    assert [watch.look(1) for _ in range(3)] == [None, None, None]
    assert watch.peak == 8 * GIB


def test_a_child_past_its_budget_is_to_be_ended() -> None:
    watch = Watch(budget(), lambda _: 9 * GIB + 1, lambda: 5 * GIB)
    assert watch.look(1) == "the process was ended when it held 9.00 GiB: its budget is 9.00 GiB"


def test_a_child_is_ended_when_others_take_the_memory() -> None:
    watch = Watch(budget(), lambda _: GIB, lambda: 100 * MIB)
    assert watch.look(1) == "the process was ended when only 0.10 GiB were free on this machine"


def test_the_whole_machine_is_looked_at_less_often() -> None:
    now = [0.0]
    looks: list[float] = []

    def free() -> int:
        looks.append(now[0])
        return 5 * GIB

    watch = Watch(budget(), lambda _: GIB, free, lambda: now[0])
    for _ in range(101):
        watch.look(1)
        now[0] += 0.002
    assert len(looks) == 5


def test_the_nearer_to_the_budget_the_more_often_it_is_looked_at() -> None:
    held = [0]
    watch = Watch(budget(), lambda _: held[0], lambda: 5 * GIB)
    pauses = []
    for held[0] in (0, 8 * GIB, 9 * GIB - 80 * MIB, 9 * GIB - MIB):
        watch.look(1)
        pauses.append(watch.pause())
    assert pauses == sorted(pauses, reverse=True)
    assert pauses[0] == watchdog.SLOWEST
    assert pauses[-1] == watchdog.FASTEST


def test_a_process_that_fills_memory_as_fast_as_it_can_is_caught_within_the_headroom() -> None:
    for free in (GIB, 4 * GIB, 64 * GIB):
        found = budget(free)
        held, watch = [0.0], Watch(found, lambda _: int(held[0]), lambda: GIB)  # noqa: B023 - read at once
        while watch.look(1) is None:
            held[0] += watch.pause() * watchdog.FILLED_PER_SECOND
        assert held[0] < free


def test_the_resident_memory_of_a_process() -> None:
    own = resident_memory(os.getpid())
    assert own is not None
    assert 10 * MIB < own < 8 * GIB
    assert resident_memory(2**22 + 1) is None


def test_where_there_is_no_proc_psutil_is_asked(tmp_path: Path) -> None:
    own = resident_memory(os.getpid(), tmp_path)
    assert own is not None
    assert own > 10 * MIB
    assert resident_memory(2**22 + 1, tmp_path) is None


@pytest.mark.parametrize("content", ["", "123", "one two three"])
def test_a_damaged_answer_of_the_kernel_is_none(tmp_path: Path, content: str) -> None:
    for folder in ("self", "7"):
        (tmp_path / "proc" / folder).mkdir(parents=True)
        (tmp_path / "proc" / folder / "statm").write_text(content)
    assert resident_memory(7, tmp_path) is None


def test_a_child_that_is_gone_holds_nothing() -> None:
    watch = Watch(budget(), lambda _: None, lambda: 5 * GIB)
    assert watch.look(1) is None
    assert watch.peak == 0
