"""The devices of this machine, and the choice of one.

"auto" takes the accelerator with the most free memory that passes the smoke test, and falls back to the CPU with a
warning that says why. A device that the user names is used or is an error: never another one in its place.

Torch names AMD cards "cuda:N" as well. Their ids stay as torch wants them; their kind is reported as "rocm".
"""

import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any, Literal

from small_dataset_audio.errors import DeviceError
from small_dataset_audio.hardware.failures import DEVICE_FAILURES, first_line
from small_dataset_audio.hardware.memory import GIB, Memory, device_memory, host_memory
from small_dataset_audio.hardware.processor import processor_name, usable_cores
from small_dataset_audio.hardware.runtime import import_torch

Kind = Literal["cuda", "rocm", "mps", "cpu"]

_REQUEST = re.compile(r"auto|cpu|mps|cuda(:\d+)?")
_ASKED_FOR = "asked for"


@dataclass(frozen=True, slots=True)
class Device:
    """One device as this machine offers it."""

    id: str
    """As torch names it: "cpu", "mps", "cuda:N"."""
    kind: Kind
    name: str
    memory: Memory | None
    """None where the device does not tell."""
    usable: bool = True
    """False once it failed a test; a device that was not tested counts as usable."""
    reason: str | None = None
    """Why it is not usable."""

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON shape of one device of ``sda devices``."""
        return {
            "id": self.id,
            "kind": self.kind,
            "name": self.name,
            "memory": None if self.memory is None else self.memory.as_dict(),
            "usable": self.usable,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class Choice:
    """The device that is used, and what there was to choose from."""

    device: Device
    why: str
    """Why this one, as a phrase: "the only accelerator", "asked for", "no accelerator found"."""
    warning: str | None
    """What the user should know about devices that are not used although they were wanted."""
    devices: tuple[Device, ...]
    """All devices, accelerators first, as far as they were looked at."""

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON shape of ``sda devices``."""
        return {
            "chosen": self.device.id,
            "why": self.why,
            "warning": self.warning,
            "devices": [device.as_dict() for device in self.devices],
        }


def list_devices(torch: ModuleType | None = None, host: Memory | None = None) -> list[Device]:
    """Return what this machine offers: accelerators in torch's order, then the CPU. Nothing is computed on them.

    Args:
        torch: the torch module; imported when it is not given.
        host: the host's memory; measured when it is not given.
    """
    torch = import_torch() if torch is None else torch
    host = host_memory() if host is None else host
    return [*_accelerators(torch, host)[0], _cpu(host)]


def choose_device(
    requested: str = "auto", *, torch: ModuleType | None = None, host: Memory | None = None, test_all: bool = False
) -> Choice:
    """Return the device to use, which has passed the smoke test.

    With "cpu" the accelerators are not touched at all, so that a driver that hangs can be avoided.

    Args:
        requested: "auto", "cuda" (the CUDA or ROCm device with the most free memory), "cuda:N", "mps" or "cpu".
        torch: the torch module; imported when it is not given.
        host: the host's memory; measured when it is not given.
        test_all: test every device, not only those in question, so that ``usable`` is known for all of them.

    Raises:
        DeviceError: a device that was asked for is missing or fails, or even the CPU fails.
        EnvironmentFault: torch cannot be imported.
    """
    if not _REQUEST.fullmatch(requested):
        raise DeviceError(
            f"There is no device called {requested!r}.",
            "A device is auto, cuda, cuda:N, mps or cpu.",
            "Correct --device, SDA_HARDWARE_DEVICE or [hardware] device.",
        )
    torch = import_torch() if torch is None else torch
    host = host_memory() if host is None else host
    accelerators, trouble = ([], None) if requested == "cpu" and not test_all else _accelerators(torch, host)
    found = [*accelerators, _cpu(host)]
    candidates = _candidates(requested, found)
    if not candidates:
        raise _missing(requested, found, torch, trouble)
    tested = dict(_tested(candidates, found if test_all else (), torch))
    devices = tuple(tested.get(device.id, device) for device in found)
    chosen = next((tested[device.id] for device in candidates if tested[device.id].usable), None)
    if chosen is None:
        raise _failing([tested[device.id] for device in candidates])
    better = [tested[device.id] for device in candidates[: [device.id for device in candidates].index(chosen.id)]]
    rivals = sum(device.kind != "cpu" for device in candidates)
    return Choice(chosen, _why(requested, chosen, better, rivals, trouble), _warning(chosen, better, trouble), devices)


def device_line(choice: Choice, cores: int | None = None) -> str:
    """Return the line that every launch shows about its device.

    Args:
        choice: the choice that was made.
        cores: the number of cores to report for the CPU; counted when it is not given.
    """
    device = choice.device
    memory = ""
    if device.memory is not None:
        memory = f", {device.memory.free / GIB:.1f} GiB free of {device.memory.total / GIB:.1f}"
    if device.kind == "cpu":
        cores = usable_cores() if cores is None else cores
        return f"Device: CPU, {cores} core{'' if cores == 1 else 's'}{memory} ({choice.why})"
    identity = f"ROCm, {device.id}" if device.kind == "rocm" else device.id
    return f"Device: {device.name} ({identity}){memory}"


def _accelerators(torch: ModuleType, host: Memory) -> tuple[list[Device], str | None]:
    """Return the accelerators that torch can see, and what torch said when it can see none."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            accelerator = torch.accelerator.current_accelerator(check_available=True)
            count = int(torch.accelerator.device_count()) if accelerator is not None else 0
        except DEVICE_FAILURES as error:
            return [], first_line(error)
    if accelerator is None:
        return [], first_line(caught[0].message) if caught and isinstance(caught[0].message, Warning) else None
    if accelerator.type == "mps":
        return [_described("mps", "mps", torch, host)], None
    if accelerator.type != "cuda":
        return [], f"this torch build is made for {accelerator.type} devices, which sda cannot use"
    kind: Kind = "rocm" if torch.version.hip else "cuda"
    return [_described(f"cuda:{index}", kind, torch, host) for index in range(count)], None


def _described(device: str, kind: Kind, torch: ModuleType, host: Memory) -> Device:
    """Return a device with its name and memory; unusable if it does not even tell these."""
    name = "Apple GPU" if kind == "mps" else f"{kind.upper()} device"
    try:
        name = torch.backends.mps.get_name() if kind == "mps" else torch.cuda.get_device_name(device)
        return Device(device, kind, name, device_memory(device, torch, host))
    except DEVICE_FAILURES as error:
        return Device(device, kind, name, None, usable=False, reason=f"it does not answer: {first_line(error)}")


def _cpu(host: Memory) -> Device:
    return Device("cpu", "cpu", processor_name(), host)


def _candidates(requested: str, found: Sequence[Device]) -> list[Device]:
    """Return the devices that answer the request, the best first."""
    best_first = sorted(found, key=lambda device: (device.kind == "cpu", -_free(device)))
    if requested == "auto":
        return best_first
    if requested == "cuda":
        return [device for device in best_first if device.id.startswith("cuda")]
    return [device for device in found if device.id == requested]


def _free(device: Device) -> int:
    return 0 if device.memory is None else device.memory.free


def _tested(candidates: Sequence[Device], others: Sequence[Device], torch: ModuleType) -> Iterator[tuple[str, Device]]:
    """Yield id and device after the smoke test: candidates up to the first that passes, then all of ``others``."""
    done: dict[str, Device] = {}
    for device in candidates:
        done[device.id] = _after_test(device, torch)
        yield device.id, done[device.id]
        if done[device.id].usable:
            break
    for device in others:
        if device.id not in done:
            yield device.id, _after_test(device, torch)


def _after_test(device: Device, torch: ModuleType) -> Device:
    if not device.usable:
        return device
    from small_dataset_audio.hardware.smoke import smoke_test  # noqa: PLC0415 - brings numpy, which only torch users need

    result = smoke_test(device.id, torch)
    return device if result.passed else replace(device, usable=False, reason=result.reason)


def _why(requested: str, chosen: Device, better: Sequence[Device], rivals: int, trouble: str | None) -> str:
    """Return why ``chosen`` was taken; ``better`` would have been taken first, but failed."""
    if requested not in {"auto", "cuda"}:
        return _ASKED_FOR
    if chosen.kind == "cpu":
        if better:
            return "no accelerator passed its test"
        return "no accelerator found" if trouble is None else "no accelerator could be started"
    if rivals == 1:
        return "the only accelerator" if requested == "auto" else _ASKED_FOR
    if better:
        return f"the most free memory of the accelerators that passed the test, of {rivals}"
    return f"the most free memory of {rivals} accelerators"


def _warning(chosen: Device, better: Sequence[Device], trouble: str | None) -> str | None:
    """Return what to tell about the devices that failed before ``chosen``, or None when all is well."""
    sentences = [f"{device.name} ({device.id}) is not used: {device.reason}." for device in better]
    if trouble is not None and not better:
        sentences.append(f"No accelerator is used: {trouble}.")
    if not sentences:
        return None
    if chosen.kind == "cpu":
        sentences.append("Everything runs on the CPU, which is slower.")
    return " ".join(sentences)


def _missing(requested: str, found: Sequence[Device], torch: ModuleType, trouble: str | None) -> DeviceError:
    """Return the error for a device that was asked for and is not there."""
    offered = " or ".join(f"--device {device.id}" for device in found)
    fix = f"Use {offered}; `sda doctor` shows what is missing."
    if trouble is not None:
        why = f"Torch could not start an accelerator: {trouble}."
    elif requested == "mps":
        why = "MPS exists only on Macs with an Apple GPU."
    elif torch.version.cuda is None and torch.version.hip is None:
        why = f"The installed torch {torch.__version__} is built without CUDA and ROCm."
        fix = f"Install a torch build for your card (`uv sync --locked` brings the CUDA build on Linux), or use {offered}."
    elif len(found) == 1:
        why = "Torch sees only the CPU."
    else:
        why = f"Torch sees only {', '.join(device.id for device in found)}."
    return DeviceError(f"The device {requested} is not there.", why, fix)


def _failing(failed: Sequence[Device]) -> DeviceError:
    """Return the error when every device in question failed."""
    names = " and ".join(device.id for device in failed)
    why = " ".join(f"{device.name} ({device.id}): {device.reason}." for device in failed)
    if failed[-1].kind == "cpu":
        fix = "Even the CPU does not compute correctly with this torch. Install torch again: `uv sync --locked --reinstall-package torch`."
    else:
        fix = "Close other programs that use it, restart the machine or update its driver, or use --device cpu."
    return DeviceError(f"The device {names} cannot be used.", why, fix)
