"""Control groups of this process: where Linux keeps the limits of containers, services and batch jobs.

A process belongs to one group per hierarchy. ``/proc/self/cgroup`` names the groups, ``/proc/self/mountinfo`` says where
their folders can be seen, and every ancestor of a group binds as much as the group itself. Version 1 has a hierarchy per
controller, version 2 ("unified") one for all, and hybrid systems have both.

Sources: cgroups(7), proc(5), and the kernel's Documentation/admin-guide/cgroup-v1 and cgroup-v2.
"""

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

SYSTEM_ROOT = Path("/")

_OCTAL_ESCAPE = re.compile(r"\\([0-7]{3})")  # proc(5): space, tab, newline and backslash in mountinfo
_FIELDS_BEFORE_OPTIONAL = 6


@dataclass(frozen=True, slots=True)
class ControlGroup:
    """One group whose limits bind this process."""

    folder: Path
    """Where its files can be read."""
    version: int
    """Of the control group interface: 1 or 2."""
    name: str
    """Its path as the kernel names it."""

    def text(self, file: str) -> str | None:
        """Return the content of one of its files without white space around it, or None where it cannot be read."""
        try:
            return (self.folder / file).read_text(encoding="ascii", errors="replace").strip()
        except OSError:
            return None

    def number(self, file: str) -> int | None:
        """Return the number that one of its files holds, or None where there is none ("max", no such file)."""
        text = self.text(file)
        return int(text) if text is not None and text.isdecimal() else None

    def table(self, file: str) -> dict[str, int]:
        """Return the ``name number`` lines of one of its files; lines of another form are left out."""
        pairs = (line.split() for line in (self.text(file) or "").splitlines())
        return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdecimal()}  # noqa: PLR2004 - name and number


@dataclass(frozen=True, slots=True)
class _Mount:
    root: PurePosixPath
    point: PurePosixPath
    version: int
    controllers: frozenset[str]


def control_groups(controller: str, root: Path = SYSTEM_ROOT) -> list[ControlGroup]:
    """Return the groups of this process that may limit ``controller``, each before its ancestors.

    Args:
        controller: "memory", "cpu", …
        root: the folder that stands for ``/``.

    Returns:
        Groups of version 1 that have this controller, and groups of version 2 (which may or may not have it enabled:
        their files tell). Empty where there are no control groups.
    """
    mounts = _mounts(root)
    found: list[ControlGroup] = []
    for version, path in _memberships(controller, root):
        fitting = [m for m in mounts if m.version == version and (version > 1 or controller in m.controllers)]
        mount = _nearest(fitting, path)
        if mount is not None:
            found += _chain(mount, path, root)
    return found


def _memberships(controller: str, root: Path) -> list[tuple[int, PurePosixPath]]:
    """Return (version, path) of the groups that ``/proc/self/cgroup`` names for ``controller``."""
    memberships = []
    for line in _lines(root / "proc/self/cgroup"):
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if not path.startswith("/"):
            continue
        if number == "0" and not controllers:
            memberships.append((2, PurePosixPath(path)))
        elif controller in controllers.split(","):
            memberships.append((1, PurePosixPath(path)))
    return memberships


def _mounts(root: Path) -> list[_Mount]:
    """Return the control group file systems that ``/proc/self/mountinfo`` lists."""
    mounts = []
    for line in _lines(root / "proc/self/mountinfo"):
        before, _, after = line.partition(" - ")
        left, right = before.split(), after.split()
        if len(left) < _FIELDS_BEFORE_OPTIONAL or not right or right[0] not in {"cgroup", "cgroup2"}:
            continue
        mounts.append(
            _Mount(
                root=PurePosixPath(_unescaped(left[3])),
                point=PurePosixPath(_unescaped(left[4])),
                version=2 if right[0] == "cgroup2" else 1,
                controllers=frozenset(right[-1].split(",")),
            )
        )
    return mounts


def _nearest(mounts: list[_Mount], path: PurePosixPath) -> _Mount | None:
    """Return the mount that shows ``path`` most directly, any mount if none shows it, None if there is no mount.

    Inside a container the group's path is often that of the host while only the container's own part is mounted.
    """
    showing = [mount for mount in mounts if path.is_relative_to(mount.root)]
    return max(showing or mounts, key=lambda mount: len(mount.root.parts), default=None)


def _chain(mount: _Mount, path: PurePosixPath, root: Path) -> list[ControlGroup]:
    """Return the group at ``path`` and its ancestors, as far as ``mount`` shows them."""
    inside = path.relative_to(mount.root) if path.is_relative_to(mount.root) else PurePosixPath()
    if ".." in inside.parts:  # the process lives outside its control group namespace
        inside = PurePosixPath()
    top = root / mount.point.relative_to("/")
    chain = []
    for part in (inside, *inside.parents) if inside.parts else (inside,):
        folder = top / part
        if folder.is_dir():
            chain.append(ControlGroup(folder, mount.version, str(mount.root / part)))
    return chain


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return []


def _unescaped(field: str) -> str:
    return _OCTAL_ESCAPE.sub(lambda match: chr(int(match[1], 8)), field)
