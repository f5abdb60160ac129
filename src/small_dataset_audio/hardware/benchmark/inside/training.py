"""Training steps of a workload: what really happens in training, timed, with its memory."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from math import isfinite
from time import perf_counter
from types import ModuleType
from typing import Any, Final

from small_dataset_audio.hardware.benchmark.inside.meters import Meter
from small_dataset_audio.hardware.benchmark.spread import MOST_RUNS
from small_dataset_audio.hardware.benchmark.workloads import Workload
from small_dataset_audio.hardware.failures import DEVICE_FAILURES, first_line
from small_dataset_audio.hardware.oom import is_out_of_memory, let_go, release_memory

LEARNING_RATE: Final = 1e-4
_FAILURES: Final = (*DEVICE_FAILURES, MemoryError)


@dataclass(frozen=True, slots=True)
class Steps:
    """How many steps are run.

    Attributes:
        warmup: steps that are not timed.
        least: timed steps at least.
        seconds: timed steps until they took this long together, or were `MOST_RUNS`.
    """

    warmup: int
    least: int
    seconds: float


class Trainer:
    """A model with its optimiser on a device, trained with one batch size after another.

    Args:
        torch: the torch module.
        workload: what is trained.
        channels: of an example.
        samples: of an example.
        precision: "fp32", "bf16" or "fp16".
        device: as torch names it.
        meter: measures memory there.
    """

    def __init__(
        self,
        torch: ModuleType,
        workload: Workload,
        channels: int,
        samples: int,
        precision: str,
        device: str,
        meter: Meter,
    ) -> None:
        self._torch = torch
        self._device = device
        self._shape = (channels, samples)
        self._meter = meter
        self._dtype = {"bf16": torch.bfloat16, "fp16": torch.float16}.get(precision)
        self._model = workload.build(torch, channels).to(device)
        self._optimizer = torch.optim.AdamW(self._model.parameters(), lr=LEARNING_RATE)
        kind = device.partition(":")[0]
        # Gradients of half precision vanish without it; it is part of what such training costs.
        self._scaler = torch.amp.GradScaler(kind, enabled=precision == "fp16")
        self._kind = kind

    def run(self, batch: int, steps: Steps) -> dict[str, Any]:
        """Return what came of training with ``batch`` examples per step, as a message for the parent."""
        times: list[float] = []
        failure: tuple[str, str] | None = None
        ran = 0
        self._meter.begin()
        try:
            sound = self._torch.randn(batch, *self._shape, device=self._device)
            while len(times) < steps.least or (sum(times) < steps.seconds and len(times) < MOST_RUNS):
                took = self._step(sound)
                ran += 1
                if ran > steps.warmup:
                    times.append(took)
        except _FAILURES as error:
            failure = ("oom" if is_out_of_memory(error) else "error", first_line(error))
            let_go(error)
        sound = None
        return self._message(failure, times, ran)

    def _message(self, failure: tuple[str, str] | None, times: list[float], ran: int) -> dict[str, Any]:
        """Return the message. By now no error is being handled, so that what it held can be freed."""
        if failure is not None:
            try:
                self._optimizer.zero_grad(set_to_none=True)
                usage = self._meter.end()
                release_memory(self._torch)
            except _FAILURES as error:  # a device that is gone for good
                return {"ended": "error", "reason": first_line(error), "steps": ran}
            return {"ended": failure[0], "reason": failure[1], "steps": ran, "peak_bytes": usage.peak_bytes}
        self._optimizer.zero_grad(set_to_none=True)
        usage = self._meter.end()
        return {
            "ended": "ok" if usage.spilled is None else "oom",
            "reason": usage.spilled and f"the driver over-commits: {usage.spilled}",
            "peak_bytes": usage.peak_bytes,
            "spare_bytes": usage.spare_bytes,
            "step_seconds": times,
            "steps": ran,
        }

    def _step(self, sound: Any) -> float:  # noqa: ANN401 - a tensor
        """Train one step and return how many seconds it took on the device."""
        began = perf_counter()
        self._optimizer.zero_grad(set_to_none=True)
        with self._autocast():
            loss = (self._model(sound) - sound).abs().mean()
        self._meter.sample()
        self._scaler.scale(loss).backward()
        self._meter.sample()
        self._scaler.step(self._optimizer)
        self._scaler.update()
        value = loss.item()  # waits for the device
        synchronize(self._torch, self._device)
        took = perf_counter() - began
        self._meter.sample()
        if not isfinite(value):
            message = "the loss is not a number"
            raise ValueError(message)
        return took

    def _autocast(self) -> AbstractContextManager[Any]:
        if self._dtype is None:
            return nullcontext()
        context: AbstractContextManager[Any] = self._torch.autocast(self._kind, dtype=self._dtype)
        return context


def synchronize(torch: ModuleType, device: str) -> None:
    """Wait until the device has done all that it was given."""
    if device == "mps":
        torch.mps.synchronize()
    elif device != "cpu":
        torch.cuda.synchronize(device)
