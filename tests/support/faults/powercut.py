"""What is left after a power cut: only what was flushed is sure to be on the disk.

POSIX promises no more than this: the content of a file is there after fsync(2) of the file, its name after fsync(2) of the
folder. While a child works, everything that it changes is noted; after the cut, what was not flushed is undone.
"""

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from support.faults.syscalls import Call

_FOLDERS: Final = frozenset({"mkdir", "mkdirat"})
_RENAMES: Final = frozenset({"rename", "renameat", "renameat2"})


@dataclass
class _Change:
    """One change of names that is not on the disk yet, and how it is undone."""

    folders: frozenset[str]
    undo: Callable[[], None]


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
    _known: dict[str, tuple[int, int]] = field(default_factory=dict)

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
            self._change((path,), Path(path).rmdir)
        elif place is not None:
            if call.shape.flags is not None:
                self._flushed[place], self._files[place] = 0, path
            self._change((path,), Path(path).unlink)

    def _note_name(self, call: Call) -> None:
        target, spare = call.paths[-1], self._kept.get(call.paths[-1])
        if call.shape.name in _RENAMES:
            source = call.paths[0]
            for place, path in self._files.items():
                if path == source or path.startswith(f"{source}/"):
                    self._files[place] = target + path.removeprefix(source)

            def back() -> None:
                Path(target).rename(source)
                if spare is not None:
                    os.link(spare, target)

            self._change((source, target), back)
        elif spare is not None:
            self._change((target,), lambda: os.link(spare, target))
        else:
            self._change((target,), Path(target).mkdir)

    def _change(self, paths: tuple[str, ...], undo: Callable[[], None]) -> None:
        self._changes.append(_Change(frozenset(str(Path(path).parent) for path in paths), undo))

    def _flush(self, path: str) -> None:
        if Path(path).is_dir():
            self._changes = [one for one in self._changes if path not in one.folders]
        elif (place := _identity(path)) is not None:
            self._flushed.pop(place, None)

    def strike(self, *, names: bool) -> None:
        """Undo what was not flushed: content, and with ``names`` also new, changed and removed names."""
        for place, size in self._flushed.items():
            path = self._files[place]
            if _identity(path) == place and Path(path).stat().st_size > size:
                os.truncate(path, size)
        if names:
            for change in reversed(self._changes):
                with contextlib.suppress(OSError):
                    change.undo()


def _identity(path: str) -> tuple[int, int] | None:
    try:
        facts = Path(path).stat()
    except OSError:
        return None
    return facts.st_dev, facts.st_ino
