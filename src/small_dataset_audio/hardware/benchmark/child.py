"""The child process of the benchmark: ``python -m small_dataset_audio.hardware.benchmark.child [--forks]``.

One JSON object per line comes in, one goes out: ``{"do": NAME, …}`` is answered by ``{"ok": …}``, by ``{"error": {"kind",
"what", "why", "fix"}}`` for an error that a user may meet, or by ``{"failed": TEXT}`` for one of the device.

With ``--forks`` the process imports torch and then only forks: every ``fresh`` makes a new child, in the state of a
process that has just imported torch, in milliseconds instead of the seconds that the import takes. The child answers
until it is told to end; then, or when it dies, the first process says ``{"gone": {"status", "peak_bytes"}}``. This is for
the CPU on Linux: the driver of an accelerator does not survive a fork.
"""

import gc
import json
import os
import resource
import select
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any, Final

from small_dataset_audio.errors import DeviceError, EnvironmentFault, SdaError, UsageError
from small_dataset_audio.hardware.benchmark.inside.meters import Allowance, Meter, meter
from small_dataset_audio.hardware.failures import DEVICE_FAILURES, first_line
from small_dataset_audio.hardware.runtime import import_torch, torch_facts

FORKS: Final = "--forks"
KINDS: Final[dict[str, type[SdaError]]] = {kind.__name__: kind for kind in (DeviceError, EnvironmentFault, UsageError)}
"""Errors that travel to the parent as what they are."""

_KIB: Final = 1024
_WAKES_THREADS: Final = 2**20
_COMMAND_BUFFER: Final = 65536

Message = dict[str, Any]


class Channel:
    """The way to the parent. What libraries print goes to stderr instead."""

    def __init__(self) -> None:
        self._in = os.dup(0)
        self._out = os.dup(1)
        os.dup2(2, 1)

    def receive(self) -> Message | None:
        """Return the next request, or None when the parent is gone or wants no more."""
        line = b""
        while not line.endswith(b"\n"):
            part = os.read(self._in, _COMMAND_BUFFER)
            if not part:
                return None
            line += part
        request: Message = json.loads(line)
        return request

    def send(self, message: Message) -> None:
        """Send an answer."""
        os.write(self._out, json.dumps(message).encode() + b"\n")

    def end_with_parent(self) -> None:
        """End this process as soon as the parent is gone, whatever it is doing."""

        def watch() -> None:
            """End this process when the other end of its input is closed."""
            poll = select.poll()
            poll.register(self._in, 0)  # only that the other end was closed
            poll.poll()
            os._exit(1)

        threading.Thread(target=watch, daemon=True).start()


class Worker:
    """What one child process knows: its device, its budget, its model."""

    def __init__(self) -> None:
        self._device = "cpu"
        self._kind = "cpu"
        self._meter: Meter | None = None
        self._trainer: Any = None

    def answer(self, request: Message) -> Message:
        """Return the answer to a request."""
        handlers: dict[str, Callable[[Message], Any]] = {
            "fresh": lambda _: {"pid": os.getpid()},
            "describe": self._describe,
            "begin": self._begin,
            "prepare": self._prepare,
            "train": self._train,
            "rate": self._rate,
        }
        try:
            return {"ok": handlers[request["do"]](request)}
        except SdaError as error:
            return {"error": {"kind": type(error).__name__, **error.as_dict()}}
        except (*DEVICE_FAILURES, MemoryError) as error:
            return {"failed": first_line(error)}

    def _describe(self, request: Message) -> Message:
        """Choose the device, and say what it and torch are."""
        from small_dataset_audio.hardware.device import choose_device, device_line  # noqa: PLC0415 - only here

        torch = import_torch()
        choice = choose_device(request["device"], torch=torch)
        facts = torch_facts()
        return {
            "choice": choice.as_dict(),
            "device": choice.device.as_dict(),
            "line": device_line(choice),
            "torch": str(torch.__version__),
            "toolkit": facts.toolkit if facts is not None else None,
        }

    def _begin(self, request: Message) -> Message:
        torch = import_torch()
        torch.set_num_threads(request["threads"])
        torch.ones(_WAKES_THREADS).sum()  # the threads' stacks are there before memory is counted
        self._device, self._kind = request["device"], request["kind"]
        self._meter = meter(self._device, torch, Allowance(**request["allowance"]))
        return {"budget_bytes": self._meter.budget_bytes, "free_bytes": self._free(torch)}

    def _free(self, torch: Any) -> int:  # noqa: ANN401 - the module
        from small_dataset_audio.hardware.memory import device_memory  # noqa: PLC0415 - only here

        return device_memory(self._device, torch).free

    def _prepare(self, request: Message) -> Message:
        from small_dataset_audio.hardware.benchmark.inside.training import Trainer  # noqa: PLC0415 - only here
        from small_dataset_audio.hardware.benchmark.workloads import workload  # noqa: PLC0415

        shape = request["channels"], request["samples"]
        self._trainer = Trainer(
            import_torch(), workload(request["workload"]), *shape, request["precision"], self._device, self._begun()
        )
        return {}

    def _train(self, request: Message) -> Message:
        from small_dataset_audio.hardware.benchmark.inside.training import Steps  # noqa: PLC0415 - only here

        message: Message = self._trainer.run(request["batch"], Steps(**request["steps"]))
        return message

    def _rate(self, request: Message) -> Message:
        from small_dataset_audio.hardware.benchmark.inside.rates import Bench, measure  # noqa: PLC0415 - only here

        room = self._begun().room_bytes
        bench = Bench(import_torch(), self._device, self._kind, room, request["least"], request["seconds"])
        return {"values": measure(request["rate"], bench)}

    def _begun(self) -> Meter:
        if self._meter is None:
            message = "a child was used before it was told to begin"
            raise RuntimeError(message)
        return self._meter


def serve(channel: Channel, worker: Worker) -> None:
    """Answer requests until the parent wants no more."""
    while (request := channel.receive()) is not None and request["do"] != "end":
        channel.send(worker.answer(request))


def serve_forks(channel: Channel, new_worker: Callable[[], Worker], load: Callable[[], Message | None]) -> None:
    """Import torch, then make a new child for every ``fresh``, one at a time.

    Args:
        channel: the way to the parent.
        new_worker: makes what answers in a child.
        load: imports what all children share; returns the answer to every request if that cannot be done.
    """
    trouble = load()
    while (request := channel.receive()) is not None:
        if trouble is not None:
            channel.send(trouble)
            continue
        if request["do"] != "fresh":  # it was meant for a child that died before it read it
            continue
        child = os.fork()
        if child == 0:
            channel.end_with_parent()
            worker = new_worker()
            channel.send(worker.answer(request))
            serve(channel, worker)
            os._exit(0)
        _, status, usage = os.wait4(child, 0)
        gone = {"status": os.waitstatus_to_exitcode(status), "peak_bytes": _bytes(usage.ru_maxrss)}
        channel.send({"gone": gone})


def load_torch() -> Message | None:
    """Import all that training needs; return the answer to every request if that cannot be done."""
    try:
        torch = import_torch()
        # The first optimiser of a process imports a hundred modules more.
        torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))])
    except SdaError as error:
        return {"error": {"kind": type(error).__name__, **error.as_dict()}}
    except (*DEVICE_FAILURES, MemoryError) as error:
        return {"failed": first_line(error)}
    gc.collect()
    gc.freeze()  # the collector would otherwise write to, and so copy, pages that children share
    return None


def _bytes(peak: int) -> int:
    return peak if sys.platform == "darwin" else peak * _KIB


def main(
    arguments: Sequence[str] | None = None,
    new_worker: Callable[[], Worker] = Worker,
    load: Callable[[], Message | None] = load_torch,
) -> int:
    """Serve the parent and return the exit status.

    Args:
        arguments: the words of the command line.
        new_worker: makes what answers.
        load: imports what forked children share.
    """
    words = sys.argv[1:] if arguments is None else arguments
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))  # no 20 GB dumps
    channel = Channel()
    if FORKS in words:
        serve_forks(channel, new_worker, load)
    else:
        channel.end_with_parent()
        serve(channel, new_worker())
    return 0


if __name__ == "__main__":
    sys.exit(main())
