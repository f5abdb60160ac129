"""Which machine a profile describes."""

from typing import Any

import pytest

from small_dataset_audio.hardware.benchmark import fingerprint as fingerprints
from small_dataset_audio.hardware.benchmark.fingerprint import changes, driver_version, fingerprint
from small_dataset_audio.hardware.drivers import NvidiaDriver
from small_dataset_audio.hardware.memory import Memory

GIB = 2**30
DEVICE: dict[str, Any] = {
    "id": "cuda:0",
    "kind": "cuda",
    "name": "NVIDIA H200",
    "memory": {"total": 140 * GIB, "free": 139 * GIB, "limit": None, "limited_by": None},
}


def made(**changed: Any) -> dict[str, Any]:  # noqa: ANN401 - parts of a device
    return fingerprint({**DEVICE, **changed}, Memory(24 * GIB, 20 * GIB), driver="580", environ={})


def test_the_same_machine_has_the_same_digest_whatever_is_free() -> None:
    busy = {**DEVICE["memory"], "free": GIB}
    assert made() == made(memory=busy)
    assert len(made()["id"]) == 16


@pytest.mark.parametrize(
    "changed",
    [{"id": "cuda:1"}, {"name": "NVIDIA H100"}, {"memory": {**DEVICE["memory"], "total": GIB}}, {"memory": None}],
)
def test_another_device_is_another_machine(changed: dict[str, Any]) -> None:
    assert made(**changed)["id"] != made()["id"]


def test_limits_drivers_and_variables_count() -> None:
    host = Memory(24 * GIB, 20 * GIB)
    plain = fingerprint(DEVICE, host, driver="580", environ={})
    others = [
        fingerprint(DEVICE, Memory(2 * GIB, GIB, 2 * GIB, "memory.max"), driver="580", environ={}),
        fingerprint(DEVICE, host, driver="590", environ={}),
        fingerprint(DEVICE, host, driver="580", environ={"OMP_NUM_THREADS": "1"}),
    ]
    assert len({plain["id"], *(one["id"] for one in others)}) == 4
    assert fingerprint(DEVICE, host, driver="580", environ={"OMP_NUM_THREADS": "", "HOME": "/root"}) == plain


def test_the_memory_of_the_cpu_is_that_of_the_host() -> None:
    cpu = {**DEVICE, "id": "cpu", "kind": "cpu", "name": "A processor"}
    found = fingerprint(cpu, Memory(24 * GIB, 20 * GIB), driver=None, environ={})
    assert found["device_memory_bytes"] is None
    assert found["memory_bytes"] == 24 * GIB


def test_without_torch_there_is_a_fingerprint_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fingerprints, "torch_facts", lambda: None)
    assert made()["torch"] is None


def test_drivers_are_told_where_they_have_a_version_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fingerprints, "nvidia_driver", lambda: NvidiaDriver("580.95", cards_visible=True))
    assert driver_version("cuda") == "580.95"
    assert [driver_version(kind) for kind in ("rocm", "mps", "cpu")] == [None] * 3
    monkeypatch.setattr(fingerprints, "nvidia_driver", lambda: None)
    assert driver_version("cuda") is None


def test_what_changed_is_told() -> None:
    assert changes(made(), made()) == []
    assert changes(made(), made(name="NVIDIA H100")) == ["device_name NVIDIA H200 -> NVIDIA H100"]
    assert changes({}, {"id": "a", "torch": "2"}) == ["torch None -> 2"]
