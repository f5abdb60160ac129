"""Memory is what this process may use, not what the machine has."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from small_dataset_audio.hardware.memory import Memory, address_space_limit, device_memory, host_memory
from support.hardware_roots import (
    GIB,
    KIB,
    MIB,
    MOUNT_HYBRID_V2,
    MOUNT_V1_MEMORY,
    MOUNT_V2,
    NO_LIMIT_V1,
    group,
    machine,
)
from support.hardware_torch import Card, Machine, fake_torch


def unlimited() -> None:
    return None


def host(root: Path) -> Memory:
    return host_memory(root, unlimited)


def test_a_machine_without_limits(tmp_path: Path) -> None:
    assert host(machine(tmp_path)) == Memory(24 * GIB, 20 * GIB, None, None)


def test_a_container_of_2_gib_on_a_host_of_24(tmp_path: Path) -> None:
    root = machine(tmp_path, groups="0::/\n", mounts=(MOUNT_V2,))
    group(root, "", {"memory.max": 2 * GIB, "memory.current": 300 * MIB, "memory.stat": f"inactive_file {100 * MIB}"})
    assert host(root) == Memory(2 * GIB, 2 * GIB - 200 * MIB, 2 * GIB, "memory.max of control group /")


def test_version_1_counts_file_cache_as_free(tmp_path: Path) -> None:
    root = machine(tmp_path, groups="4:memory:/docker/abc\n", mounts=(MOUNT_V1_MEMORY,))
    files = {
        "memory.limit_in_bytes": 4 * GIB,
        "memory.usage_in_bytes": 3 * GIB,
        "memory.stat": f"inactive_file 5\ntotal_inactive_file {2 * GIB}\nhierarchical_memory_limit {4 * GIB}",
    }
    group(root, "memory/docker/abc", files)
    expected = "memory.limit_in_bytes of control group /docker/abc"
    assert host(root) == Memory(4 * GIB, 3 * GIB, 4 * GIB, expected)


def test_version_1_without_a_limit_has_none(tmp_path: Path) -> None:
    root = machine(tmp_path, groups="4:memory:/\n", mounts=(MOUNT_V1_MEMORY,))
    stat = f"hierarchical_memory_limit {NO_LIMIT_V1}"
    group(root, "memory", {"memory.limit_in_bytes": NO_LIMIT_V1, "memory.usage_in_bytes": 5, "memory.stat": stat})
    assert host(root).limit is None


def test_the_limit_of_an_ancestor_binds(tmp_path: Path) -> None:
    root = machine(tmp_path, groups="0::/pods/pod1/app\n", mounts=(MOUNT_V2,))
    group(root, "pods/pod1/app", {"memory.max": "max", "memory.current": GIB})
    group(root, "pods/pod1", {"memory.max": 3 * GIB, "memory.current": 2 * GIB})
    group(root, "pods", {"memory.max": 8 * GIB, "memory.current": 2 * GIB})
    assert host(root) == Memory(3 * GIB, GIB, 3 * GIB, "memory.max of control group /pods/pod1")


def test_a_full_ancestor_leaves_less_than_the_own_limit(tmp_path: Path) -> None:
    root = machine(tmp_path, groups="0::/pod/app\n", mounts=(MOUNT_V2,))
    group(root, "pod/app", {"memory.max": 2 * GIB, "memory.current": 0})
    group(root, "pod", {"memory.max": 4 * GIB, "memory.current": 4 * GIB - 100 * MIB})
    found = host(root)
    assert (found.total, found.free) == (2 * GIB, 100 * MIB)


def test_a_limit_above_a_container_that_sees_only_itself(tmp_path: Path) -> None:
    mount = "35 31 0:32 /pod/app /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory"
    root = machine(tmp_path, groups="4:memory:/pod/app\n", mounts=(mount,))
    stat = f"hierarchical_memory_limit {GIB}"
    group(root, "memory", {"memory.limit_in_bytes": NO_LIMIT_V1, "memory.usage_in_bytes": 0, "memory.stat": stat})
    assert host(root) == Memory(GIB, GIB, GIB, "a control group above /pod/app")


def test_version_1_ancestors_without_hierarchy_do_not_bind(tmp_path: Path) -> None:
    root = machine(tmp_path, groups="4:memory:/parent/child\n", mounts=(MOUNT_V1_MEMORY,))
    group(root, "memory/parent/child", {"memory.limit_in_bytes": 2 * GIB, "memory.usage_in_bytes": 0})
    group(
        root, "memory/parent", {"memory.limit_in_bytes": GIB, "memory.usage_in_bytes": GIB, "memory.use_hierarchy": 0}
    )
    assert (host(root).total, host(root).free) == (2 * GIB, 2 * GIB)
    group(root, "memory/parent", {"memory.use_hierarchy": 1})
    assert (host(root).total, host(root).free) == (GIB, 0)


def test_a_hybrid_system_takes_the_lower_of_both(tmp_path: Path) -> None:
    root = machine(tmp_path, groups="4:memory:/job\n0::/job\n", mounts=(MOUNT_V1_MEMORY, MOUNT_HYBRID_V2))
    group(root, "memory/job", {"memory.limit_in_bytes": 6 * GIB, "memory.usage_in_bytes": GIB})
    group(root, "unified/job", {"cgroup.procs": 1})
    assert host(root).total == 6 * GIB
    group(root, "unified/job", {"memory.high": 5 * GIB, "memory.current": GIB})
    assert host(root) == Memory(5 * GIB, 4 * GIB, 5 * GIB, "memory.high of control group /job")


def test_a_limit_above_the_machine_is_none(tmp_path: Path) -> None:
    root = machine(tmp_path, groups="0::/\n", mounts=(MOUNT_V2,))
    group(root, "", {"memory.max": 64 * GIB, "memory.current": 63 * GIB})
    assert host(root) == Memory(24 * GIB, GIB, None, None)


def test_more_in_use_than_allowed_is_nothing_free(tmp_path: Path) -> None:
    root = machine(tmp_path, groups="0::/\n", mounts=(MOUNT_V2,))
    group(root, "", {"memory.max": GIB, "memory.current": 2 * GIB})
    assert host(root).free == 0


@pytest.mark.parametrize("usage", [{}, {"memory.current": "?"}])
def test_a_limit_with_unknown_use(tmp_path: Path, usage: dict[str, str]) -> None:
    root = machine(tmp_path, groups="0::/\n", mounts=(MOUNT_V2,))
    group(root, "", {"memory.max": GIB, **usage})
    assert host(root).free == GIB


def test_the_address_space_limit_counts(tmp_path: Path) -> None:
    root = machine(tmp_path)
    (root / "proc/self/status").write_text(f"Name:\tpython\nVmSize:\t {GIB // KIB} kB\n")
    expected = "the address space limit of this process (ulimit -v)"
    assert host_memory(root, lambda: 3 * GIB) == Memory(3 * GIB, 2 * GIB, 3 * GIB, expected)


@pytest.mark.parametrize("status", [None, "Name:\tpython\n", "VmSize:\n", "VmSize: many kB\n"])
def test_an_unknown_address_space_is_asked_of_psutil(tmp_path: Path, status: str | None) -> None:
    root = machine(tmp_path)
    if status is not None:
        (root / "proc/self/status").write_text(status)
    used = psutil.Process().memory_info().vms
    assert host_memory(root, lambda: 2 * used).free == pytest.approx(used, rel=0.3)


@pytest.mark.parametrize("meminfo", [None, "MemTotal: 5 kB\n", "MemTotal:\n", "MemTotal: x kB\n"])
def test_systems_without_meminfo_ask_psutil(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, meminfo: str | None
) -> None:
    if meminfo is not None:
        (tmp_path / "proc").mkdir()
        (tmp_path / "proc/meminfo").write_text(meminfo)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(total=16 * GIB, available=9 * GIB))
    assert host(tmp_path) == Memory(16 * GIB, 9 * GIB)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux enforces RLIMIT_AS")
def test_the_address_space_limit_of_a_real_process() -> None:
    assert address_space_limit() is None or address_space_limit() > 0  # type: ignore[operator]
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (8 * 2**30, 8 * 2**30))\n"
        "from small_dataset_audio.hardware.memory import host_memory\n"
        "found = host_memory(); print(found.total, found.free < found.total)"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    total, less = answer.stdout.split()
    assert int(total) <= 8 * GIB
    assert less == "True"


def test_this_machine_answers() -> None:
    found = host_memory()
    assert 0 < found.free <= found.total


def test_memory_as_json() -> None:
    assert Memory(4, 3, 4, "x").as_dict() == {"total": 4, "free": 3, "limit": 4, "limited_by": "x"}


@given(
    st.lists(st.tuples(st.integers(0, 2**40), st.integers(0, 2**40), st.integers(0, 2**40)), min_size=1, max_size=4),
    st.integers(1, 2**30),
)
def test_never_more_than_any_level_allows(
    tmp_path_factory: pytest.TempPathFactory, levels: list[tuple[int, int, int]], total_kib: int
) -> None:
    path = "/".join("abcd"[: len(levels)])
    total = total_kib * KIB
    root = machine(tmp_path_factory.mktemp("root"), total, total, groups=f"0::/{path}\n", mounts=(MOUNT_V2,))
    for depth, (limit, used, cache) in enumerate(levels):
        files = {"memory.max": limit, "memory.current": used, "memory.stat": f"inactive_file {cache}"}
        group(root, "/".join("abcd"[: depth + 1]), files)
    found = host(root)
    assert found.total == min(total, *(limit for limit, _, _ in levels), total)
    assert 0 <= found.free <= found.total
    for limit, used, cache in levels:
        assert found.free <= max(0, limit - max(0, used - cache))
    assert (found.limit is None) == (found.total == total)


def test_a_cuda_card_is_asked_by_its_number() -> None:
    torch = fake_torch(Machine(cards=(Card(), Card(total=8 * GIB, free=GIB))))
    assert device_memory("cuda:1", torch) == Memory(8 * GIB, GIB)
    assert device_memory("cuda", torch) == Memory(140 * GIB, 139 * GIB)


def test_a_card_that_does_not_answer_is_an_error() -> None:
    torch = fake_torch(Machine(cards=(Card(silent="CUDA error: out of memory"),)))
    with pytest.raises(RuntimeError, match="out of memory"):
        device_memory("cuda:0", torch)


def test_metal_is_bounded_by_its_working_set() -> None:
    torch = fake_torch(Machine(kind="mps", recommended=10 * GIB, held=4 * GIB))
    expected = Memory(10 * GIB, 6 * GIB, 10 * GIB, "the working set that Metal recommends")
    assert device_memory("mps", torch, Memory(16 * GIB, 12 * GIB)) == expected


def test_metal_is_bounded_by_the_memory_it_shares() -> None:
    torch = fake_torch(Machine(kind="mps", recommended=10 * GIB, held=0))
    assert device_memory("mps", torch, Memory(16 * GIB, 3 * GIB)).free == 3 * GIB


@pytest.mark.parametrize("recommended", [0, 16 * GIB, 99 * GIB])
def test_metal_without_a_bound_of_its_own_has_the_hosts(recommended: int) -> None:
    torch = fake_torch(Machine(kind="mps", recommended=recommended))
    assert device_memory("mps", torch, Memory(16 * GIB, 12 * GIB)) == Memory(16 * GIB, 12 * GIB)


def test_the_cpu_has_the_hosts_memory() -> None:
    torch = fake_torch(Machine(kind=None))
    assert device_memory("cpu", torch, Memory(5, 4)) == Memory(5, 4)
    assert device_memory("cpu", torch).total == host_memory().total
