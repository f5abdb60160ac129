"""Checks of the data folders: are they there, may we write, and is there room?

Nothing is created: a folder that is missing is made on first use, so it is enough that it could be made. Whether
writing works is found out by doing it (permissions, read-only mounts, quotas and network shares all lie): a small file
is written, renamed and deleted. Who tries it holds a lock on that file, which the system frees when the process dies: the next
one to try removes what it finds unlocked.
"""

import contextlib
import errno
import fcntl
import os
import secrets
import shlex
import shutil
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from small_dataset_audio.atomic import TEMPORARY_SUFFIX, store_error
from small_dataset_audio.config.model import Paths
from small_dataset_audio.validation.check import Check, Result

FOLDERS = "folders"
DISK = "disk"

READ_ONLY = frozenset({"datasets"})
"""Keys of the folders that sda only reads."""
WRITTEN_BY_EVERY_RUN = frozenset({"library", "reports", "cache"})
"""Keys of the folders without which no run can work."""

GB = 10**9
LITTLE_SPACE = 5 * GB
"""Free bytes below which a disk gets a warning: about a library of a hundred tracks with stems."""
NO_SPACE = GB // 2
"""Free bytes below which a disk counts as full."""
FEW_FILES = 1000
"""Free file entries (inodes) below which a disk counts as full, however many bytes are free."""

_PROBE = b"sda"
_PROBE_NAME = ".sda-probe-"
_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Space:
    """Room on a disk."""

    free: int
    """Bytes that this user may still write."""
    total: int
    files: int | None = None
    """Files that can still be made; None where the file system has no such bound."""


def folder_checks(paths: Paths, *, container: bool) -> list[Check]:
    """Return the checks of every data folder, and of the disk under every folder that is written to.

    Args:
        paths: the ``[paths]`` settings, absolute.
        container: whether this process runs in a container, where other fixes apply.
    """
    keys = list(type(paths).model_fields)
    return [
        *(_folder_check(key, getattr(paths, key), container=container) for key in keys),
        *(_disk_check(key, getattr(paths, key)) for key in keys if key not in READ_ONLY),
    ]


def readable_result(path: Path) -> Result:
    """Return whether a folder that is only read is there and can be read."""
    if not os.path.lexists(path):
        detail = "Recordings can also be named on the command line: `sda run FOLDER`."
        return Result(
            "note", f"{path} does not exist.", detail, f"Put your recordings there: `mkdir -p {_quoted(path)}`."
        )
    fault = _not_a_folder(path)
    if fault is not None:
        return fault
    try:
        with os.scandir(path) as entries:
            empty = next(entries, None) is None
    except OSError as error:
        return Result("fail", f"{path} cannot be read: {_reason(error)}.", _ownership(path), _read_fix(path, error))
    return Result("ok", f"{path} is empty." if empty else f"{path} can be read.")


def writable_result(
    key: str, path: Path, *, container: bool = False, probe: Callable[[Path], None] | None = None
) -> Result:
    """Return whether a folder can be written to, or could be made.

    Args:
        key: its name in ``[paths]``.
        path: the folder.
        container: whether this process runs in a container, where other fixes apply.
        probe: writes into a folder as sda does, and raises OSError where it cannot.
    """
    probe = write_probe if probe is None else probe
    there = os.path.lexists(path)
    place = path if there else nearest_existing(path)
    fault = _not_a_folder(place)
    if fault is not None:
        return fault
    try:
        probe(place)
    except OSError as error:
        what = "cannot be written to" if there else f"cannot be made in {place}"
        fix = _write_fix(key, place, error, container=container)
        return Result("fail", f"{path} {what}: {_reason(error)}.", _ownership(place), fix)
    if there:
        return Result("ok", f"{path} can be written to.")
    return Result("note", f"{path} does not exist yet; it is made on first use.")


def space_result(key: str, path: Path, measure: Callable[[Path], Space] | None = None) -> Result:
    """Return whether there is room on the disk under a folder.

    Args:
        key: its name in ``[paths]``.
        path: the folder, which need not exist.
        measure: returns the room at an existing folder.
    """
    try:
        space = (disk_space if measure is None else measure)(nearest_existing(path))
    except OSError as error:
        return Result("warn", f"The free space for {path} is unknown: {_reason(error)}.")
    summary = f"{space.free / GB:.1f} GB free of {space.total / GB:.1f} for {path}"
    fix = f"Free some space on the disk of {path}, or choose another folder: {_setting(key)}."
    if space.files is not None and space.files < FEW_FILES:
        return Result("fail", f"The disk of {path} can hold only {space.files} more files.", summary, fix)
    if space.free < NO_SPACE:
        return Result("fail", f"The disk is full: {summary}.", None, fix)
    if space.free < LITTLE_SPACE:
        return Result("warn", f"Little room: {summary}.", None, fix)
    return Result("ok", summary)


def write_probe(folder: Path) -> None:
    """Write a small file in ``folder``, rename it and delete it, as sda's own writers do; remove those of dead processes.

    Raises:
        OSError: one of these is not possible; what can be removed is removed.
    """
    _sweep_probes(folder)
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            _probe(folder)
        except FileNotFoundError:  # another process took it for a dead one's before it was locked
            if attempt == _ATTEMPTS or not folder.is_dir():
                raise
        else:
            return


def _probe(folder: Path) -> None:
    first, second = _probe_name(folder), _probe_name(folder)
    try:
        with first.open("xb") as file:
            with contextlib.suppress(OSError):  # a file system without locks
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            file.write(_PROBE)
            file.flush()
            first.replace(second)
            second.unlink()
    except OSError:
        for leftover in (first, second):
            with contextlib.suppress(OSError):
                leftover.unlink()
        raise


def _probe_name(folder: Path) -> Path:
    return folder / f"{_PROBE_NAME}{secrets.token_hex(6)}{TEMPORARY_SUFFIX}"


def _sweep_probes(folder: Path) -> None:
    """Remove the files of processes that died while they tried to write in ``folder``."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(_PROBE_NAME) and entry.name.endswith(TEMPORARY_SUFFIX):
                with contextlib.suppress(OSError):  # among them: it is locked, somebody is just trying
                    _remove_unlocked(Path(entry.path))


def _remove_unlocked(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        facts = os.fstat(descriptor)
        if stat.S_ISREG(facts.st_mode) and facts.st_size <= len(_PROBE):
            path.unlink()
    finally:
        os.close(descriptor)


def disk_space(folder: Path) -> Space:
    """Return the room on the disk of ``folder``.

    Raises:
        OSError: the disk does not answer.
    """
    usage = shutil.disk_usage(folder)
    entries = os.statvfs(folder)
    # Btrfs and others have no table of files to fill and report none.
    return Space(usage.free, usage.total, entries.f_favail if entries.f_files > 0 else None)


def nearest_existing(path: Path) -> Path:
    """Return ``path`` if it exists, else the nearest folder above it that does."""
    return next((place for place in (path, *path.parents) if os.path.lexists(place)), path)


def _folder_check(key: str, path: Path, *, container: bool) -> Check:
    fix = f"Check that the disk or network share of {path} is connected, or choose another folder: {_setting(key)}."
    if key in READ_ONLY:
        return Check(key, FOLDERS, lambda: readable_result(path), fix)
    critical = key in WRITTEN_BY_EVERY_RUN
    return Check(key, FOLDERS, lambda: writable_result(key, path, container=container), fix, critical=critical)


def _disk_check(key: str, path: Path) -> Check:
    fix = f"Check that the disk or network share of {path} is connected, or choose another folder: {_setting(key)}."
    return Check(f"space for {key}", DISK, lambda: space_result(key, path), fix, critical=key in WRITTEN_BY_EVERY_RUN)


def _not_a_folder(path: Path) -> Result | None:
    """Return what is wrong with something that exists and is no folder, None if it is one."""
    if path.is_dir():
        return None
    if path.is_symlink() and not path.exists():
        target = path.readlink()
        return Result(
            "fail",
            f"{path} is a link to {target}, which is not there.",
            None,
            f"Connect the disk that {target} lies on, or remove the link.",
        )
    fix = f"Move the file away, or choose another folder in [paths]: `mv {_quoted(path)} {_quoted(path)}.old`."
    return Result("fail", f"{path} is a file where a folder is needed.", None, fix)


def _write_fix(key: str, folder: Path, error: OSError, *, container: bool) -> str:
    """Return what helps against an error in writing to ``folder``."""
    if error.errno not in {errno.EACCES, errno.EPERM}:
        return store_error("write", folder, error).fix
    other = f"or choose another folder: {_setting(key)}"
    if container:
        try:
            owner = folder.stat()
        except OSError:
            return f"Mount a folder that the container's user may write to, {other}."
        return f"Start the container as the folder's owner (SDA_UID={owner.st_uid} SDA_GID={owner.st_gid}), {other}."
    return f'Make it yours: `sudo chown -R "$(id -un)" {_quoted(folder)}`, {other}.'


def _read_fix(path: Path, error: OSError) -> str:
    if error.errno in {errno.EACCES, errno.EPERM}:
        return f"Give yourself permission to read it: `sudo chmod -R a+rX {_quoted(path)}`."
    return store_error("read", path, error).fix


def _ownership(path: Path) -> str | None:
    """Return the sentence that names who owns ``path``, or None where that is unknown."""
    try:
        status = path.stat()
        return f"It belongs to {_owner(path, status.st_uid)} (mode {status.st_mode & 0o7777:04o}); you are {_user()}."
    except OSError:
        return None


def _owner(path: Path, number: int) -> str:
    try:
        return path.owner()
    except KeyError:  # a number without a name: usual in containers
        return f"user {number}"


def _user() -> str:
    import pwd  # noqa: PLC0415 - exists on Unix only

    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return f"user {os.geteuid()}"


def _reason(error: OSError) -> str:
    return error.strerror or str(error)


def _setting(key: str) -> str:
    return f"`sda config set paths.{key} FOLDER`"


def _quoted(path: Path) -> str:
    return shlex.quote(str(path))
