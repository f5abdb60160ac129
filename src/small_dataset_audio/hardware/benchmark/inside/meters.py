"""How much memory work takes on each kind of device, and how much of the budget is left at its peak.

Each meter also draws a line that its process cannot pass, below what the machine has: the allocator or the kernel then
refuses, which is an error that can be caught, where taking the last bytes would end this process or another one.
"""

import resource
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Final, Protocol

from small_dataset_audio.hardware.memory import address_space_limit, device_memory, host_memory
from small_dataset_audio.hardware.oom import release_memory

_KIB: Final = 1024
_RESET_PEAK: Final = "5"  # proc(5): written to clear_refs, this sets VmHWM to the present resident set
_SPILL_LEAST: Final = 2**30
_SPILL_PART: Final = 0.25
_HALF: Final = 0.5
_LARGEST_FRACTION: Final = 2.0  # of torch.mps.set_per_process_memory_fraction


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a child may take.

    Attributes:
        host_bytes: resident memory of the process, headroom taken off.
        headroom: the part of a device's free memory that stays free.
        limit_bytes: the limit that the user set for the device, if any.
    """

    host_bytes: int
    headroom: float
    limit_bytes: int | None = None

    def of(self, free: int) -> int:
        """Return what may be taken of ``free`` bytes."""
        allowed = int(free * (1 - self.headroom))
        return allowed if self.limit_bytes is None else min(allowed, self.limit_bytes)


@dataclass(frozen=True, slots=True)
class Usage:
    """Memory of one piece of work."""

    peak_bytes: int
    spare_bytes: int
    """Of the budget, at the peak."""
    spilled: str | None = None
    """How it is known that the driver put memory of the device elsewhere, if it did."""


class Meter(Protocol):
    """Measures the memory of one piece of work after another."""

    budget_bytes: int
    """What the process may hold of the device, headroom taken off."""
    room_bytes: int
    """What of that was left for work when the meter was made."""

    def begin(self) -> None:
        """Start measuring: what earlier work left is given back first."""
        ...

    def sample(self) -> None:
        """Take a reading where the device keeps no peak of its own."""
        ...

    def end(self) -> Usage:
        """Return what was taken since `begin`."""
        ...


def meter(device: str, torch: ModuleType, allowance: Allowance) -> Meter:
    """Return the meter for a device: "cpu", "mps" or "cuda:N"."""
    if device == "cpu":
        return HostMeter(allowance)
    return (
        MetalMeter(torch, allowance) if device == "mps" else CudaMeter(torch, int(device.partition(":")[2]), allowance)
    )


def process_memory() -> dict[str, int]:
    """Return the ``Vm…`` values of this process in bytes; empty where there is no ``/proc``."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    pairs = (line.split(":", 1) for line in lines if line.startswith("Vm"))
    return {name: int(rest.split()[0]) * _KIB for name, rest in pairs}


class HostMeter:
    """The CPU: the resident memory of this process, and its address space where that is limited.

    On Linux the kernel refuses private memory (``RLIMIT_DATA``, which counts mapped memory since Linux 4.7) from where
    the budget ends. It counts what is mapped, also where nothing is there: what the C library keeps mapped for later can
    be filled again past the line. So the line is drawn anew for every work, and the parent watches what is resident.
    """

    def __init__(self, allowance: Allowance) -> None:
        now = process_memory()
        self.budget_bytes = allowance.host_bytes
        self._first_size = now.get("VmSize", 0)
        limit = address_space_limit()
        self._address_room = None if limit is None else int((limit - self._first_size) * (1 - allowance.headroom))
        self.room_bytes = self._room(now)
        self.budget_bytes = min(self.budget_bytes, now.get("VmRSS", _highest_resident()) + self.room_bytes)

    def begin(self) -> None:
        """Give back what earlier work left, forget its peak, and draw the line."""
        release_memory()
        with suppress(OSError):  # without it the peak is that of the process, and larger batches come later anyway
            Path("/proc/self/clear_refs").write_text(_RESET_PEAK, encoding="ascii")
        now = process_memory()
        if "VmData" in now:
            _limit_data(now["VmData"] + self._room(now))

    def sample(self) -> None:
        """The kernel keeps the peak."""

    def end(self) -> Usage:
        """Return the peak of resident memory; the line is taken away until the next work begins."""
        now = process_memory()
        if "VmData" in now:
            _limit_data(None)
        peak = now.get("VmHWM", _highest_resident())
        spare = self.budget_bytes - peak
        if self._address_room is not None:
            spare = min(spare, self._address_room - (now.get("VmPeak", 0) - self._first_size))
        return Usage(peak, spare)

    def _room(self, now: dict[str, int]) -> int:
        """Return what may still be taken, given the memory of this process."""
        room = self.budget_bytes - now.get("VmRSS", _highest_resident())
        if self._address_room is not None:
            room = min(room, self._address_room - (now.get("VmSize", 0) - self._first_size))
        return max(0, room)


class CudaMeter:
    """CUDA and ROCm: what torch's allocator reserved at most, and what libraries took beside it."""

    def __init__(self, torch: ModuleType, index: int, allowance: Allowance) -> None:
        self._cuda = torch.cuda
        self._torch = torch
        self._index = index
        torch.cuda.set_device(index)
        self._free, self._total = torch.cuda.mem_get_info(index)  # makes the context, which is then paid for
        self.budget_bytes = self.room_bytes = allowance.of(self._free)
        torch.cuda.set_per_process_memory_fraction(min(1.0, self.budget_bytes / self._total), index)
        self._host_free = 0

    def begin(self) -> None:
        """Give back what earlier work left, and forget its peak."""
        release_memory(self._torch)
        self._cuda.reset_peak_memory_stats(self._index)
        self._host_free = host_memory().free

    def sample(self) -> None:
        """The allocator keeps the peak."""

    def end(self) -> Usage:
        """Return the peak, and whether it can have been in the device's own memory."""
        reserved = int(self._cuda.max_memory_reserved(self._index))
        free, _ = self._cuda.mem_get_info(self._index)
        beside = max(0, self._free - free - int(self._cuda.memory_reserved(self._index)))
        peak = reserved + beside
        return Usage(peak, self.budget_bytes - peak, self._spilled(reserved))

    def _spilled(self, reserved: int) -> str | None:
        """Return how it shows that the driver put memory of the card into that of the host (as on Windows)."""
        if reserved > self._total:
            return f"{reserved} bytes were handed out on a card of {self._total}"
        taken = self._host_free - host_memory().free
        if reserved > self._total * _HALF and taken > max(_SPILL_LEAST, _SPILL_PART * reserved):
            return f"the host lost {taken} bytes while {reserved} were handed out on the card"
        return None


class MetalMeter:
    """MPS: what the Metal driver allocated for this process, within the working set that Metal recommends."""

    def __init__(self, torch: ModuleType, allowance: Allowance) -> None:
        self._torch = torch
        memory = device_memory("mps", torch)
        held = int(torch.mps.driver_allocated_memory())
        self.room_bytes = allowance.of(memory.free)
        self.budget_bytes = self.room_bytes + held
        recommended = int(torch.mps.recommended_max_memory())
        if recommended > 0:
            torch.mps.set_per_process_memory_fraction(min(_LARGEST_FRACTION, self.budget_bytes / recommended))
        self._peak = held

    def begin(self) -> None:
        """Give back what earlier work left, and forget its peak."""
        release_memory(self._torch)
        self._peak = int(self._torch.mps.driver_allocated_memory())

    def sample(self) -> None:
        """Read what the driver holds: it keeps freed buffers, so readings between phases see the peak."""
        self._peak = max(self._peak, int(self._torch.mps.driver_allocated_memory()))

    def end(self) -> Usage:
        """Return the highest reading."""
        self.sample()
        return Usage(self._peak, self.budget_bytes - self._peak)


def _highest_resident() -> int:
    """Return the highest resident memory of this process so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * _KIB


def _limit_data(line: int | None) -> None:
    """Let the kernel refuse private memory above ``line`` bytes; None takes the line away."""
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = hard if line is None else line if hard == resource.RLIM_INFINITY else min(line, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (wanted, hard))
