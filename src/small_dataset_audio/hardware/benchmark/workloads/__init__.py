"""The kinds of training that can be measured: one file each, found by its name.

A workload is a module in this folder with a value ``WORKLOAD``. It needs no entry anywhere else.
"""

import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any

from small_dataset_audio.errors import UsageError

Module = Any
"""A ``torch.nn.Module``: torch is not imported to declare a workload."""


@dataclass(frozen=True, slots=True)
class Workload:
    """A kind of training.

    Attributes:
        summary: what it is, in one sentence.
        build: makes the model, given torch and the number of channels. It maps sound ``[shape=(batch, channels,
            samples)]`` to sound of the same shape; the loss is the mean absolute difference of the two.
        parameters: the number of weights, given the number of channels.
        flops: floating-point operations of one training step per example (a multiplication and an addition count as
            two, forward and backward together), given channels and samples.
    """

    summary: str
    build: Callable[[ModuleType, int], Module]
    parameters: Callable[[int], int]
    flops: Callable[[int, int], int]


def names() -> list[str]:
    """Return the names of the workloads that exist."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def workload(name: str) -> Workload:
    """Return the workload called ``name``.

    Raises:
        UsageError: there is none of that name.
    """
    if name not in names():
        raise UsageError(
            f"There is no workload named {name!r}.",
            f"The workloads are: {', '.join(names())}.",
            "Choose one of these with --workload.",
        )
    found = import_module(f"{__name__}.{name}").WORKLOAD
    if not isinstance(found, Workload):
        raise TypeError(type(found).__name__)
    return found
