"""Checks of the machine: memory, shared memory in a container, and programs that some stages can use."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from small_dataset_audio.hardware.memory import GIB, Memory, host_memory
from small_dataset_audio.validation.check import Check, Result

MEMORY = "memory"
TOOLS = "tools"

LITTLE_MEMORY = 2 * GIB
"""Bytes below which memory gets a warning: importing torch takes half a GiB, a long recording at a high rate one more."""
LITTLE_SHARED_MEMORY = GIB // 2
"""Bytes of /dev/shm below which a container gets a warning: its usual 64 MiB are too few for training workers."""

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - the place is what is checked
_MIB = 2**20


@dataclass(frozen=True, slots=True)
class Tool:
    """A program that is not part of sda, and what sda can do with it."""

    program: str
    purpose: str
    fix: str


OPTIONAL_TOOLS = (
    Tool(
        "ffmpeg",
        "sda decodes without it; it helps to repair or convert recordings that sda refuses",
        "Install ffmpeg if you need it: `apt install ffmpeg`, `brew install ffmpeg`.",
    ),
    Tool(
        "fpcalc",
        "the stage metadata uses it to recognise recordings by their fingerprint",
        "Install Chromaprint if you need it: `apt install libchromaprint-tools`, `brew install chromaprint`.",
    ),
    Tool(
        "llama-server",
        "the stage caption uses it to describe music with a model on this machine",
        "Install llama.cpp if you need it: `brew install llama.cpp`, or its release for your system.",
    ),
)


def machine_checks(*, container: bool) -> list[Check]:
    """Return the checks of memory and optional tools; that of shared memory only in a container.

    Args:
        container: whether this process runs in a container.
    """
    checks = [Check("memory", MEMORY, lambda: memory_result(host_memory()), "Close other programs.")]
    if container:
        fix = "Start the container with more shared memory: `--shm-size=2g`, or `shm_size: 2g` in compose."
        checks.append(Check("shared memory", MEMORY, lambda: shared_memory_result(SHARED_MEMORY), fix))
    return checks


def tool_checks(which: Callable[[str], str | None] = shutil.which) -> list[Check]:
    """Return the checks of the programs that some stages can use.

    Args:
        which: finds a program, as `shutil.which`.
    """
    return [Check(tool.program, TOOLS, _looking_for(tool, which), tool.fix) for tool in OPTIONAL_TOOLS]


def memory_result(memory: Memory) -> Result:
    """Return whether there is memory enough, and what limits it."""
    summary = f"{memory.free / GIB:.1f} GiB free of {memory.total / GIB:.1f}"
    limit = None
    if memory.limit is not None:
        limit = f"This process may use {memory.limit / GIB:.1f} GiB: {memory.limited_by}."
    if memory.total < LITTLE_MEMORY:
        fix = "Work with one worker (`--workers 1`), or give this machine or container more memory."
        return Result("warn", f"Little memory: {summary}.", limit, fix)
    if memory.free < LITTLE_MEMORY:
        fix = "Close other programs, or work with one worker (`--workers 1`)."
        return Result("warn", f"Little memory is free: {summary}.", limit, fix)
    return Result("ok" if limit is None else "note", summary, limit)


def shared_memory_result(folder: Path) -> Result:
    """Return whether a container has shared memory enough for processes that train or load data together."""
    try:
        size = os.statvfs(folder)
    except OSError:
        return Result("warn", f"{folder} is missing: processes cannot share data.", None, f"Mount a tmpfs at {folder}.")
    total = size.f_frsize * size.f_blocks
    if total < LITTLE_SHARED_MEMORY:
        detail = "Training programs that load data with several workers may end with a bus error."
        fix = "Start the container with `--shm-size=2g`, or with `shm_size: 2g` in compose."
        return Result("warn", f"{folder} holds only {total / _MIB:.0f} MiB.", detail, fix)
    return Result("ok", f"{folder} holds {total / _MIB:.0f} MiB.")


def _looking_for(tool: Tool, which: Callable[[str], str | None]) -> Callable[[], Result]:
    def look() -> Result:
        place = which(tool.program)
        if place is None:
            return Result("note", f"{tool.program} is not installed: {tool.purpose}.", None, tool.fix)
        return Result("ok", f"{tool.program}: {place}")

    return look
