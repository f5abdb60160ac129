"""Kernel drivers of accelerators, found without torch: is there a card that the installed torch ought to see?"""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from small_dataset_audio.hardware.cgroup import SYSTEM_ROOT

_VERSION = re.compile(r"\b\d{3,}\.\d+(?:\.\d+)*\b")
_QUERY = ("--query-gpu=driver_version", "--format=csv,noheader")
_QUERY_SECONDS = 10.0
_WSL_TOOL = "usr/lib/wsl/lib/nvidia-smi"


@dataclass(frozen=True, slots=True)
class NvidiaDriver:
    """The NVIDIA driver of this machine."""

    version: str | None
    """For example "580.95.05"; None where it does not tell."""
    cards_visible: bool
    """Whether this process can see a card. In a container the driver shows, but a card only if it was handed in."""
    trouble: str | None = None
    """What nvidia-smi said when it could not reach the driver."""


@dataclass(frozen=True, slots=True)
class AmdDriver:
    """The AMD compute driver of this machine."""

    accessible: bool
    """Whether this user may use it."""


def nvidia_driver(
    root: Path = SYSTEM_ROOT,
    which: Callable[[str], str | None] = shutil.which,
    ask: Callable[[str], tuple[int, str]] | None = None,
) -> NvidiaDriver | None:
    """Return the NVIDIA driver, or None where there is none.

    Linux tells the driver's version in a file. Where that is missing (Windows Subsystem for Linux, a driver that is
    installed but not loaded), nvidia-smi is asked, which takes up to a second.

    Args:
        root: the folder that stands for ``/``.
        which: finds a program, as `shutil.which`.
        ask: runs nvidia-smi at a path and returns its exit status and what it said.
    """
    try:
        text = (root / "proc/driver/nvidia/version").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return _asked(root, which, _ask_tool if ask is None else ask)
    found = _VERSION.search(text)
    nodes = any(node.name.removeprefix("nvidia").isdecimal() for node in (root / "dev").glob("nvidia*"))
    return NvidiaDriver(found[0] if found else None, nodes)


def amd_driver(root: Path = SYSTEM_ROOT, may_use: Callable[[Path], bool] | None = None) -> AmdDriver | None:
    """Return the AMD compute driver, or None where there is none.

    Args:
        root: the folder that stands for ``/``.
        may_use: whether this user may read and write a device file.
    """
    node = root / "dev/kfd"
    if not node.exists():
        return None
    return AmdDriver(os.access(node, os.R_OK | os.W_OK) if may_use is None else may_use(node))


def _asked(
    root: Path, which: Callable[[str], str | None], ask: Callable[[str], tuple[int, str]]
) -> NvidiaDriver | None:
    """Return what nvidia-smi knows of the driver, or None where there is no nvidia-smi."""
    within_windows = root / _WSL_TOOL
    tool = which("nvidia-smi") or (str(within_windows) if within_windows.is_file() else None)
    if tool is None:
        return None
    status, answer = ask(tool)
    if status == 0 and _VERSION.search(answer):
        return NvidiaDriver(answer.split()[0], cards_visible=True)
    lines = answer.strip().splitlines()
    return NvidiaDriver(None, cards_visible=False, trouble=lines[0] if lines else f"it ended with status {status}")


def _ask_tool(tool: str) -> tuple[int, str]:
    try:
        answer = subprocess.run(  # noqa: S603 - a program found on the search path, with fixed arguments
            [tool, *_QUERY], capture_output=True, text=True, errors="replace", timeout=_QUERY_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return 1, f"it gave no answer in {_QUERY_SECONDS:.0f} seconds"
    except OSError as error:
        return 1, f"it cannot be run: {error.strerror}"
    return answer.returncode, answer.stdout or answer.stderr
