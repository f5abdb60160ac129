"""Control groups are found where containers, services and old and new systems put them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from small_dataset_audio.hardware.cgroup import ControlGroup, _mounts, _unescaped, control_groups
from support.hardware_roots import MOUNT_HYBRID_V2, MOUNT_V1_CPU, MOUNT_V1_MEMORY, MOUNT_V2, group, machine


def names(groups: list[ControlGroup]) -> list[tuple[int, str]]:
    return [(found.version, found.name) for found in groups]


def test_a_group_of_version_2_comes_with_its_ancestors(tmp_path: Path) -> None:
    root = machine(tmp_path, groups="0::/user.slice/app.scope\n", mounts=(MOUNT_V2,))
    group(root, "user.slice/app.scope", {})
    assert names(control_groups("memory", root)) == [(2, "/user.slice/app.scope"), (2, "/user.slice"), (2, "/")]


def test_a_group_of_version_1_is_that_of_the_controller(tmp_path: Path) -> None:
    groups = "4:memory:/jobs/7\n1:cpu,cpuacct:/shares\n9:name=systemd:/elsewhere\n"
    root = machine(tmp_path, groups=groups, mounts=(MOUNT_V1_MEMORY, MOUNT_V1_CPU))
    group(root, "memory/jobs/7", {})
    group(root, "cpu,cpuacct/shares", {})
    assert names(control_groups("memory", root)) == [(1, "/jobs/7"), (1, "/jobs"), (1, "/")]
    assert names(control_groups("cpu", root)) == [(1, "/shares"), (1, "/")]


def test_hybrid_systems_have_both(tmp_path: Path) -> None:
    root = machine(tmp_path, groups="4:memory:/job\n0::/job\n", mounts=(MOUNT_V1_MEMORY, MOUNT_HYBRID_V2))
    group(root, "memory/job", {})
    group(root, "unified/job", {})
    assert names(control_groups("memory", root)) == [(1, "/job"), (1, "/"), (2, "/job"), (2, "/")]


def test_a_container_that_sees_only_its_own_part(tmp_path: Path) -> None:
    mount = "35 31 0:32 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory"
    root = machine(tmp_path, groups="4:memory:/docker/abc\n", mounts=(mount,))
    group(root, "memory", {"memory.limit_in_bytes": 5})
    (found,) = control_groups("memory", root)
    assert (found.name, found.number("memory.limit_in_bytes")) == ("/docker/abc", 5)


def test_a_container_whose_path_is_not_mounted_uses_what_is(tmp_path: Path) -> None:
    mount = "35 31 0:32 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory"
    root = machine(tmp_path, groups="4:memory:/kubepods/pod1/xyz\n", mounts=(mount,))
    group(root, "memory", {})
    assert names(control_groups("memory", root)) == [(1, "/docker/abc")]


def test_a_group_inside_a_container(tmp_path: Path) -> None:
    mount = "35 31 0:32 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory"
    root = machine(tmp_path, groups="4:memory:/docker/abc/inner\n", mounts=(mount,))
    group(root, "memory/inner", {})
    assert names(control_groups("memory", root)) == [(1, "/docker/abc/inner"), (1, "/docker/abc")]


def test_a_process_outside_its_namespace_uses_the_mount(tmp_path: Path) -> None:
    root = machine(tmp_path, groups="0::/../sibling\n", mounts=(MOUNT_V2,))
    group(root, "", {})
    assert names(control_groups("memory", root)) == [(2, "/")]


def test_the_longest_fitting_mount_wins(tmp_path: Path) -> None:
    inner = "99 31 0:28 /a /sys/fs/cgroup/part rw - cgroup2 cgroup2 rw"
    root = machine(tmp_path, groups="0::/a/b\n", mounts=(MOUNT_V2, inner))
    group(root, "part/b", {})
    assert [found.folder for found in control_groups("memory", root)] == [
        root / "sys/fs/cgroup/part/b",
        root / "sys/fs/cgroup/part",
    ]


@pytest.mark.parametrize("groups", ["", "nonsense\n", "0::\n", "0::relative\n", "3:cpu:/x\n", "4:memory:/x\n"])
def test_no_group_no_answer(tmp_path: Path, groups: str) -> None:
    root = machine(tmp_path, groups=groups, mounts=("1 2 3 - cgroup2", "", "a b c d e f - ext4 /dev/vda rw"))
    assert control_groups("memory", root) == []


def test_a_group_whose_folder_is_gone_leaves_its_ancestors(tmp_path: Path) -> None:
    root = machine(tmp_path, groups="0::/app/gone\n", mounts=(MOUNT_V2,))
    group(root, "app", {})
    assert names(control_groups("memory", root)) == [(2, "/app"), (2, "/")]


def test_a_system_without_proc(tmp_path: Path) -> None:
    assert control_groups("memory", tmp_path) == []


def test_folders_with_spaces_are_unescaped(tmp_path: Path) -> None:
    mount = r"31 23 0:28 / /sys/fs/cgroup/with\040space rw - cgroup2 cgroup2 rw"
    root = machine(tmp_path, groups="0::/\n", mounts=(mount,))
    group(root, "with space", {"memory.max": 7})
    (found,) = control_groups("memory", root)
    assert found.number("memory.max") == 7


def test_files_are_read_or_absent(tmp_path: Path) -> None:
    group(
        tmp_path, "", {"memory.max": "max", "memory.stat": "anon 5\nbroken\nfile x\ninactive_file 7", "memory.high": -1}
    )
    found = ControlGroup(tmp_path / "sys/fs/cgroup", 2, "/")
    assert found.number("memory.max") is None
    assert found.number("memory.high") is None
    assert found.number("missing") is None
    assert found.text("missing") is None
    assert found.table("memory.stat") == {"anon": 5, "inactive_file": 7}
    assert found.table("missing") == {}


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"), max_size=40))
def test_escaping_as_the_kernel_does_is_undone(name: str) -> None:
    escaped = "".join(f"\\{ord(letter):03o}" if letter in " \t\n\\" else letter for letter in name)
    assert _unescaped(escaped) == name


@given(st.text(max_size=200))
def test_no_text_in_proc_can_break_the_parser(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    root = tmp_path_factory.mktemp("root")
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(text, encoding="utf-8", errors="replace")
    (root / "proc/self/mountinfo").write_text(f"{text}\n{MOUNT_V2}\n{text}", encoding="utf-8", errors="replace")
    assert len(_mounts(root)) >= 1
    control_groups("memory", root)


def test_this_machine_answers() -> None:
    for found in control_groups("memory"):
        assert found.folder.is_dir()
