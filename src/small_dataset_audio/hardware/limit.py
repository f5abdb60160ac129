"""Memory that sda plans with: what is there, and no more than ``memory_limit_gb`` in the settings allows.

The setting is about the device that models run on. Where that is the processor itself, the host's memory is the device's,
and the limit binds everything that sda starts there.
"""

import platform
from collections.abc import Callable

from small_dataset_audio.config.model import Hardware
from small_dataset_audio.hardware.drivers import amd_driver, nvidia_driver
from small_dataset_audio.hardware.memory import GIB, Memory, host_memory
from small_dataset_audio.hardware.runtime import TorchBuild, torch_build

SETTING = "memory_limit_gb in [hardware]"


def planned(memory: Memory, limit_gb: float | None) -> Memory:
    """Return ``memory`` as far as the limit of the settings allows it to be used."""
    limit = None if limit_gb is None else int(limit_gb * GIB)
    if limit is None or limit >= memory.total:
        return memory
    return Memory(limit, min(limit, memory.free), limit, SETTING)


def planned_host(
    hardware: Hardware, read: Callable[[], Memory] = host_memory, on_host: Callable[[str], bool] | None = None
) -> Memory:
    """Return the host's memory as far as it is planned with.

    Args:
        hardware: the settings.
        read: reads the host's memory.
        on_host: whether a requested device is the processor; `computes_on_host` if it is not given.
    """
    on_host = computes_on_host if on_host is None else on_host
    limited = hardware.memory_limit_gb is not None and on_host(hardware.device)
    return planned(read(), hardware.memory_limit_gb if limited else None)


def computes_on_host(
    requested: str,
    build: Callable[[], TorchBuild | None] = torch_build,
    nvidia: Callable[[], object | None] = nvidia_driver,
    amd: Callable[[], object | None] = amd_driver,
) -> bool:
    """Return whether models run on the processor when ``requested`` is asked for, as far as that shows without torch.

    Args:
        requested: "auto", "cpu", "mps", "cuda" or "cuda:N".
        build: returns what the installed torch is built for.
        nvidia: returns NVIDIA's driver, or None.
        amd: returns AMD's driver, or None.
    """
    if requested != "auto":
        return requested == "cpu"
    built_for = build()
    if built_for == "mac":
        return platform.machine() != "arm64"
    driver = {"cuda": nvidia, "rocm": amd}.get(built_for or "")
    return driver is None or driver() is None
