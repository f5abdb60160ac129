"""Running a child one system call after the other: ptrace(2), on Linux, for x86-64 and 64-bit Arm."""

import contextlib
import ctypes
import errno
import os
import platform
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NoReturn

from support.faults.clock import ask_the_kernel, asks_for_time, shift_answer
from support.faults.syscalls import Call, call_of

_TRACEME: Final = 0
_POKEUSER: Final = 6
_SYSCALL: Final = 24
_SETOPTIONS: Final = 0x4200
_GETREGSET: Final = 0x4204
_SETREGSET: Final = 0x4205
_GET_SYSCALL_INFO: Final = 0x420E
_SYSGOOD: Final = 1
_EXITKILL: Final = 0x100000
_SYSCALL_STOP: Final = signal.SIGTRAP | 0x80
_ENTRY: Final = 1
_X86: Final = {"number": 120, "answer": 80, 0: 112, 1: 104, 2: 96}
"""Where struct user of x86-64 keeps the number, the answer and the first arguments of a call."""
_NT_PRSTATUS: Final = 1
_NT_ARM_SYSTEM_CALL: Final = 0x404
_ARM_REGISTERS: Final = 34
_LENGTH: Final = 2
"""The number of the argument that says how many bytes are written."""
_NO_CALL: Final = 2**64 - 1


class _Info(ctypes.Structure):
    """struct ptrace_syscall_info, as far as it tells of an entry; of an exit, ``number`` is the answer."""

    _fields_ = (
        ("op", ctypes.c_uint8),
        ("pad", ctypes.c_uint8 * 3),
        ("arch", ctypes.c_uint32),
        ("instruction", ctypes.c_uint64),
        ("stack", ctypes.c_uint64),
        ("number", ctypes.c_uint64),
        ("arguments", ctypes.c_uint64 * 6),
        ("rest", ctypes.c_uint64 * 2),
    )


class _Vector(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


@dataclass(frozen=True)
class Verdict:
    """What becomes of one call.

    Attributes:
        kill: the process ends right before it.
        kill_after: the process ends right after it.
        refuse: it is not made; the process is told this ``errno``.
        answer: it is made, and the process is told this ``errno`` all the same.
        shorten: a write brings no more than so many bytes.
    """

    kill: bool = False
    kill_after: bool = False
    refuse: int | None = None
    answer: int | None = None
    shorten: int | None = None


LET_PASS: Final = Verdict()
Before = Callable[[Call], Verdict]
After = Callable[[Call, bool], None]
Clock = Callable[[], int]
"""Tells by how many seconds the clock is wrong."""


def why_not() -> str | None:
    """Return why this machine cannot trace its children, None where it can."""
    if not sys.platform.startswith("linux") or platform.machine() not in {"x86_64", "aarch64"}:
        return "system calls are seen on Linux alone, on x86-64 and 64-bit Arm"
    try:
        child = start(lambda: None)
        follow(child, "/nowhere", lambda _call: LET_PASS, lambda _call, _well: None)
    except OSError as error:
        return f"this system does not let processes trace their children ({error.strerror})"
    return None


def start(work: Callable[[], None], *, clock: bool = False) -> int:
    """Return the process id of a child that waits to be followed, and then does ``work`` and ends.

    Args:
        work: what it does.
        clock: it asks for the time in a way that is seen.
    """
    child = os.fork()
    if child == 0:
        _be_traced(work, clock=clock)
    _, status = os.waitpid(child, 0)
    if not os.WIFSTOPPED(status):
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))
    _ptrace(_SETOPTIONS, child, 0, _SYSGOOD | _EXITKILL)
    return child


def _be_traced(work: Callable[[], None], *, clock: bool) -> NoReturn:
    status = 1
    try:
        if clock:
            ask_the_kernel()
        _ptrace(_TRACEME, 0, 0, 0)
        os.kill(os.getpid(), signal.SIGSTOP)
        work()
        status = 0
    finally:
        os._exit(status)


def follow(child: int, root: str, before: Before, after: After, clock: Clock | None = None) -> int | None:
    """Return the exit status of a child, None if it was killed, having shown ``before`` and ``after`` its calls below ``root``.

    Args:
        child: as of `start`.
        root: the folder whose files are of interest.
        before: is told each call, and says what becomes of it.
        after: is told each call that was made, and whether it went well.
        clock: tells by how much the clock is wrong, of a child that was started so that it is seen.
    """
    while True:
        info = _to_next_stop(child)
        if isinstance(info, int):
            return None if info < 0 else info
        if clock is not None and info.op == _ENTRY and asks_for_time(info.number, tuple(info.arguments)):
            asked = tuple(info.arguments)
            if not isinstance(_to_next_stop(child), int):
                shift_answer(child, asked, clock())
            continue
        call = call_of(child, info.number, tuple(info.arguments), root) if info.op == _ENTRY else None
        if call is not None and not _carry_out(child, call, before(call), after):
            return None


def _carry_out(child: int, call: Call, verdict: Verdict, after: After) -> bool:
    """Let the call become what the verdict says; return whether the child is still there."""
    if verdict.kill:
        _kill(child)
        return False
    made = verdict.refuse is None
    if not made:
        _set_number(child)
    elif verdict.shorten is not None:
        _set_argument(child, _LENGTH, verdict.shorten)
    info = _to_next_stop(child)
    if isinstance(info, int):
        return False
    if made:
        after(call, ctypes.c_int64(info.number).value >= 0)
    if verdict.kill_after:
        _kill(child)
        return False
    if (told := verdict.answer if made else verdict.refuse) is not None:
        _set_answer(child, -told)
    return True


def _kill(child: int) -> None:
    os.kill(child, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        while not os.WIFSIGNALED(os.waitpid(child, 0)[1]):
            pass


def _to_next_stop(child: int) -> "_Info | int":
    """Return what the child is about to do or has done; its exit status once it has ended (negative: the signal)."""
    number = 0
    while True:
        _ptrace(_SYSCALL, child, 0, number)
        _, status = os.waitpid(child, 0)
        if not os.WIFSTOPPED(status):
            return os.waitstatus_to_exitcode(status)
        number = os.WSTOPSIG(status)
        if number == _SYSCALL_STOP:
            info = _Info()
            _ptrace(_GET_SYSCALL_INFO, child, ctypes.sizeof(info), ctypes.addressof(info))
            return info


def _set_number(child: int) -> None:
    """Let the call that is about to be made be none."""
    if platform.machine() == "x86_64":
        _ptrace(_POKEUSER, child, _X86["number"], _NO_CALL)
    else:
        number = ctypes.c_int(-1)
        vector = _Vector(ctypes.addressof(number), ctypes.sizeof(number))
        _ptrace(_SETREGSET, child, _NT_ARM_SYSTEM_CALL, ctypes.addressof(vector))


def _set_answer(child: int, value: int) -> None:
    if platform.machine() == "x86_64":
        _ptrace(_POKEUSER, child, _X86["answer"], value & _NO_CALL)
    else:
        _set_register(child, 0, value)


def _set_argument(child: int, which: int, value: int) -> None:
    if platform.machine() == "x86_64":
        _ptrace(_POKEUSER, child, _X86[which], value)
    else:
        _set_register(child, which, value)


def _set_register(child: int, which: int, value: int) -> None:
    registers = (ctypes.c_uint64 * _ARM_REGISTERS)()
    vector = _Vector(ctypes.addressof(registers), ctypes.sizeof(registers))
    _ptrace(_GETREGSET, child, _NT_PRSTATUS, ctypes.addressof(vector))
    registers[which] = value & _NO_CALL
    _ptrace(_SETREGSET, child, _NT_PRSTATUS, ctypes.addressof(vector))


def _libc() -> Callable[[int, int, int, int], int]:
    function = ctypes.CDLL(None, use_errno=True).ptrace
    function.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)
    function.restype = ctypes.c_long
    ptrace: Callable[[int, int, int, int], int] = function
    return ptrace


_CALL: Final = _libc() if sys.platform.startswith("linux") else None


def _ptrace(request: int, child: int, address: int, data: int) -> None:
    if _CALL is None or _CALL(request, child, address, data) == -1:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
