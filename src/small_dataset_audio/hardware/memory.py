"""Memory that this process may really use, on the host and on an accelerator.

The machine's total is only the first bound. A container, a service or a batch job has a control group limit, its
ancestors have theirs, and the shell may limit the address space; the kernel ends a process that passes one of them,
without an error that could be caught. What is reported as total is therefore the least of them all.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType

from small_dataset_audio.hardware.cgroup import SYSTEM_ROOT, ControlGroup, control_groups

GIB = 2**30
_UNLIMITED_FROM = 2**62  # version 1 writes "no limit" as the largest whole number of pages below 2**63
_KIB = 1024


@dataclass(frozen=True, slots=True)
class Memory:
    """Memory in bytes."""

    total: int
    """What may be used in all: the machine's or the device's memory, or the limit where that is less."""
    free: int
    """What can still be taken now; file cache that the kernel would give back counts as free."""
    limit: int | None = None
    """The limit below the physical memory, if there is one."""
    limited_by: str | None = None
    """What sets that limit."""

    def as_dict(self) -> dict[str, int | str | None]:
        """Return the JSON shape: ``{"total", "free", "limit", "limited_by"}``, in bytes."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Ceiling:
    limit: int
    used: int
    by: str


def address_space_limit() -> int | None:
    """Return the address space limit of this process in bytes (``ulimit -v``), or None where there is none."""
    import resource  # noqa: PLC0415 - exists on Unix only, and only this function needs it

    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    return None if soft == resource.RLIM_INFINITY else soft


def host_memory(root: Path = SYSTEM_ROOT, address_space: Callable[[], int | None] = address_space_limit) -> Memory:
    """Return the memory of the host that this process may use.

    Args:
        root: the folder that stands for ``/`` (``/proc`` and ``/sys`` are read below it).
        address_space: returns the address space limit, or None.
    """
    total, free = _machine_memory(root)
    ceilings = [*_group_ceilings(root), *_address_space_ceiling(root, address_space())]
    free = min([free, *(ceiling.limit - ceiling.used for ceiling in ceilings)])
    lowest = min(ceilings, key=lambda ceiling: ceiling.limit, default=None)
    if lowest is None or lowest.limit >= total:
        return Memory(total, max(0, free))
    return Memory(lowest.limit, max(0, free), lowest.limit, lowest.by)


def device_memory(device: str, torch: ModuleType, host: Memory | None = None) -> Memory:
    """Return the memory of a device.

    Args:
        device: "cpu", "mps" or "cuda:N", as torch names it.
        torch: the torch module.
        host: the host's memory, measured now if it is not given.

    Raises:
        RuntimeError: the driver does not answer, or the device has no memory left even to be asked.
    """
    if device.startswith("cuda"):
        free, total = torch.cuda.mem_get_info(int(device.partition(":")[2] or 0))
        return Memory(total, free)
    host = host_memory() if host is None else host
    return _metal_memory(torch, host) if device == "mps" else host


def _metal_memory(torch: ModuleType, host: Memory) -> Memory:
    """Return what Metal may use: system memory, up to the working set that Metal recommends, less what it holds."""
    recommended = int(torch.mps.recommended_max_memory())
    if not 0 < recommended < host.total:
        return host
    free = min(host.free, max(0, recommended - int(torch.mps.driver_allocated_memory())))
    return Memory(recommended, free, recommended, "the working set that Metal recommends")


def _machine_memory(root: Path) -> tuple[int, int]:
    """Return (total, available) of the machine, from ``/proc/meminfo`` or else from psutil."""
    try:
        lines = (root / "proc/meminfo").read_text(encoding="ascii").splitlines()
        table = {name: int(rest.split()[0]) * _KIB for name, _, rest in (line.partition(":") for line in lines)}
        return table["MemTotal"], table["MemAvailable"]
    except (OSError, KeyError, ValueError, IndexError):
        import psutil  # noqa: PLC0415 - only where there is no /proc/meminfo; importing it takes 50 ms

        memory = psutil.virtual_memory()
        return int(memory.total), int(memory.available)


def _group_ceilings(root: Path) -> Iterator[_Ceiling]:
    """Yield the memory limits of this process's control groups and of their ancestors."""
    above_binds = True
    for group in control_groups("memory", root):
        if group.version == 1:
            if above_binds:
                yield from _first_version(group)
                above_binds = _parent_counts(group)
        else:
            yield from _second_version(group)


def _parent_counts(group: ControlGroup) -> bool:
    """Return whether the parent of a version 1 group counts what is used in the group.

    Always, except below a parent whose ``memory.use_hierarchy`` is switched off (cgroup-v1/memory, section 6).
    """
    return ControlGroup(group.folder.parent, group.version, "").text("memory.use_hierarchy") != "0"


def _first_version(group: ControlGroup) -> Iterator[_Ceiling]:
    statistics = group.table("memory.stat")
    cache = statistics.get("total_inactive_file", statistics.get("inactive_file", 0))
    used = max(0, (group.number("memory.usage_in_bytes") or 0) - cache)
    own = group.number("memory.limit_in_bytes")
    # The least limit of all ancestors, also of those that a container cannot see.
    inherited = statistics.get("hierarchical_memory_limit")
    if own is not None and own < _UNLIMITED_FROM:
        yield _Ceiling(own, used, f"memory.limit_in_bytes of control group {group.name}")
    if inherited is not None and inherited < min(_UNLIMITED_FROM, own or _UNLIMITED_FROM):
        yield _Ceiling(inherited, used, f"a control group above {group.name}")


def _second_version(group: ControlGroup) -> Iterator[_Ceiling]:
    used = max(0, (group.number("memory.current") or 0) - group.table("memory.stat").get("inactive_file", 0))
    # Past memory.high the kernel does not end the process but slows it down until it hardly moves.
    for file in ("memory.max", "memory.high"):
        limit = group.number(file)
        if limit is not None:
            yield _Ceiling(limit, used, f"{file} of control group {group.name}")


def _address_space_ceiling(root: Path, limit: int | None) -> Iterator[_Ceiling]:
    if limit is None:
        return
    try:
        lines = (root / "proc/self/status").read_text(encoding="utf-8", errors="replace").splitlines()
        used = next(int(line.split()[1]) * _KIB for line in lines if line.startswith("VmSize:"))
    except (OSError, StopIteration, IndexError, ValueError):
        import psutil  # noqa: PLC0415 - as above

        used = int(psutil.Process().memory_info().vms)
    yield _Ceiling(limit, used, "the address space limit of this process (ulimit -v)")
