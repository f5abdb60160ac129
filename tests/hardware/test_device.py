"""The right device is chosen, and the user learns why."""

import jsonschema
import pytest

from small_dataset_audio.errors import DeviceError
from small_dataset_audio.hardware import device as device_module
from small_dataset_audio.hardware.device import Choice, Device, choose_device, device_line, list_devices
from small_dataset_audio.hardware.memory import GIB, Memory
from small_dataset_audio.hardware.schema import DEVICES_SCHEMA
from support.hardware_torch import Card, Fault, Machine, fake_torch

HOST = Memory(24 * GIB, int(21.3 * GIB))
SMALL = Card("NVIDIA A2", 16 * GIB, 15 * GIB)
LARGE = Card("NVIDIA H200", int(140.4 * GIB), int(139.8 * GIB))


def refusing(message: str = "CUDA error: no kernel image is available") -> Fault:
    def fault(_: str) -> None:
        raise RuntimeError(message)

    return fault


def choose(machine: Machine, requested: str = "auto", *, test_all: bool = False) -> Choice:
    choice = choose_device(requested, torch=fake_torch(machine), host=HOST, test_all=test_all)
    jsonschema.validate(choice.as_dict(), DEVICES_SCHEMA)
    return choice


def broken(card: Card, message: str = "CUDA error: no kernel image is available") -> Card:
    return Card(card.name, card.total, card.free, refusing(message))


def test_without_an_accelerator_it_is_the_cpu() -> None:
    choice = choose(Machine())
    assert (choice.device.id, choice.why, choice.warning) == ("cpu", "no accelerator found", None)
    assert device_line(choice, 2) == "Device: CPU, 2 cores, 21.3 GiB free of 24.0 (no accelerator found)"
    assert device_line(choice, 1).startswith("Device: CPU, 1 core, ")
    assert device_line(choice).startswith("Device: CPU, ")


def test_a_cpu_build_of_torch() -> None:
    assert choose(Machine(kind=None, cuda=None)).why == "no accelerator found"


def test_one_card_is_taken() -> None:
    choice = choose(Machine(cards=(LARGE,)))
    assert (choice.device.id, choice.device.kind, choice.why) == ("cuda:0", "cuda", "the only accelerator")
    assert device_line(choice) == "Device: NVIDIA H200 (cuda:0), 139.8 GiB free of 140.4"
    assert [device.id for device in choice.devices] == ["cuda:0", "cpu"]


def test_rocm_is_called_rocm() -> None:
    choice = choose(Machine(cards=(Card("AMD Instinct MI300X", 192 * GIB, 190 * GIB),), cuda=None, hip="7.2"))
    assert (choice.device.id, choice.device.kind) == ("cuda:0", "rocm")
    assert device_line(choice) == "Device: AMD Instinct MI300X (ROCm, cuda:0), 190.0 GiB free of 192.0"


def test_a_mac_uses_its_gpu() -> None:
    machine = Machine(kind="mps", cards=(Card("Apple M2 Max"),), cuda=None, recommended=16 * GIB, held=GIB)
    choice = choose(machine)
    assert device_line(choice) == "Device: Apple M2 Max (mps), 15.0 GiB free of 16.0"
    assert choice.device.memory is not None
    assert choice.device.memory.limited_by == "the working set that Metal recommends"
    assert choose(machine, "mps").why == "asked for"


def test_of_several_cards_the_one_with_most_free_memory() -> None:
    choice = choose(Machine(cards=(SMALL, LARGE, SMALL)))
    assert (choice.device.id, choice.why) == ("cuda:1", "the most free memory of 3 accelerators")
    assert choose(Machine(cards=(SMALL, SMALL))).device.id == "cuda:0"
    assert choose(Machine(cards=(SMALL, LARGE)), "cuda").device.id == "cuda:1"
    assert choose(Machine(cards=(SMALL,)), "cuda").why == "asked for"


def test_a_named_card_is_taken_although_another_is_larger() -> None:
    choice = choose(Machine(cards=(SMALL, LARGE)), "cuda:0")
    assert (choice.device.id, choice.why, choice.warning) == ("cuda:0", "asked for", None)


def test_a_card_that_fails_gives_way_to_the_next() -> None:
    choice = choose(Machine(cards=(SMALL, broken(LARGE))))
    assert choice.device.id == "cuda:0"
    assert choice.why == "the most free memory of the accelerators that passed the test, of 2"
    assert choice.warning == (
        "NVIDIA H200 (cuda:1) is not used: its matmul failed: CUDA error: no kernel image is available."
    )
    assert [device.usable for device in choice.devices] == [True, False, True]


def test_auto_falls_back_to_the_cpu_and_says_why() -> None:
    choice = choose(Machine(cards=(broken(SMALL, "CUDA out of memory."),)))
    assert (choice.device.id, choice.why) == ("cpu", "no accelerator passed its test")
    assert choice.warning == (
        "NVIDIA A2 (cuda:0) is not used: its matmul failed: CUDA out of memory. "
        "Everything runs on the CPU, which is slower."
    )


def test_a_card_that_does_not_tell_its_memory_is_not_used() -> None:
    choice = choose(Machine(cards=(Card(silent="CUDA error: device is busy"),)))
    assert choice.device.id == "cpu"
    assert choice.devices[0].memory is None
    assert choice.devices[0].reason == "it does not answer: CUDA error: device is busy"


def test_a_driver_that_is_too_old_is_told() -> None:
    choice = choose(Machine(warning="The NVIDIA driver on your system is too old (found version 11040).\nUpdate it."))
    assert (choice.device.id, choice.why) == ("cpu", "no accelerator could be started")
    assert choice.warning is not None
    assert choice.warning.startswith("No accelerator is used: The NVIDIA driver on your system is too old")


def test_a_driver_that_breaks_is_told() -> None:
    choice = choose(Machine(error="cudaGetDeviceCount failed"))
    assert choice.device.id == "cpu"
    assert "cudaGetDeviceCount failed" in (choice.warning or "")


def test_an_accelerator_that_sda_does_not_know() -> None:
    choice = choose(Machine(kind="xpu", cards=(Card(),)))
    assert choice.device.id == "cpu"
    assert "xpu" in (choice.warning or "")


@pytest.mark.parametrize("requested", ["cuda", "cuda:0", "cuda:1"])
def test_a_named_device_that_fails_is_an_error(requested: str) -> None:
    machine = Machine(cards=(broken(SMALL), broken(LARGE)))
    with pytest.raises(DeviceError) as caught:
        choose(machine, requested)
    assert caught.value.what.endswith("cannot be used.")
    assert "no kernel image" in caught.value.why
    assert "--device cpu" in caught.value.fix


@pytest.mark.parametrize(
    ("machine", "requested", "why"),
    [
        (Machine(), "cuda", "Torch sees only the CPU."),
        (Machine(cards=(SMALL,)), "cuda:1", "Torch sees only cuda:0, cpu."),
        (Machine(), "mps", "MPS exists only on Macs with an Apple GPU."),
        (Machine(kind=None, cuda=None), "cuda:0", "The installed torch 2.10.0 is built without CUDA and ROCm."),
        (Machine(error="driver too old."), "cuda", "Torch could not start an accelerator: driver too old."),
    ],
)
def test_a_named_device_that_is_missing_is_an_error(machine: Machine, requested: str, why: str) -> None:
    with pytest.raises(DeviceError) as caught:
        choose(machine, requested)
    assert caught.value.what == f"The device {requested} is not there."
    assert caught.value.why == why
    assert "--device cpu" in caught.value.fix


@pytest.mark.parametrize("requested", ["gpu", "", "cuda:", "cuda:-1", "cuda:x", "CPU", "rocm"])
def test_a_name_that_is_none_is_an_error(requested: str) -> None:
    with pytest.raises(DeviceError, match="There is no device called"):
        choose(Machine(), requested)


def test_a_broken_cpu_is_an_error_with_a_fix() -> None:
    with pytest.raises(DeviceError) as caught:
        choose(Machine(cpu_fault=refusing("illegal instruction")))
    assert "Install torch again" in caught.value.fix


def test_asking_for_the_cpu_leaves_the_driver_alone() -> None:
    machine = Machine(error="would hang")
    choice = choose(machine, "cpu")
    assert (choice.device.id, choice.why, choice.warning) == ("cpu", "asked for", None)
    assert machine.asked == []


def test_all_devices_are_tested_on_request() -> None:
    machine = Machine(cards=(LARGE, broken(SMALL)))
    assert [device.usable for device in choose(machine).devices] == [True, True, True]
    choice = choose(machine, test_all=True)
    assert [device.usable for device in choice.devices] == [True, False, True]
    assert choice.warning is None
    assert [device.usable for device in choose(machine, "cpu", test_all=True).devices] == [True, False, True]


def test_listing_computes_nothing() -> None:
    found = list_devices(fake_torch(Machine(cards=(broken(SMALL),))), HOST)
    assert [(device.id, device.usable) for device in found] == [("cuda:0", True), ("cpu", True)]


def test_this_machine_has_a_device() -> None:
    choice = choose_device()
    jsonschema.validate(choice.as_dict(), DEVICES_SCHEMA)
    assert choice.device.usable
    assert [device.id for device in list_devices()][-1] == "cpu"
    assert device_line(choice).startswith("Device: ")


def test_a_device_that_hides_its_memory_has_a_line_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_module, "usable_cores", lambda: 3)
    hidden = Device("cpu", "cpu", "x", None)
    assert device_line(Choice(hidden, "asked for", None, (hidden,))) == "Device: CPU, 3 cores (asked for)"
