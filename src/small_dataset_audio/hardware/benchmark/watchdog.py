"""The watch over a child's memory: it is ended before the kernel ends something.

The kernel ends the process that it likes least when memory is out, which may be this one, another program or, in a
container, everything. So the parent looks often enough that a child which takes memory as fast as it can is caught
within the headroom.
"""

import resource
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Final

from small_dataset_audio.hardware.cgroup import SYSTEM_ROOT
from small_dataset_audio.hardware.memory import GIB, Memory, host_memory

SLOWEST: Final = 0.02
FASTEST: Final = 0.002
"""Seconds from one look to the next."""
LOOK_AROUND: Final = 0.05
"""Seconds from one look at the whole container or machine to the next."""
FILLED_PER_SECOND: Final = 8 * GIB
"""How fast a process can fill memory: the kernel clears a few GiB per second and core before it hands them out."""
LEAST_FREE_PART: Final = 1 / 3
"""The part of the headroom below which a child is ended even if it is within its budget."""

_PAGE_FIELD: Final = 1  # proc(5): the second number of statm is the resident set, in pages


@dataclass(frozen=True, slots=True)
class Budget:
    """What children may take of the host's memory.

    Attributes:
        free_bytes: what was free before anything began: the least of available memory and all limits.
        host_bytes: what one child may hold, the headroom taken off.
        least_free: what must stay free in the container or machine while a child works, whoever takes it.
        memory: how the limits came about.
    """

    free_bytes: int
    host_bytes: int
    least_free: int
    memory: Memory

    @classmethod
    def of(cls, memory: Memory, headroom: float, limit_bytes: int | None = None) -> "Budget":
        """Return the budget in ``memory``, of which ``headroom`` is to stay free.

        Args:
            memory: of the host, the address space limit left out: that is the child's own.
            headroom: part of what is free.
            limit_bytes: the user's own limit, if any.
        """
        allowed = int(memory.free * (1 - headroom))
        least_free = int((memory.free - allowed) * LEAST_FREE_PART)
        return cls(memory.free, allowed if limit_bytes is None else min(allowed, limit_bytes), least_free, memory)


def budget_now(headroom: float, limit_bytes: int | None = None) -> Budget:
    """Return the budget of a child that is started now: control groups and available memory, less the headroom."""
    return Budget.of(host_memory(address_space=lambda: None), headroom, limit_bytes)


def resident_memory(pid: int, root: Path = SYSTEM_ROOT) -> int | None:
    """Return the resident memory of a process in bytes, or None when it is gone.

    Args:
        pid: of the process.
        root: the folder that stands for ``/``.
    """
    if not (root / "proc/self/statm").exists():
        return _resident_without_proc(pid)
    try:
        fields = (root / f"proc/{pid}/statm").read_text(encoding="ascii").split()
        return int(fields[_PAGE_FIELD]) * resource.getpagesize()
    except (OSError, IndexError, ValueError):
        return None


@dataclass
class Watch:
    """What a child may hold, and the most it was seen to hold.

    Attributes:
        budget: what it may hold.
        resident: reads the resident memory of a process.
        free: reads what is free in the container or machine; that takes a while, so it is done less often.
        clock: returns the time in seconds.
    """

    budget: Budget
    resident: Callable[[int], int | None] = resident_memory
    free: Callable[[], int] = lambda: host_memory(address_space=lambda: None).free
    clock: Callable[[], float] = monotonic
    peak: int = 0
    held: int = 0
    looked_around: float = float("-inf")

    def look(self, pid: int) -> str | None:
        """Return why the process must be ended now, as a sentence without a full stop, or None."""
        self.held = self.resident(pid) or 0
        self.peak = max(self.peak, self.held)
        if self.held > self.budget.host_bytes:
            return f"the process was ended when it held {_gib(self.held)}: its budget is {_gib(self.budget.host_bytes)}"
        if self.clock() < self.looked_around + LOOK_AROUND:
            return None
        self.looked_around = self.clock()
        free = self.free()
        if free < self.budget.least_free:
            return f"the process was ended when only {_gib(free)} were free on this machine"
        return None

    def pause(self) -> float:
        """Return how many seconds may pass before the next look."""
        return min(SLOWEST, max(FASTEST, (self.budget.host_bytes - self.held) / FILLED_PER_SECOND))


def _gib(number: int) -> str:
    return f"{number / GIB:.2f} GiB"


def _resident_without_proc(pid: int) -> int | None:
    import psutil  # noqa: PLC0415 - only where there is no /proc

    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return None
