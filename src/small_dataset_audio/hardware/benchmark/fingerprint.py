"""Which machine a profile describes: the facts whose change makes its numbers worthless."""

import hashlib
import json
import os
import platform
from collections.abc import Mapping
from typing import Any, Final

from small_dataset_audio.hardware.drivers import nvidia_driver
from small_dataset_audio.hardware.memory import Memory
from small_dataset_audio.hardware.processor import processor_name, usable_cores
from small_dataset_audio.hardware.runtime import torch_facts

MEASUREMENT: Final = 1
"""Raised whenever the numbers of a profile come to mean something else."""

# Variables that change how memory is taken or how many threads compute.
_VARIABLES: Final = (
    "PYTORCH_ALLOC_CONF",
    "PYTORCH_CUDA_ALLOC_CONF",
    "PYTORCH_HIP_ALLOC_CONF",
    "PYTORCH_MPS_HIGH_WATERMARK_RATIO",
    "THP_MEM_ALLOC_ENABLE",
    "LD_PRELOAD",
    "GLIBC_TUNABLES",
    "OMP_NUM_THREADS",
    "MALLOC_MMAP_THRESHOLD_",
    "MALLOC_TRIM_THRESHOLD_",
)


def fingerprint(
    device: Mapping[str, Any], host: Memory, *, driver: str | None, environ: Mapping[str, str] = os.environ
) -> dict[str, Any]:
    """Return the facts about this machine, with a digest of them all as ``id``.

    Args:
        device: the device as ``sda devices --json`` shows it.
        host: the host's memory; only what may be used in all counts, not what is free.
        driver: the version of the accelerator's driver, if there is one.
        environ: environment variables.
    """
    facts = torch_facts()
    memory = device["memory"]
    found: dict[str, Any] = {
        "system": platform.system(),
        "release": platform.release(),
        "machine": platform.machine(),
        "processor": processor_name(),
        "cores": usable_cores(),
        "memory_bytes": host.total,
        "device": device["id"],
        "device_name": device["name"],
        "device_memory_bytes": memory["total"] if memory is not None and device["kind"] != "cpu" else None,
        "driver": driver,
        "torch": facts.version if facts is not None else None,
        "toolkit": facts.toolkit if facts is not None else None,
        "python": platform.python_version(),
        "measurement": MEASUREMENT,
        "environment": {name: environ[name] for name in _VARIABLES if environ.get(name)},
    }
    digest = hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()
    return {"id": digest[:16], **found}


def driver_version(kind: str) -> str | None:
    """Return the version of the driver of a device of this kind, or None where there is none to tell."""
    if kind != "cuda":
        return None  # Linux tells that of AMD with the kernel's release, macOS that of Metal with its own
    driver = nvidia_driver()
    return driver.version if driver is not None else None


def changes(stored: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Return what is different now, as phrases: "torch 2.9.0 -> 2.10.0"."""
    return [
        f"{name} {stored.get(name)} -> {now.get(name)}"
        for name in now
        if name != "id" and stored.get(name) != now.get(name)
    ]
