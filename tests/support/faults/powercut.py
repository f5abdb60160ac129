"""What is left after a power cut: only what was flushed is sure to be on the disk.

POSIX promises no more than this: the content of a file is there after fsync(2) of the file, its name after fsync(2) of the
folder. While a child works, everything that it changes is noted; after the cut, what was not flushed is undone.
"""

import contextlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from support.faults.syscalls import Call

_FOLDERS: Final = frozenset({"mkdir", "mkdirat"})
_RENAMES: Final = frozenset({"rename", "renameat", "renameat2"})


@dataclass
class _Change:
    """One change of names that is not on the disk yet.

    Attributes:
        kind: what was done.
        paths: what has, or had, the names; they follow the folders that they lie in.
        spare: where what was removed or replaced is kept.
    """

    kind: Literal["made", "made folder", "renamed", "removed", "removed folder"]
    paths: list[str]
    spare: Path | None = None

    def is_in(self, folder: str) -> bool:
        return any(str(Path(path).parent) == folder for path in self.paths)

    def undo(self) -> None:
        first, last = Path(self.paths[0]), Path(self.paths[-1])
        if self.kind == "made":
            first.unlink()
        elif self.kind == "made folder":
            first.rmdir()
        elif self.kind == "removed folder":
            first.mkdir()
        elif self.kind == "renamed":
            last.rename(first)
        if self.spare is not None:
            os.link(self.spare, last, follow_symlinks=False)


@dataclass
class PowerCut:
    """What was changed and not flushed.

    Attributes:
        spare: a folder beside the library, on the same disk, for what is removed or replaced.
    """

    spare: Path
    _flushed: dict[tuple[int, int], int] = field(default_factory=dict)
    _files: dict[tuple[int, int], str] = field(default_factory=dict)
    _changes: list[_Change] = field(default_factory=list)
    _kept: dict[str, Path] = field(default_factory=dict)

    def before(self, call: Call) -> None:
        """Keep what the call would remove or replace."""
        if call.effect == "write" and (place := _identity(call.paths[0])) is not None:
            self._flushed.setdefault(place, Path(call.paths[0]).stat().st_size)
            self._files[place] = call.paths[0]
        elif call.effect == "name":
            self._kept.clear()
            for path in call.paths[-1:]:
                with contextlib.suppress(OSError):
                    spare = self.spare / f"kept-{len(list(self.spare.iterdir()))}"
                    os.link(path, spare, follow_symlinks=False)
                    self._kept[path] = spare

    def after(self, call: Call, well: bool) -> None:  # noqa: FBT001 - the shape of `tracing.After`
        """Note what the call has changed, or brought to the disk."""
        if not well:
            return
        if call.effect == "create":
            self._note_new(call)
        elif call.effect == "name":
            self._note_name(call)
        elif call.effect == "flush":
            self._flush(call.paths[0])

    def _note_new(self, call: Call) -> None:
        path = call.paths[-1]
        place = _identity(path)
        if call.shape.name in _FOLDERS:
            self._changes.append(_Change("made folder", [path]))
        elif place is not None:
            if call.shape.flags is not None:
                self._flushed[place], self._files[place] = 0, path
            self._changes.append(_Change("made", [path]))

    def _note_name(self, call: Call) -> None:
        target, spare = call.paths[-1], self._kept.get(call.paths[-1])
        if call.shape.name in _RENAMES:
            source = call.paths[0]
            self._files = {place: _moved(path, source, target) for place, path in self._files.items()}
            self._follow(self._changes, source, target)
            self._changes.append(_Change("renamed", [source, target], spare))
        else:
            self._changes.append(_Change("removed" if spare is not None else "removed folder", [target], spare))

    @staticmethod
    def _follow(changes: list[_Change], source: str, target: str) -> None:
        for change in changes:
            change.paths = [_moved(path, source, target) for path in change.paths]

    def _flush(self, path: str) -> None:
        if Path(path).is_dir():
            self._changes = [one for one in self._changes if not one.is_in(path)]
        elif (place := _identity(path)) is not None:
            self._flushed.pop(place, None)

    def strike(self, *, names: bool, spared: int | None = None) -> None:
        """Undo what was not flushed.

        Args:
            names: also new, changed and removed names, and not content alone.
            spared: of the content of every second file nothing is lost, from the first (0) or the second (1) on.
        """
        for number, (place, size) in enumerate(self._flushed.items()):
            path = self._files[place]
            if number % 2 != spared and _identity(path) == place and Path(path).stat().st_size > size:
                os.truncate(path, size)
        while names and self._changes:
            change = self._changes.pop()
            with contextlib.suppress(OSError):
                change.undo()
                if change.kind == "renamed":
                    self._follow(self._changes, change.paths[-1], change.paths[0])


def _moved(path: str, source: str, target: str) -> str:
    """Return what a path is called after a file or folder has got another name."""
    return target + path.removeprefix(source) if path == source or path.startswith(f"{source}/") else path


def _identity(path: str) -> tuple[int, int] | None:
    try:
        facts = Path(path).stat()
    except OSError:
        return None
    return facts.st_dev, facts.st_ino
