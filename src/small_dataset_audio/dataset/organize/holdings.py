"""What a library already holds, looked up only as far as a question needs it."""

import contextlib
import logging
import os
import stat
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from small_dataset_audio.atomic import store_error
from small_dataset_audio.dataset.identity import stat_of
from small_dataset_audio.dataset.info import read_provenance
from small_dataset_audio.dataset.layout import INFO_SUFFIX, MIX, Track, listing
from small_dataset_audio.dataset.organize.names import collision_key, numbered, sanitise
from small_dataset_audio.errors import StoreError, UnreadableInfo

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Recording:
    """A file that is to come into the library, as it was seen.

    Attributes:
        path: where it is, absolute.
        size: in bytes.
        mtime_ns: its change time, nanoseconds.
    """

    path: Path
    size: int
    mtime_ns: int

    def is_noted(self, note: Mapping[str, Any]) -> bool:
        """Whether a track's note of its source means this file, unchanged."""
        return _is_note_of(note, os.fspath(self.path), self.size, self.mtime_ns)

    def note(self, sha256: str) -> dict[str, object]:
        """Return what a track's `.INFO` notes of its source."""
        return {
            "path": os.fspath(self.path),
            "name": self.path.name,
            "size": self.size,
            "mtime_ns": self.mtime_ns,
            "sha256": sha256,
        }


class Holdings:
    """The tracks of a library, by name, by the file they came from, and by size.

    Args:
        library: the library's folder, which need not exist yet.

    Raises:
        StoreError: the library cannot be read.
    """

    def __init__(self, library: Path) -> None:
        self.library = library
        try:
            with os.scandir(library) as entries:
                listing = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
        except FileNotFoundError:
            listing = []
        except OSError as error:
            raise store_error("read", library, error) from error
        self._taken = {collision_key(name): name for name, _ in listing}
        self._folders = {name for name, is_folder in listing if is_folder and not name.startswith(".")}
        self._given: dict[str, int] = {}
        self._sources: dict[str, tuple[Track, dict[str, Any]]] = {}
        self._read: set[str] = set()

    def noted(self, recording: Recording) -> Track | None:
        """Return the track that came from this very file under a name that its own leads to, None if there is none."""
        base = sanitise(recording.path.stem)
        if base not in self._read:
            self._read.add(base)
            self._read_namesakes(base)
        track, note = self._sources.pop(os.fspath(recording.path), (None, {}))  # asked once: a million are not kept
        return track if track is not None and recording.is_noted(note) and _has_mix(track, recording.path) else None

    @cached_property
    def by_size(self) -> dict[int, dict[Path, Track]]:
        """Size in bytes -> the full mixes of that size and their tracks, sorted by name."""
        sizes: dict[int, dict[Path, Track]] = defaultdict(dict)
        for name in sorted(self._folders):
            track = Track(self.library / name)
            if (mix := _mix(track)) is not None:
                with contextlib.suppress(OSError):  # removed meanwhile
                    sizes[mix.stat().st_size][mix] = track
        return sizes

    def new_track(self, recording: Path) -> Track:
        """Return a track for a recording, with the first free one of the names ``Name``, ``Name (2)``, ...

        The name is free if no other recording has it, in this library or from this object, on any file system; an
        interrupted run's folder that waits for this recording is free as well.
        """
        base = sanitise(recording.stem)
        family = collision_key(base)
        for number, name in numbered(base, self._given.get(family, 0) + 1):
            there = self._taken.get(collision_key(name))
            track = Track(self.library / (there or name))
            if there is None or (there in self._folders and _is_free(track, recording)):
                self._folders.discard(track.name)
                self._taken[collision_key(name)] = track.name
                self._given[family] = number
                return track
        raise AssertionError  # pragma: no cover - numbers do not end

    def _read_namesakes(self, base: str) -> None:
        """Read the notes of the tracks whose names a recording of this name may have got."""
        for _, name in numbered(base):
            there = self._taken.get(collision_key(name))
            if there is None:
                return
            track = Track(self.library / there)
            note = provenance_of(track).get("source", {})
            if "path" in note:
                self._sources.setdefault(str(note["path"]), (track, note))


def track_name(recording: str) -> str:
    """Return the name that a recording's track has where no other recording has it."""
    return sanitise(os.path.splitext(os.path.basename(recording))[0])  # noqa: PTH119, PTH122 - asked a million times


def track_of(recording: str, library: Path) -> Track | None:
    """Return the track that a recording's own name leads to, if it came from this very file; None where only `assign` can tell.

    Args:
        recording: its absolute path.
        library: the library's folder, which need not exist yet.
    """
    track = Track(library / track_name(recording))
    try:
        if not stat.S_ISDIR(os.lstat(track.folder).st_mode):
            return None
        inside = listing(track)
        size, mtime_ns = stat_of(recording)
    except (OSError, StoreError):
        return None
    # On a file system that takes upper and lower case for the same, the file tells how the track is spelled.
    if MIX not in inside.audio or f"{track.name}{INFO_SUFFIX}" not in inside.names:
        return None
    return track if _is_note_of(provenance_of(track).get("source", {}), recording, size, mtime_ns) else None


def _is_note_of(note: Mapping[str, Any], path: str, size: int, mtime_ns: int) -> bool:
    return note.get("path") == path and (note.get("size"), note.get("mtime_ns")) == (size, mtime_ns)


def provenance_of(track: Track) -> dict[str, Any]:
    """Return the `_sda` part of a track's `.INFO`, nothing where it cannot be read."""
    try:
        return read_provenance(track.beside("INFO"))
    except StoreError as error:
        _log.debug("%s", error)
        return {}


def awaits(track: Track, recording: Path) -> bool:
    """Whether a folder without a full mix is there for this recording: left by an interrupted run, or by its removal.

    Raises:
        StoreError: the folder cannot be read.
    """
    try:
        if not stat.S_ISDIR(track.folder.lstat().st_mode):
            return False
        names = os.listdir(track.folder)  # noqa: PTH208 - names, not paths
    except FileNotFoundError:
        return True
    except OSError as error:
        raise store_error("read", track.folder, error) from error
    if track.mix is not None:
        return False
    try:
        note = read_provenance(track.info).get("source", {})
    except UnreadableInfo:
        return False
    meant = note.get("path") == os.fspath(recording)
    return meant if note else all(name.startswith(".") or name == track.info.name for name in names)


def _is_free(track: Track, recording: Path) -> bool:
    """Whether a folder awaits the recording, as far as it can be read."""
    try:
        return awaits(track, recording)
    except StoreError:
        return False


def _has_mix(track: Track, recording: Path) -> bool:
    """Whether a track has a full mix, most likely under the suffix of the recording that it came from.

    One that may not be looked at is not taken for gone: its recording would come in a second time.
    """
    likely = os.path.join(track.folder, MIX + recording.suffix.lower())  # noqa: PTH118 - asked a million times
    try:
        return os.path.exists(likely) or track.mix is not None  # noqa: PTH110
    except StoreError:
        return True


def _mix(track: Track) -> Path | None:
    """Return the full mix of what may not even be a track."""
    try:
        return track.mix
    except StoreError:
        return None
