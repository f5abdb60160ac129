"""A torch of the tests' own: any accelerator, with any fault, and numbers computed by numpy.

It knows what `hardware` asks of torch and nothing else, so that a machine without a GPU can test what happens on one.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Fault = Callable[[str], Array | None]
"""What goes wrong in a computation: called with its name, it raises, or returns what is read instead of the result."""


@dataclass
class Card:
    """One accelerator of the machine."""

    name: str = "NVIDIA H200"
    total: int = 140 * 2**30
    free: int = 139 * 2**30
    fault: Fault | None = None
    silent: str | None = None
    """What it answers when it is asked for its memory, if it does not tell."""


@dataclass
class Tensor:
    """Numbers on a device."""

    values: Array
    device: str
    machine: "Machine"
    made_by: str = ""

    def to(self, device: str) -> "Tensor":
        return Tensor(self.values, device, self.machine, self.made_by)

    def __matmul__(self, other: "Tensor") -> "Tensor":
        return Tensor(self.values @ other.values, self.device, self.machine, "matmul")

    def cpu(self) -> "Tensor":
        return self

    def numpy(self) -> Array:
        card = self.machine.card(self.device)
        instead = card.fault(self.made_by) if card is not None and card.fault is not None else None
        return self.values if instead is None else instead


@dataclass
class Machine:
    """What the fake torch pretends to run on."""

    kind: str | None = "cuda"
    """Type of the accelerator as torch names it, None without one."""
    cards: Sequence[Card] = ()
    cuda: str | None = "12.8"
    hip: str | None = None
    warning: str | None = None
    """What torch warns about while it looks for accelerators."""
    error: str | None = None
    """What it raises instead."""
    recommended: int = 0
    held: int = 0
    cpu_fault: Fault | None = None
    asked: list[str] = field(default_factory=list)

    def card(self, device: str) -> Card | None:
        if device == "cpu":
            return Card(fault=self.cpu_fault)
        return self.cards[int(device.partition(":")[2] or 0)]


def fake_torch(machine: Machine) -> ModuleType:
    """Return a module that stands for torch on ``machine``."""
    torch = ModuleType("torch")
    parts: Mapping[str, Any] = {
        "__version__": "2.10.0",
        "version": SimpleNamespace(cuda=machine.cuda, hip=machine.hip),
        "accelerator": SimpleNamespace(
            current_accelerator=lambda check_available: _current(machine, check_available=check_available),
            device_count=lambda: len(machine.cards),
        ),
        "cuda": SimpleNamespace(
            get_device_name=lambda device: machine.cards[int(device.partition(":")[2])].name,
            mem_get_info=lambda index: _memory(machine.cards[index]),
        ),
        "mps": SimpleNamespace(
            recommended_max_memory=lambda: machine.recommended, driver_allocated_memory=lambda: machine.held
        ),
        "backends": SimpleNamespace(mps=SimpleNamespace(get_name=lambda: machine.cards[0].name)),
        "from_numpy": lambda values: Tensor(values, "cpu", machine),
        "nn": SimpleNamespace(functional=SimpleNamespace(conv1d=_conv1d)),
        "stft": _stft,
        "view_as_real": lambda tensor: tensor,
    }
    vars(torch).update(parts)
    return torch


def _current(machine: Machine, *, check_available: bool) -> SimpleNamespace | None:
    machine.asked.append("accelerator")
    if machine.error is not None:
        raise RuntimeError(machine.error)
    if machine.warning is not None:
        warnings.warn(machine.warning, UserWarning, stacklevel=2)
    # A CUDA build names its accelerator also where there is none, unless it is told to look.
    there = machine.kind is not None and (machine.cards or not check_available)
    return SimpleNamespace(type=machine.kind) if there else None


def _memory(card: Card) -> tuple[int, int]:
    if card.silent is not None:
        raise RuntimeError(card.silent)
    return card.free, card.total


def _conv1d(sound: Tensor, filters: Tensor) -> Tensor:
    taps = filters.values.shape[-1]
    frames = np.lib.stride_tricks.sliding_window_view(sound.values[0, 0], taps)
    return Tensor((filters.values[:, 0] @ frames.T)[None], sound.device, sound.machine, "conv1d")


def _stft(sound: Tensor, *, n_fft: int, hop_length: int, window: Tensor, return_complex: bool) -> Tensor:
    assert return_complex
    padded = np.pad(sound.values, n_fft // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft)[::hop_length]
    spectrum = np.fft.rfft(frames * window.values).T
    pairs = np.stack([spectrum.real, spectrum.imag], axis=-1)
    return Tensor(pairs.astype(sound.values.dtype), sound.device, sound.machine, "STFT")
