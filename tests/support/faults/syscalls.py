"""The system calls that deal with files: their numbers, what they do, and which files they are about.

Sources: the Linux kernel's tables, arch/x86/entry/syscalls/syscall_64.tbl and scripts/syscall.tbl (the generic one, of Arm).
"""

import os
import platform
from dataclasses import dataclass
from typing import Final, Literal

Effect = Literal["look", "create", "write", "flush", "name", "mark", "lock", "close"]
"""Read or ask; make a file or folder; change content; bring to the disk; rename or remove; change times and rights; lock;
let go."""

_AT_FDCWD: Final = -100
_FICLONE: Final = 0x40049409
_WRITING: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_LONGEST_PATH: Final = 4096


@dataclass(frozen=True)
class Shape:
    """One system call.

    Attributes:
        name: as its manual page calls it.
        effect: what it does; that of `open` depends on how.
        places: what names the files: "fd", "path" or "at" (a folder, then a path), each with the number of its argument.
        flags: the number of the argument that says how a file is opened.
    """

    name: str
    effect: Effect
    places: tuple[tuple[str, int], ...]
    flags: int | None = None


_FD: Final = (("fd", 0),)
_PATH: Final = (("path", 0),)
_AT: Final = (("at", 0),)
_TABLE: Final = (  # number on x86-64, number on Arm, call
    (0, 63, Shape("read", "look", _FD)),
    (1, 64, Shape("write", "write", _FD)),
    (2, None, Shape("open", "look", _PATH, 1)),
    (3, 57, Shape("close", "close", _FD)),
    (4, None, Shape("stat", "look", _PATH)),
    (5, 80, Shape("fstat", "look", _FD)),
    (6, None, Shape("lstat", "look", _PATH)),
    (16, 29, Shape("ioctl", "write", _FD)),
    (17, 67, Shape("pread64", "look", _FD)),
    (18, 68, Shape("pwrite64", "write", _FD)),
    (20, 66, Shape("writev", "write", _FD)),
    (21, None, Shape("access", "look", _PATH)),
    (40, 71, Shape("sendfile", "write", _FD)),
    (73, 32, Shape("flock", "lock", _FD)),
    (74, 82, Shape("fsync", "flush", _FD)),
    (75, 83, Shape("fdatasync", "flush", _FD)),
    (76, 45, Shape("truncate", "write", _PATH)),
    (77, 46, Shape("ftruncate", "write", _FD)),
    (82, None, Shape("rename", "name", (("path", 0), ("path", 1)))),
    (83, None, Shape("mkdir", "create", _PATH)),
    (84, None, Shape("rmdir", "name", _PATH)),
    (86, None, Shape("link", "create", (("path", 0), ("path", 1)))),
    (87, None, Shape("unlink", "name", _PATH)),
    (88, None, Shape("symlink", "create", (("path", 1),))),
    (90, None, Shape("chmod", "mark", _PATH)),
    (91, 52, Shape("fchmod", "mark", _FD)),
    (93, 55, Shape("fchown", "mark", _FD)),
    (217, 61, Shape("getdents64", "look", _FD)),
    (257, 56, Shape("openat", "look", _AT, 2)),
    (258, 34, Shape("mkdirat", "create", _AT)),
    (262, 79, Shape("newfstatat", "look", _AT)),
    (263, 35, Shape("unlinkat", "name", _AT)),
    (264, 38, Shape("renameat", "name", (("at", 0), ("at", 2)))),
    (265, 37, Shape("linkat", "create", (("at", 0), ("at", 2)))),
    (266, 36, Shape("symlinkat", "create", (("at", 1),))),
    (268, 53, Shape("fchmodat", "mark", _AT)),
    (269, 48, Shape("faccessat", "look", _AT)),
    (280, 88, Shape("utimensat", "mark", _AT)),
    (285, 47, Shape("fallocate", "write", _FD)),
    (316, 276, Shape("renameat2", "name", (("at", 0), ("at", 2)))),
    (326, 285, Shape("copy_file_range", "write", (("fd", 2),))),
    (332, 291, Shape("statx", "look", _AT)),
)
_MACHINE: Final = platform.machine()
BY_NUMBER: Final = {
    number: shape for x86, arm, shape in _TABLE if (number := x86 if _MACHINE == "x86_64" else arm) is not None
}
"""The calls by their numbers on this machine."""


@dataclass(frozen=True)
class Call:
    """One system call of a process, before it is made.

    Attributes:
        shape: which.
        effect: what it does.
        paths: the files that it is about.
        arguments: as the kernel gets them.
    """

    shape: Shape
    effect: Effect
    paths: tuple[str, ...]
    arguments: tuple[int, ...]

    def __str__(self) -> str:
        """Return it as one would write it down."""
        return f"{self.shape.name}({', '.join(self.paths)})"


def call_of(pid: int, number: int, arguments: tuple[int, ...], root: str) -> Call | None:
    """Return the call that process ``pid`` is about to make, None if it is not about a file below ``root``."""
    shape = BY_NUMBER.get(number)
    if shape is None or (shape.name == "ioctl" and arguments[1] != _FICLONE):
        return None
    paths = tuple(_path(pid, how, place, arguments) for how, place in shape.places)
    if not any(path == root or path.startswith(f"{root}/") for path in paths):
        return None
    effect = shape.effect
    if shape.flags is not None and (flags := arguments[shape.flags]) & _WRITING:
        effect = "create" if flags & os.O_CREAT and not os.path.lexists(paths[0]) else "write"
    return Call(shape, effect, paths, arguments)


def _path(pid: int, how: str, place: int, arguments: tuple[int, ...]) -> str:
    if how == "fd":
        return _opened(pid, arguments[place])
    if how == "path":
        return _text(pid, arguments[place])
    written = _text(pid, arguments[place + 1])
    folder = _signed(arguments[place])
    if written.startswith("/") or folder == _AT_FDCWD:
        return written
    return f"{_opened(pid, folder)}/{written}" if written else _opened(pid, folder)


def _signed(argument: int) -> int:
    low = argument & 0xFFFFFFFF
    return low - (1 << 32) if low >> 31 else low


def _opened(pid: int, descriptor: int) -> str:
    try:
        return os.readlink(f"/proc/{pid}/fd/{_signed(descriptor)}").removesuffix(" (deleted)")  # noqa: PTH115 - no path always
    except OSError:
        return ""


def _text(pid: int, address: int) -> str:
    """Return the zero-terminated text at an address of the process."""
    if not address:
        return ""
    descriptor = os.open(f"/proc/{pid}/mem", os.O_RDONLY)
    try:
        room = _LONGEST_PATH - address % _LONGEST_PATH  # the next page need not be there
        found = os.pread(descriptor, room, address)
        if b"\0" not in found:
            found += os.pread(descriptor, _LONGEST_PATH, address + room)
        return os.fsdecode(found.partition(b"\0")[0])
    except OSError:
        return ""
    finally:
        os.close(descriptor)
