"""Folders that stand for ``/``: a machine with the memory, the cores and the control groups that a test needs."""

from collections.abc import Mapping
from pathlib import Path

KIB = 2**10
MIB = 2**20
GIB = 2**30
NO_LIMIT_V1 = str(2**63 - 4096)

MOUNT_V2 = "31 23 0:28 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate"
MOUNT_V1_MEMORY = "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:12 - cgroup cgroup rw,memory"
MOUNT_V1_CPU = "36 31 0:33 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:13 - cgroup cgroup rw,cpu,cpuacct"
MOUNT_HYBRID_V2 = "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime shared:14 - cgroup2 cgroup2 rw"


def machine(
    root: Path, total: int = 24 * GIB, free: int = 20 * GIB, *, groups: str = "", mounts: tuple[str, ...] = ()
) -> Path:
    """Make a machine under ``root`` and return ``root``.

    Args:
        root: an empty folder.
        total: physical memory in bytes.
        free: memory that is available.
        groups: content of ``/proc/self/cgroup``.
        mounts: lines of ``/proc/self/mountinfo``.
    """
    proc = root / "proc"
    (proc / "self").mkdir(parents=True)
    (proc / "meminfo").write_text(
        f"MemTotal: {total // KIB:>12} kB\nMemFree: 1 kB\nMemAvailable: {free // KIB:>12} kB\nHugePages_Total: 0\n"
    )
    (proc / "self/cgroup").write_text(groups)
    (proc / "self/mountinfo").write_text(
        "".join(f"{line}\n" for line in ("22 27 0:21 / /proc rw - proc proc rw", *mounts))
    )
    return root


def group(root: Path, folder: str, files: Mapping[str, object]) -> None:
    """Write the files of the control group whose folder below ``/sys/fs/cgroup`` is ``folder``."""
    where = root / "sys/fs/cgroup" / folder
    where.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (where / name).write_text(f"{content}\n")
