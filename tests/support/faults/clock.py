"""The system's clock, as a child sees it: what it asks for it is seen, and answered as if the clock had jumped.

Linux answers such questions without a system call, from code that it lays into every process (vdso(7)). A child that is
followed puts the system call back in the place of that code, in its own copy; what the kernel answers can then be changed.
"""

import ctypes
import os
import platform
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SECOND: Final = 1_000_000_000
_REALTIME: Final = frozenset({0, 5})
"""CLOCK_REALTIME and CLOCK_REALTIME_COARSE: those that somebody can set. CLOCK_MONOTONIC never jumps."""
_TIMESPEC: Final = struct.Struct("=qq")
_SECTION: Final = struct.Struct("<IIQQQQIIQQ")
_SYMBOL: Final = struct.Struct("<IBBHQQ")
_DYNAMIC_SYMBOLS: Final = 11
_SECTIONS_AT, _SECTION_COUNTS_AT = 0x28, 0x3A


@dataclass(frozen=True)
class _Machine:
    """How a kind of processor asks for the time.

    Attributes:
        function: the name of the code that answers without a system call.
        number: of the system call.
        code: asks the kernel instead.
    """

    function: str
    number: int
    code: bytes


_MACHINES: Final = {
    # mov eax, 228; syscall; ret
    "x86_64": _Machine("__vdso_clock_gettime", 228, b"\xb8\xe4\0\0\0\x0f\x05\xc3"),
    # mov x8, #113; svc #0; ret
    "aarch64": _Machine("__kernel_clock_gettime", 113, bytes.fromhex("280e80d2010000d4c0035fd6")),
}
_MACHINE: Final = _MACHINES.get(platform.machine())


def ask_the_kernel() -> None:
    """Let this process ask the kernel for the time from now on, with a system call that can be seen.

    Raises:
        OSError: the system does not let a process change its own copy of that code.
    """
    if _MACHINE is None:
        return
    start, stop = _mapped()
    place = start + _symbols(ctypes.string_at(start, stop - start))[_MACHINE.function]
    descriptor = os.open("/proc/self/mem", os.O_RDWR)
    try:
        os.pwrite(descriptor, _MACHINE.code, place)
    finally:
        os.close(descriptor)


def asks_for_time(number: int, arguments: tuple[int, ...]) -> bool:
    """Return whether a system call asks for the time of day."""
    return _MACHINE is not None and number == _MACHINE.number and arguments[0] in _REALTIME


def shift_answer(pid: int, arguments: tuple[int, ...], seconds: int) -> None:
    """Let the answer to a question for the time be so much later."""
    descriptor = os.open(f"/proc/{pid}/mem", os.O_RDWR)
    try:
        told, rest = _TIMESPEC.unpack(os.pread(descriptor, _TIMESPEC.size, arguments[1]))
        os.pwrite(descriptor, _TIMESPEC.pack(told + seconds, rest), arguments[1])
    finally:
        os.close(descriptor)


def _mapped() -> tuple[int, int]:
    """Return where the code lies."""
    for line in Path("/proc/self/maps").read_text(encoding="utf-8").splitlines():
        if line.endswith("[vdso]"):
            start, _, stop = line.split(" ")[0].partition("-")
            return int(start, 16), int(stop, 16)
    raise OSError("this system has no code of its own in its processes")


def _symbols(image: bytes) -> dict[str, int]:
    """Return name -> place of the functions in an ELF image of 64 bits (System V ABI, chapter 4)."""
    (sections,) = struct.unpack_from("<Q", image, _SECTIONS_AT)
    size, count, _ = struct.unpack_from("<HHH", image, _SECTION_COUNTS_AT)
    found = {}
    for number in range(count):
        _, kind, _, _, start, length, link, *_ = _SECTION.unpack_from(image, sections + number * size)
        if kind == _DYNAMIC_SYMBOLS:
            names = _SECTION.unpack_from(image, sections + link * size)[4]
            for place in range(start, start + length, _SYMBOL.size):
                name, _, _, _, value, _ = _SYMBOL.unpack_from(image, place)
                found[image[names + name : image.index(b"\0", names + name)].decode()] = value
    return found
