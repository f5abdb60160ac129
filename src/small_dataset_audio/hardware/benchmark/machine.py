"""A device that is ready to be measured: chosen and tested in a child process, so that this process stays small.

Torch is imported in children alone. A driver that hangs or crashes while it starts ends a child, and memory is not
taken twice where there is little.
"""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from small_dataset_audio.errors import DeviceError
from small_dataset_audio.hardware.benchmark.fingerprint import driver_version, fingerprint
from small_dataset_audio.hardware.benchmark.nursery import COMMAND, Failed, Gone, Nursery
from small_dataset_audio.hardware.benchmark.prober import START_SECONDS, Prober, Target
from small_dataset_audio.hardware.benchmark.setup import Setup
from small_dataset_audio.hardware.benchmark.watchdog import Budget, Watch, budget_now
from small_dataset_audio.hardware.drivers import amd_driver, nvidia_driver
from small_dataset_audio.hardware.memory import GIB, host_memory
from small_dataset_audio.hardware.processor import usable_cores

Say = Callable[[str], None]


def _silent(_text: str) -> None:
    """Say nothing."""


@dataclass(frozen=True)
class Surroundings:
    """What the benchmark is given to work with.

    Attributes:
        device: the device that was asked for: "auto", "cpu", "mps", "cuda", "cuda:N".
        data: the folder whose disk is read.
        environ: environment of the children, with torch's variables set.
        limit_bytes: the user's own limit of the device's memory, if any.
        decode: decodes some audio on one core and returns how many seconds of audio it was.
        say: tells the user what is going on.
        command: what a child process runs.
    """

    device: str
    data: Path
    environ: Mapping[str, str]
    limit_bytes: int | None = None
    decode: Callable[[], float] | None = None
    say: Say = _silent
    command: Sequence[str] = COMMAND


@dataclass(frozen=True)
class Opened:
    """A device that is ready to be measured."""

    nursery: Nursery
    around: Surroundings
    device: Mapping[str, Any]
    choice: Mapping[str, Any]
    target: Target
    budget: Budget
    fingerprint: Mapping[str, Any]
    began: float
    start_seconds: float
    """What importing torch and choosing the device took; a new child takes as long where children are not forked."""

    def new_watch(self) -> Watch:
        """Return a watch over the next piece of work."""
        return Watch(self.budget)

    def prober(self, setup: Setup, deadline: float) -> Prober:
        """Return what tries batches on this device."""
        return Prober(self.nursery, self.target, setup, self.new_watch, deadline=deadline)


@contextmanager
def opened(around: Surroundings, headroom: float) -> Iterator[Opened]:
    """Yield the device that was asked for, chosen and tested in a child process; end all children afterwards.

    Raises:
        SdaError: torch or the device cannot be used, or there is too little memory even for that.
    """
    began = monotonic()
    forks = may_fork(around.device)
    budget = budget_now(headroom, around.limit_bytes)
    with Nursery(forks=forks, environ=around.environ, command=around.command) as nursery:
        try:
            nursery.fresh(timeout=START_SECONDS, watch=Watch(budget))
            found = nursery.ask({"do": "describe", "device": around.device}, timeout=START_SECONDS, watch=Watch(budget))
        except Gone as gone:
            raise _cannot_start(gone) from gone
        except Failed as failure:
            raise DeviceError(
                "The device could not be looked at.", f"{failure}.", "`sda doctor` says more."
            ) from failure
        around.say(str(found["line"]))
        device = found["device"]
        kind = device["kind"]
        if kind != "cpu":  # the limit is the device's, not that of the process on the host
            budget = budget_now(headroom)
        target = Target(
            device["id"],
            kind,
            usable_cores(),
            {"host_bytes": budget.host_bytes, "headroom": headroom, "limit_bytes": around.limit_bytes},
        )
        facts = fingerprint(device, budget.memory, driver=driver_version(kind), environ=around.environ)
        taken = monotonic() - began
        yield Opened(nursery, around, device, found["choice"], target, budget, facts, began, taken)


def may_fork(requested: str, platform: str = sys.platform) -> bool:
    """Return whether children can be forked from a process that imported torch: only where no accelerator is near."""
    if platform != "linux":
        return False
    return requested == "cpu" or (nvidia_driver() is None and amd_driver() is None)


def _cannot_start(gone: Gone) -> DeviceError:
    """Return the error for a child that did not live until the device was chosen."""
    memory = host_memory()
    limit = f" of {memory.limit / GIB:.1f} GiB ({memory.limited_by})" if memory.limit is not None else ""
    if gone.ended == "timeout":
        fix = "Try again with --device cpu, which does not touch the accelerator; `sda doctor` says more."
    else:
        fix = "Close other programs or raise the memory limit; with --device cpu the accelerator is not touched."
    reason = gone.reason[0].upper() + gone.reason[1:]
    return DeviceError(
        "Torch and the device could not be started.",
        f"{reason}. {memory.free / GIB:.1f} GiB of memory{limit} are free.",
        fix,
    )
