"""Torch, its drivers and the device: what does not fit together is said in words."""

import pytest

from small_dataset_audio.errors import DeviceError, EnvironmentFault
from small_dataset_audio.hardware.device import Choice, Device
from small_dataset_audio.hardware.drivers import AmdDriver, NvidiaDriver
from small_dataset_audio.hardware.memory import GIB, Memory
from small_dataset_audio.hardware.runtime import TorchFacts
from small_dataset_audio.validation import accelerator
from small_dataset_audio.validation.accelerator import DeviceCheck, device_result, driver_result

CUDA = TorchFacts("2.10.0+cu128", "cuda", "12.8")
CUDA_13 = TorchFacts("2.10.0+cu130", "cuda", "13.0")
CPU = TorchFacts("2.10.0+cpu", "cpu", None)
ROCM = TorchFacts("2.10.0+rocm7.1", "rocm", "7.1")
MAC = TorchFacts("2.10.0", "mac", None)
NVIDIA = NvidiaDriver("580.95.05", cards_visible=True)
AMD = AmdDriver(accessible=True)

PROCESSOR = Device("cpu", "cpu", "processor", Memory(24 * GIB, 21 * GIB))
CARD = Device("cuda:0", "cuda", "NVIDIA H200", Memory(140 * GIB, 139 * GIB))


@pytest.mark.parametrize(
    ("facts", "nvidia", "amd", "status", "words"),
    [
        (CUDA, NVIDIA, None, "ok", "NVIDIA driver 580.95.05 and torch for CUDA 12.8"),
        (CUDA, NvidiaDriver("525.60.13", cards_visible=True), None, "ok", "525.60.13"),
        (CUDA, NvidiaDriver("470.82.01", cards_visible=True), None, "warn", "too old for CUDA 12.8"),
        (CUDA_13, NvidiaDriver("570.10", cards_visible=True), None, "warn", "too old for CUDA 13.0"),
        (CUDA, NvidiaDriver(None, cards_visible=True), None, "ok", "NVIDIA driver and torch"),
        (TorchFacts("3.0", "cuda", "99.0"), NVIDIA, None, "ok", "CUDA 99.0"),
        (CPU, NVIDIA, None, "warn", "built for the CPU only"),
        (CUDA, NvidiaDriver("580.95.05", cards_visible=False), None, "note", "no card"),
        (CUDA, NvidiaDriver(None, cards_visible=False, trouble="mismatch"), None, "warn", "does not work"),
        (CUDA, None, None, "note", "There is no NVIDIA driver: the CPU is used."),
        (CUDA, None, AMD, "note", "AMD GPU driver, but torch is built for CUDA"),
        (CPU, None, AMD, "note", "AMD GPU driver, but torch is built for CPU"),
        (CPU, None, None, "ok", "No driver is needed."),
        (MAC, None, None, "ok", "Apple's GPU needs no driver."),
        (ROCM, None, AMD, "ok", "ROCm"),
        (ROCM, None, None, "note", "the CPU is used"),
        (ROCM, None, AmdDriver(accessible=False), "warn", "/dev/kfd"),
        (ROCM, NVIDIA, AMD, "ok", "ROCm"),
        (None, NVIDIA, None, "note", "not installed"),
    ],
)
def test_torch_and_drivers(
    facts: TorchFacts | None, nvidia: NvidiaDriver | None, amd: AmdDriver | None, status: str, words: str
) -> None:
    result = driver_result(facts, nvidia, amd)
    assert result.status == status
    assert words in result.summary
    assert result.fix is not None or status != "warn"


def test_a_card_that_works() -> None:
    result = device_result(Choice(CARD, "the only accelerator", None, (CARD, PROCESSOR)))
    assert (result.status, result.summary) == ("ok", "NVIDIA H200 (cuda:0), 139.0 GiB free of 140.0")


def test_the_cpu_without_a_card() -> None:
    result = device_result(Choice(PROCESSOR, "no accelerator found", None, (PROCESSOR,)))
    assert result.status == "ok"
    assert result.summary.endswith("21.0 GiB free of 24.0 (no accelerator found)")


def test_a_fallback_is_a_warning() -> None:
    result = device_result(Choice(PROCESSOR, "no accelerator passed its test", "why it fell back", (PROCESSOR,)))
    assert (result.status, result.detail) == ("warn", "why it fell back")
    assert result.fix is not None


def test_another_card_that_fails_is_noted() -> None:
    other = Device("cuda:1", "cuda", "NVIDIA A2", None, usable=False, reason="it is broken")
    result = device_result(Choice(CARD, "the only accelerator", None, (CARD, other, PROCESSOR)))
    assert (result.status, result.detail) == ("note", "NVIDIA A2 (cuda:1) cannot be used: it is broken.")


def refusing(*_: object, **__: object) -> None:
    raise EnvironmentFault("Torch is not installed.", "There is none.", "Install it.")


def test_without_torch_only_torch_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accelerator, "import_torch", refusing)
    probe = DeviceCheck("auto", None)
    result = probe.torch()
    assert (result.status, result.summary, result.detail, result.fix) == (
        "fail",
        "Torch is not installed.",
        "There is none.",
        "Install it.",
    )
    assert probe.device().status == "note"
    assert probe.choice is None


def test_a_named_device_that_is_missing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object, **__: object) -> Choice:
        raise DeviceError("The device cuda:7 is not there.", "Torch sees only the CPU.", "Use --device cpu.")

    monkeypatch.setattr(accelerator, "choose_device", missing)
    probe = DeviceCheck("cuda:7", None)
    result = probe.device()
    assert (result.status, result.summary, result.fix) == (
        "fail",
        "The device cuda:7 is not there.",
        "Use --device cpu.",
    )
    assert probe.choice is None


def test_this_machine() -> None:
    probe = DeviceCheck("cpu", None)
    assert [check.name for check in probe.checks()] == ["driver", "torch", "device"]
    assert [check.needs_torch for check in probe.checks()] == [False, True, True]
    torch = probe.torch()
    assert torch.status == "ok"
    assert torch.summary.startswith("torch 2.")
    assert probe.device().status == "ok"
    assert probe.choice is not None
    assert probe.choice.device.id == "cpu"
    assert probe.driver().status in {"ok", "note", "warn"}


def test_a_torch_that_does_not_tell_its_build(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accelerator, "torch_facts", lambda: None)
    assert "built for" not in DeviceCheck("cpu", None).torch().summary
