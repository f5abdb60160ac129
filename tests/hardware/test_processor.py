"""Cores are those that this process may use; the processor has a name."""

import platform
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from small_dataset_audio.hardware import processor
from small_dataset_audio.hardware.processor import affine_cores, processor_name, usable_cores
from support.hardware_roots import MOUNT_V1_CPU, MOUNT_V2, group, machine


def eight() -> int:
    return 8


@pytest.mark.parametrize(
    ("quota", "cores"),
    [("max 100000", 8), ("200000 100000", 2), ("150000 100000", 2), ("50000 100000", 1), ("9999999 100000", 8)],
)
def test_version_2_gives_a_share(tmp_path: Path, quota: str, cores: int) -> None:
    root = machine(tmp_path, groups="0::/\n", mounts=(MOUNT_V2,))
    group(root, "", {"cpu.max": quota})
    assert usable_cores(root, eight) == cores


@pytest.mark.parametrize(("quota", "cores"), [(-1, 8), (300000, 3), (1000, 1)])
def test_version_1_gives_a_share(tmp_path: Path, quota: int, cores: int) -> None:
    root = machine(tmp_path, groups="1:cpu,cpuacct:/job\n", mounts=(MOUNT_V1_CPU,))
    group(root, "cpu,cpuacct/job", {"cpu.cfs_quota_us": quota, "cpu.cfs_period_us": 100000})
    assert usable_cores(root, eight) == cores


def test_the_least_share_of_all_ancestors(tmp_path: Path) -> None:
    root = machine(tmp_path, groups="0::/pod/app\n", mounts=(MOUNT_V2,))
    group(root, "pod/app", {"cpu.max": "600000 100000"})
    group(root, "pod", {"cpu.max": "400000 100000"})
    assert usable_cores(root, eight) == 4


@pytest.mark.parametrize("nonsense", ["", "x y", "5 0", "5"])
def test_nonsense_is_no_limit(tmp_path: Path, nonsense: str) -> None:
    root = machine(tmp_path, groups="0::/\n", mounts=(MOUNT_V2,))
    group(root, "", {"cpu.max": nonsense})
    assert usable_cores(root, eight) == 8


def test_cores_without_affinity(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processor, "os", SimpleNamespace(cpu_count=lambda: 6))
    assert affine_cores() == 6
    monkeypatch.setattr(processor, "os", SimpleNamespace(cpu_count=lambda: None))
    assert affine_cores() == 1


def test_this_machine_has_cores() -> None:
    assert 1 <= usable_cores() <= affine_cores()


def test_linux_names_the_processor(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/cpuinfo").write_text("processor\t: 0\nmodel name\t: AMD  Ryzen 9\nmodel name\t: other\n")
    assert processor_name(tmp_path, "linux") == "AMD Ryzen 9"


def test_a_processor_without_a_name_has_an_architecture(tmp_path: Path) -> None:
    assert processor_name(tmp_path, "linux") == platform.machine()
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/cpuinfo").write_text("processor\t: 0\nmodel name\t:\n")
    assert processor_name(tmp_path, "linux") == platform.machine()


def test_a_mac_names_the_processor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["Apple M2 Max\n", "\n"])
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: SimpleNamespace(stdout=next(answers)))
    assert processor_name(tmp_path, "darwin") == "Apple M2 Max"
    assert processor_name(tmp_path, "darwin") == platform.machine()


def test_a_mac_that_does_not_tell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object, **__: object) -> None:
        raise FileNotFoundError

    monkeypatch.setattr(subprocess, "run", missing)
    assert processor_name(tmp_path, "darwin") == platform.machine()
