"""Training steps are real, and whatever a backend raises in them becomes a measurement."""

import gc
import weakref
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from small_dataset_audio.hardware.benchmark.inside.meters import Usage
from small_dataset_audio.hardware.benchmark.inside.training import Steps, Trainer, synchronize
from small_dataset_audio.hardware.benchmark.workloads import Workload, workload
from small_dataset_audio.hardware.runtime import import_torch
from support.benchmark_messages import OTHER_MESSAGES, OUT_OF_MEMORY

ONCE = Steps(warmup=1, least=2, seconds=0.0)


class Meter:
    """A meter that says what it is told to say."""

    budget_bytes = room_bytes = 2**30

    def __init__(self, usage: Usage | None = None, failing: bool = False) -> None:  # noqa: FBT001, FBT002
        self.usage = usage or Usage(700, 300)
        self.failing = failing
        self.calls: list[str] = []

    def begin(self) -> None:
        self.calls.append("begin")

    def sample(self) -> None:
        self.calls.append("sample")

    def end(self) -> Usage:
        self.calls.append("end")
        if self.failing:
            raise RuntimeError("CUDA error: device is gone")
        return self.usage


@pytest.fixture(scope="module")
def torch() -> ModuleType:
    return import_torch()


def trainer(torch: ModuleType, trained: Workload | None = None, precision: str = "fp32", **meter: Any) -> Trainer:  # noqa: ANN401
    return Trainer(torch, trained or workload("autoencoder"), 1, 400, precision, "cpu", Meter(**meter))


def test_the_reference_learns(torch: ModuleType) -> None:
    torch.manual_seed(0)
    one = trainer(torch)
    before = [weight.detach().clone() for weight in one._model.parameters()]
    message = one.run(2, Steps(warmup=2, least=3, seconds=0.0))
    assert message["ended"] == "ok"
    assert (message["peak_bytes"], message["spare_bytes"]) == (700, 300)
    assert len(message["step_seconds"]) == 3
    assert message["steps"] == 5
    after = list(one._model.parameters())
    assert all(not torch.equal(old, new) for old, new in zip(before, after, strict=True))
    assert one._optimizer.state, "AdamW keeps two moments per weight: they are part of what training takes"


def test_memory_is_sampled_after_every_phase(torch: ModuleType) -> None:
    meter = Meter()
    Trainer(torch, workload("autoencoder"), 1, 400, "fp32", "cpu", meter).run(1, Steps(1, 1, 0.0))
    assert meter.calls == ["begin", *["sample"] * 6, "end"]


def test_short_steps_are_repeated_until_they_took_long_enough(torch: ModuleType) -> None:
    times = trainer(torch).run(1, Steps(1, 1, 0.1))["step_seconds"]
    assert sum(times) >= 0.1
    assert sum(times[:-1]) < 0.1


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_half_precision_trains_too(torch: ModuleType, precision: str) -> None:
    one = trainer(torch, precision=precision)
    assert one._scaler.is_enabled() == (precision == "fp16")
    message = one.run(1, ONCE)
    assert message["ended"] == "ok", message


def failing(fail: Callable[[], object]) -> Workload:
    """Return a workload whose third step fails."""

    def build(torch: ModuleType, channels: int) -> Any:  # noqa: ANN401 - a torch module
        class Failing(torch.nn.Module):  # type: ignore[misc, name-defined]
            def __init__(self) -> None:
                super().__init__()
                self.layer = torch.nn.Conv1d(channels, channels, 1)
                self.calls = 0

            def forward(self, sound: Any) -> Any:  # noqa: ANN401 - a tensor
                self.calls += 1
                held = self.layer(sound)
                if self.calls == 3:
                    failing.held = weakref.ref(held)  # type: ignore[attr-defined]
                    fail()
                return held

        return Failing()

    return Workload("fails", build, lambda _: 1, lambda _c, _s: 1)


def raising(error: BaseException) -> Callable[[], object]:
    def fail() -> None:
        raise error

    return fail


@pytest.mark.parametrize("message", OUT_OF_MEMORY.values(), ids=OUT_OF_MEMORY)
def test_every_backends_out_of_memory_is_a_measurement(torch: ModuleType, message: str) -> None:
    said = trainer(torch, failing(raising(RuntimeError(message)))).run(1, ONCE)
    assert said["ended"] == "oom"
    assert said["reason"] == message.splitlines()[0].rstrip(" .")
    assert said["peak_bytes"] == 700
    assert said["steps"] == 2


@pytest.mark.parametrize(
    "error", [RuntimeError(message) for message in OTHER_MESSAGES] + [ValueError("x"), AssertionError("y"), OSError(5)]
)
def test_other_failures_are_errors(torch: ModuleType, error: BaseException) -> None:
    said = trainer(torch, failing(raising(error))).run(1, ONCE)
    assert said["ended"] == "error"
    assert said["reason"]


def test_a_memory_error_of_python_counts_as_well(torch: ModuleType) -> None:
    assert trainer(torch, failing(raising(MemoryError()))).run(1, ONCE)["ended"] == "oom"


def test_torchs_own_error_for_memory_is_understood(torch: ModuleType) -> None:
    said = trainer(torch, failing(raising(torch.OutOfMemoryError("anything")))).run(1, ONCE)
    assert said["ended"] == "oom"


def test_a_real_allocation_that_is_refused(torch: ModuleType) -> None:
    said = trainer(torch, failing(lambda: torch.empty(2**52, dtype=torch.uint8))).run(1, ONCE)
    assert said["ended"] == "oom"
    assert "allocate" in said["reason"]


def test_what_the_failed_step_held_is_freed_and_training_goes_on(torch: ModuleType) -> None:
    one = trainer(torch, failing(raising(RuntimeError("MPS backend out of memory"))))
    gc.disable()
    try:
        assert one.run(1, ONCE)["ended"] == "oom"
        assert failing.held() is None  # type: ignore[attr-defined]
    finally:
        gc.enable()
    assert all(weight.grad is None for weight in one._model.parameters())
    assert one.run(1, ONCE)["ended"] == "ok"


def test_a_loss_that_is_no_number_is_an_error(torch: ModuleType) -> None:
    one = trainer(torch)
    with torch.no_grad():
        next(iter(one._model.parameters())).fill_(float("nan"))
    assert one.run(1, ONCE)["reason"] == "the loss is not a number"


def test_a_driver_that_over_commits_is_out_of_memory(torch: ModuleType) -> None:
    said = trainer(torch, usage=Usage(700, 300, "3 bytes on a card of 2")).run(1, ONCE)
    assert said["ended"] == "oom"
    assert said["reason"] == "the driver over-commits: 3 bytes on a card of 2"


def test_a_device_that_is_gone_for_good_is_an_error(torch: ModuleType) -> None:
    one = trainer(torch, failing(raising(RuntimeError("CUDA out of memory"))), failing=True)
    assert one.run(1, ONCE) == {"ended": "error", "reason": "CUDA error: device is gone", "steps": 2}


def test_each_kind_of_device_is_waited_for() -> None:
    waited: list[str] = []
    torch = ModuleType("torch")
    torch.mps = ModuleType("mps")  # type: ignore[attr-defined]
    torch.cuda = ModuleType("cuda")  # type: ignore[attr-defined]
    torch.mps.synchronize = lambda: waited.append("mps")
    torch.cuda.synchronize = waited.append
    for device in ("cpu", "mps", "cuda:1"):
        synchronize(torch, device)
    assert waited == ["mps", "cuda:1"]
