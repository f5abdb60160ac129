"""A child of the benchmark without torch: ``python -m support.benchmark_child WORLD [--forks]``.

It speaks the real protocol through the real loops; only what a device would do is played by a `World`.
"""

import json
import os
import signal
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from small_dataset_audio.errors import DeviceError
from small_dataset_audio.hardware.benchmark import child
from small_dataset_audio.hardware.benchmark.inside import rates
from small_dataset_audio.hardware.oom import is_out_of_memory_text

if TYPE_CHECKING:
    from collections.abc import Callable

MIB = 2**20
TESTS = Path(__file__).parent.parent


@dataclass
class World:
    """A device, and what goes wrong with it.

    Attributes:
        kind: of device.
        total: its memory in bytes.
        free: what of that is free.
        base: what one process takes before any example.
        per: what one example takes.
        above: what happens when memory is out: "oom", "sigkill", "segv", "hang", "abort", "error", "exit".
        message: what the backend says then.
        at: batches at which it happens whatever the memory.
        vanishes_after: the device is gone after so many trainings in all.
        count: file in which these are counted over processes.
        fails_at: the request with which the device fails (``describe``, ``begin``, ``prepare``, ``fresh``, ``rate``).
        fault: how: as ``above``.
        step_base: seconds of a step, with none of its examples.
        step_per: seconds of each example.
        cliff_from: the batch from which on each step takes ten times as long.
        says: what is written to stderr in every training.
        takes: bytes of memory that a training really takes.
    """

    kind: str = "cpu"
    total: int = 4096 * MIB
    free: int = 4000 * MIB
    base: int = 500 * MIB
    per: int = 30 * MIB
    above: str = "oom"
    message: str = "CUDA out of memory. Tried to allocate 2.00 MiB"
    at: list[int] = field(default_factory=list)
    vanishes_after: int | None = None
    count: str | None = None
    fails_at: str | None = None
    fault: str = "sigkill"
    step_base: float = 0.01
    step_per: float = 0.001
    cliff_from: int | None = None
    says: str = ""
    takes: int = 0

    def needs(self, batch: int) -> int:
        return self.base + self.per * batch


def command(world: World) -> list[str]:
    """Return the words that start a child in ``world``."""
    return [sys.executable, "-m", "support.benchmark_child", json.dumps(asdict(world))]


def environ() -> dict[str, str]:
    """Return the environment in which it is found."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SDA_")}
    return {**kept, "PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent / "src")])}


def say(text: str) -> None:
    """Write a line to stderr at once."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def last_words(text: str) -> None:
    """Die as libraries do that abort."""
    say(text)
    os.abort()


def strike(fault: str, message: str) -> dict[str, Any]:
    """Let a fault happen; return the answer to give where the process outlives it."""
    faults: dict[str, Callable[[], object]] = {
        "sigkill": lambda: os.kill(os.getpid(), signal.SIGKILL),
        "segv": lambda: os.kill(os.getpid(), signal.SIGSEGV),
        "abort": lambda: last_words(message),
        "hang": lambda: time.sleep(600),
        "exit": lambda: os._exit(3),
    }
    if fault in faults:
        faults[fault]()
        time.sleep(60)
    if fault == "error":
        return {"failed": message}
    if fault == "absent":
        return {"error": {"kind": "DeviceError", "what": "It is not there.", "why": message, "fix": "None."}}
    return {"ok": {"ended": "oom" if is_out_of_memory_text(message) else "error", "reason": message, "steps": 0}}


class Played(child.Worker):
    """A worker whose device is a `World`."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world
        self._budget = 0

    def answer(self, request: child.Message) -> child.Message:
        world = self._world
        do = request["do"]
        if do == world.fails_at:
            return strike(world.fault, world.message)
        if do == "describe" and request["device"] not in {"auto", self._id()}:
            fault = DeviceError(f"The device {request['device']} is not there.", "It is not.", "Use another.")
            return {"error": {"kind": "DeviceError", **fault.as_dict()}}
        answers: dict[str, Callable[[], Any]] = {
            "fresh": lambda: {"pid": os.getpid()},
            "describe": self._describe_world,
            "begin": lambda: self._begin_world(request),
            "prepare": dict,
            "train": lambda: self._train_world(request),
            "rate": lambda: self._rate_world(request["rate"]),
        }
        answer = answers[do]()
        return answer if "failed" in answer or "ok" in answer or "error" in answer else {"ok": answer}

    def _id(self) -> str:
        return {"cuda": "cuda:0", "rocm": "cuda:0"}.get(self._world.kind, self._world.kind)

    def _describe_world(self) -> child.Message:
        memory = {"total": self._world.total, "free": self._world.free, "limit": None, "limited_by": None}
        device = {
            "id": self._id(),
            "kind": self._world.kind,
            "name": "Played device",
            "memory": memory,
            "usable": True,
            "reason": None,
        }
        choice = {"chosen": device["id"], "why": "asked for", "warning": None, "devices": [device]}
        return {"choice": choice, "device": device, "line": f"Device: {device['name']}", "torch": "0", "toolkit": None}

    def _begin_world(self, request: child.Message) -> child.Message:
        self._budget = int(self._world.free * (1 - request["allowance"]["headroom"]))
        limit = request["allowance"]["limit_bytes"]
        self._budget = self._budget if limit is None else min(self._budget, limit)
        return {"budget_bytes": self._budget, "free_bytes": self._world.free}

    def _train_world(self, request: child.Message) -> child.Message:
        world, batch = self._world, request["batch"]
        if world.says:
            say(world.says)
        if self._is_gone():
            return {"ok": {"ended": "error", "reason": "CUDA error: device is busy or unavailable", "steps": 0}}
        if world.takes:
            block = bytearray(world.takes)
            time.sleep(0.5)
            del block
        spare = self._budget - world.needs(batch)
        if batch in world.at or spare < 0:
            return strike(world.above, world.message)
        slow = 10 if world.cliff_from is not None and batch >= world.cliff_from else 1
        steps = request["steps"]
        times = [slow * (world.step_base + world.step_per * batch)] * steps["least"]
        return {
            "ended": "ok",
            "reason": None,
            "peak_bytes": world.needs(batch),
            "spare_bytes": spare,
            "step_seconds": times,
            "steps": len(times) + steps["warmup"],
        }

    def _is_gone(self) -> bool:
        if self._world.vanishes_after is None or self._world.count is None:
            return False
        file = Path(self._world.count)
        trained = int(file.read_text()) + 1 if file.exists() else 1
        file.write_text(str(trained))
        return trained > self._world.vanishes_after

    def _rate_world(self, name: str) -> child.Message:
        if name not in rates.names():
            return {"failed": f"there is no rate {name}"}
        return {"values": [1e12, 1.1e12, 0.9e12]}


if __name__ == "__main__":
    played = World(**json.loads(sys.argv[1]))
    sys.exit(child.main(sys.argv[2:], lambda: Played(played), lambda: None))
