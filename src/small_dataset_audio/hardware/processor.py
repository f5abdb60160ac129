"""The processor: its name, and the cores that this process may really use."""

import math
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from small_dataset_audio.hardware.cgroup import SYSTEM_ROOT, ControlGroup, control_groups


def affine_cores() -> int:
    """Return the number of cores that the system may run this process on (taskset, cpuset), at least 1."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


def usable_cores(root: Path = SYSTEM_ROOT, affine: Callable[[], int] = affine_cores) -> int:
    """Return the number of cores worth using: those of the process, or the control group's share rounded up.

    ``os.cpu_count()`` sees every core of the host, also in a container that may use one of them.

    Args:
        root: the folder that stands for ``/``.
        affine: returns the number of cores that the process may run on.
    """
    shares = (share for group in control_groups("cpu", root) for share in _share(group))
    return max(1, min([affine(), *(math.ceil(share) for share in shares)]))


def processor_name(root: Path = SYSTEM_ROOT, system: str = sys.platform) -> str:
    """Return the processor's name, or its architecture where the system does not tell the name.

    Args:
        root: the folder that stands for ``/``.
        system: as ``sys.platform``.
    """
    if system == "darwin":
        command = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
        try:
            answer = subprocess.run(command, capture_output=True, text=True, timeout=5, check=True)  # noqa: S603 - fixed
        except (OSError, subprocess.SubprocessError):
            return platform.machine()
        return answer.stdout.strip() or platform.machine()
    try:
        lines = (root / "proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next((" ".join(name.split()) for name in names if name), platform.machine())


def _share(group: ControlGroup) -> Iterator[float]:
    """Yield the processor time per wall-clock time that ``group`` may use, if it has a limit."""
    if group.version == 1:
        quota, period = group.text("cpu.cfs_quota_us"), group.text("cpu.cfs_period_us")
    else:
        quota, _, period = (group.text("cpu.max") or "").partition(" ")
    if quota and period and quota.isdecimal() and period.isdecimal() and int(period) > 0:
        yield int(quota) / int(period)
