"""The rates of a device are medians of repeated, finished work; what cannot be measured says why."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from small_dataset_audio.errors import AudioError, DeviceError
from small_dataset_audio.hardware.benchmark import rates as parent
from small_dataset_audio.hardware.benchmark.inside import rates
from small_dataset_audio.hardware.benchmark.machine import Surroundings, opened
from small_dataset_audio.hardware.benchmark.rates import Rates, decode_rate, device_rates, disk_rate
from small_dataset_audio.hardware.runtime import import_torch
from support.benchmark_child import World, command, environ

MIB = 2**20


@pytest.fixture(scope="module")
def torch() -> ModuleType:
    return import_torch()


def bench(torch: ModuleType, device: str = "cpu", kind: str = "cpu", room: int = 64 * MIB) -> rates.Bench:
    return rates.Bench(torch, device, kind, room, least=2, seconds=0.0)


@pytest.mark.parametrize("name", ["matmul_fp32", "matmul_bf16", "copy"])
def test_rates_of_the_cpu(torch: ModuleType, name: str) -> None:
    before = torch.get_float32_matmul_precision()
    values = rates.measure(name, bench(torch))
    assert len(values) == 2
    assert all(1e7 < value < 1e15 for value in values)
    assert torch.get_float32_matmul_precision() == before


@pytest.mark.parametrize("name", ["matmul_tf32", "host_to_device"])
def test_what_the_cpu_does_not_have_is_absent(torch: ModuleType, name: str) -> None:
    with pytest.raises(DeviceError) as caught:
        rates.measure(name, bench(torch))
    assert caught.value.why


class Played:
    """Tensors without numbers, of a device that is there in name only."""

    def __init__(self, size: int = 4) -> None:
        self.size = size

    def element_size(self) -> int:
        return self.size

    def pin_memory(self) -> "Played":
        return self

    def copy_(self, source: "Played", *, non_blocking: bool = False) -> None:
        assert isinstance(source, Played)
        assert isinstance(non_blocking, bool)


def played_torch(capability: int = 9) -> ModuleType:
    torch = ModuleType("torch")
    made: list[int] = []

    def sized(*shape: int, **_: Any) -> Played:  # noqa: ANN401 - device and type
        made.append(shape[0])
        return Played()

    torch.waited, torch.precisions = [], []  # type: ignore[attr-defined]
    vars(torch).update(
        made=made,
        float32="fp32",
        uint8="u8",
        randn=sized,
        ones=sized,
        zeros=sized,
        empty_like=lambda one: one,
        zeros_like=lambda one: one,
        mm=lambda left, right, out: (left, right, out),
        get_float32_matmul_precision=lambda: "highest",
        set_float32_matmul_precision=torch.precisions.append,
        cuda=SimpleNamespace(
            get_device_capability=lambda _: (capability, 0),
            synchronize=torch.waited.append,
        ),
        mps=SimpleNamespace(synchronize=lambda: torch.waited.append("mps")),
    )
    return torch


def test_tensor_cores_are_used_where_they_are_and_the_device_is_waited_for() -> None:
    torch = played_torch()
    assert len(rates.measure("matmul_tf32", bench(torch, "cuda:0", "cuda"))) == 2
    assert torch.precisions == ["high", "highest"]
    assert set(torch.waited) == {"cuda:0"}


@pytest.mark.parametrize(("kind", "capability"), [("cuda", 7), ("rocm", 9), ("mps", 9)])
def test_other_cards_have_no_tf32(kind: str, capability: int) -> None:
    with pytest.raises(DeviceError):
        rates.measure("matmul_tf32", bench(played_torch(capability), "cuda:0", kind))


@pytest.mark.parametrize("device", ["cuda:0", "mps"])
def test_copies_to_a_device(device: str) -> None:
    torch = played_torch()
    assert len(rates.measure("host_to_device", bench(torch, device, "cuda"))) == 2
    assert torch.waited


@pytest.mark.parametrize("room", [2**20, 2**28, 2**40])
def test_no_rate_takes_more_than_a_part_of_the_room(room: int) -> None:
    torch = played_torch()
    rates.measure("copy", bench(torch, "cuda:0", "cuda", room))
    rates.measure("matmul_fp32", bench(torch, "cuda:0", "cuda", room))
    copy, *sides = torch.made
    assert copy <= max(room // 8, 2**22)
    assert all(3 * 4 * side * side <= max(room // 8, 3 * 4 * 256**2) for side in sides)
    assert max(sides) <= 16384


def measured(world: World, deadline: float = float("inf")) -> Rates:
    found = Rates()
    around = Surroundings("auto", data=Path(), environ=environ(), command=command(world))
    with opened(around, 0.1) as machine:
        device_rates(machine, found, quick=True, deadline=deadline)
    return found


def test_the_parent_collects_all_rates_in_a_new_process() -> None:
    found = measured(World())
    assert list(found.measured) == rates.names()
    assert found.measured["copy"].median == 1e12
    assert found.free_bytes == 4000 * MIB


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("error", "CUDA error: unknown"),
        ("absent", "CUDA error: unknown"),
        ("sigkill", "the process was ended by SIGKILL"),
    ],
)
def test_a_rate_that_fails_is_absent_with_its_reason(fault: str, said: str) -> None:
    found = measured(World(fails_at="rate", fault=fault, message="CUDA error: unknown"))
    assert not found.measured
    assert set(found.absent) == set(rates.names())
    assert all(said in reason for reason in found.absent.values())


def test_a_device_that_cannot_be_opened_any_more_has_no_rates() -> None:
    found = measured(World(fails_at="begin", fault="error", message="CUDA error: gone"))
    assert set(found.absent.values()) == {"CUDA error: gone"}


def test_what_there_is_no_time_for_is_absent() -> None:
    assert set(measured(World(), deadline=0.0).absent.values()) == {parent.NO_TIME}


def test_the_decoder_is_handed_in() -> None:
    found = Rates()
    decode_rate(lambda: 10.0, found, quick=True)
    assert found.measured["audio_decode"].median > 0
    assert found.measured["audio_decode"].samples >= 3


def fails() -> float:
    raise AudioError("It cannot be decoded.", "the decoder is broken", "Install it again.")


@pytest.mark.parametrize(("decode", "why"), [(None, "nothing was given"), (fails, "the decoder is broken")])
def test_a_decoder_that_is_missing_or_broken(decode: Callable[[], float] | None, why: str) -> None:
    found = Rates()
    decode_rate(decode, found, quick=True)
    assert why in found.absent["audio_decode"]


def test_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parent, "QUICK_BYTES", 2 * MIB)
    found = Rates()
    disk_rate(tmp_path / "not" / "there" / "yet", found, quick=True)
    assert found.measured["disk_read"].median > 0
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(parent, "FULL_BYTES", 2**60)
    disk_rate(tmp_path, found, quick=False)
    assert "are free on the disk" in found.absent["disk_read"]
