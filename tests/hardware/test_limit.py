"""The memory limit of the settings, and whether it is the host's."""

import platform

import pytest

from small_dataset_audio.config.model import Hardware
from small_dataset_audio.hardware.drivers import AmdDriver, NvidiaDriver
from small_dataset_audio.hardware.limit import SETTING, computes_on_host, planned, planned_host
from small_dataset_audio.hardware.memory import GIB, Memory
from small_dataset_audio.hardware.runtime import TorchBuild

HOST = Memory(24 * GIB, 20 * GIB)


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (None, HOST),
        (24.0, HOST),
        (100.0, HOST),
        (22.0, Memory(22 * GIB, 20 * GIB, 22 * GIB, SETTING)),
        (2.0, Memory(2 * GIB, 2 * GIB, 2 * GIB, SETTING)),
        (0.5, Memory(GIB // 2, GIB // 2, GIB // 2, SETTING)),
    ],
)
def test_the_lesser_of_what_is_there_and_what_is_allowed_counts(limit: float | None, expected: Memory) -> None:
    assert planned(HOST, limit) == expected


def test_a_limit_of_the_system_that_is_less_stays() -> None:
    container = Memory(GIB, GIB // 2, GIB, "memory.max of control group /")
    assert planned(container, 4.0) == container


def test_the_hosts_memory_is_limited_where_models_run_on_it() -> None:
    hardware = Hardware(memory_limit_gb=2.0)
    assert planned_host(hardware, lambda: HOST, lambda _: True).free == 2 * GIB
    assert planned_host(hardware, lambda: HOST, lambda _: False) == HOST
    assert planned_host(Hardware(), lambda: HOST, lambda _: True) == HOST
    assert planned_host(Hardware(device="cpu", memory_limit_gb=2.0), lambda: HOST).free == 2 * GIB


@pytest.mark.parametrize(
    ("requested", "build", "nvidia", "amd", "expected"),
    [
        ("cpu", "cuda", True, True, True),
        ("cuda:1", "cpu", False, False, False),
        ("mps", "mac", False, False, False),
        ("auto", "cpu", True, True, True),
        ("auto", None, True, True, True),
        ("auto", "cuda", True, False, False),
        ("auto", "cuda", False, True, True),
        ("auto", "rocm", False, True, False),
        ("auto", "rocm", True, False, True),
    ],
)
def test_what_runs_on_the_processor_shows_without_torch(
    requested: str, build: TorchBuild | None, nvidia: bool, amd: bool, expected: bool  # noqa: FBT001 - a table
) -> None:  # fmt: skip
    found = computes_on_host(
        requested,
        lambda: build,
        lambda: NvidiaDriver("580.1", cards_visible=True) if nvidia else None,
        lambda: AmdDriver(accessible=True) if amd else None,
    )
    assert found is expected


@pytest.mark.parametrize(("machine", "expected"), [("arm64", False), ("x86_64", True)])
def test_macs_with_intel_processors_have_no_metal_device(
    monkeypatch: pytest.MonkeyPatch, machine: str, expected: bool  # noqa: FBT001 - a table
) -> None:  # fmt: skip
    monkeypatch.setattr(platform, "machine", lambda: machine)
    assert computes_on_host("auto", lambda: "mac") is expected
