"""Which track each recording belongs to: the one that already holds it, or a new one with a name of its own.

A recording is known by its path, size and change time first, and by its content where these have changed. Contents are only
compared among files of the same size: new ones by their beginnings and ends first, tracks by the hashes they note. So a large
library costs one look at each folder, and recordings are read only where two of them may really be the same.
"""

import contextlib
import hashlib
import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from small_dataset_audio.audio.content import file_sha256
from small_dataset_audio.dataset.identity import recorded, stat_of
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.dataset.organize.holdings import Holdings, Recording, provenance_of
from small_dataset_audio.errors import SdaError, StoreError

State = Literal["new", "present", "duplicate"]

_EDGE: Final = 2**16
"""Bytes at each end of a file that are compared before all of it is read."""


@dataclass(frozen=True)
class Incoming:
    """One recording and its track.

    Attributes:
        source: the recording, absolute.
        track: where it belongs. The folder of a new track need not exist yet.
        state: "new"; "present" when the track holds it already; "duplicate" when another recording of the same list has the same
            content.
        duplicate_of: that other recording.
        note: what the track's `.INFO` is to note of the source, where it notes something else ("present" only).
    """

    source: Path
    track: Track
    state: State
    duplicate_of: Path | None = None
    note: Mapping[str, Any] | None = None


def assign(sources: Iterable[Path], library: Path, *, held: Mapping[str, str] | None = None) -> list[Incoming]:
    """Return the track of each recording, sorted by the recordings' paths; nothing is written.

    The same files and the same library give the same names, in whatever order the files are named. Two files that would share a
    name, on this file system or on another, get the names `Name` and `Name (2)`.

    Args:
        sources: recordings; one that cannot be reached counts as new, so that `organize` reports it.
        library: the library's folder, which need not exist yet.
        held: track name -> path of the recording of this list that it is known to hold (`holdings.track_of`), and that is not
            asked for again.

    Raises:
        StoreError: the library cannot be read.
    """
    paths = sorted({os.path.abspath(source) for source in sources})  # noqa: PTH100 - links stay what they are
    return _Assignment(library, held or {}).run([Path(path) for path in paths])


class _Assignment:
    def __init__(self, library: Path, held: Mapping[str, str]) -> None:
        self._holdings = Holdings(library)
        self._held = held
        self._placed: dict[Path, Incoming] = {}
        self._owners: dict[str, Path] = {}  # track name -> its recording
        self._originals: dict[Path, Path] = {}  # duplicate -> the recording that it repeats
        self._holders: dict[Path, Track] = {}  # such a recording, where it is in the library -> its track

    def run(self, sources: list[Path]) -> list[Incoming]:
        """Return which track holds or will hold each of ``sources``, in their order."""
        unknown: dict[int, list[Recording]] = defaultdict(list)
        for recording in filter(None, map(_seen, sources)):
            track = self._holdings.noted(recording)
            if track is not None:
                self._place(recording.path, track)
            else:
                unknown[recording.size].append(recording)
        for size, recordings in unknown.items():
            self._compare(recordings, self._holdings.by_size.get(size, {}))
        for source in sources:
            if source not in self._placed and source not in self._originals:
                self._placed[source] = Incoming(source, self._holdings.new_track(source), "new")
        for source, original in self._originals.items():
            track = self._holders.get(original) or self._placed[original].track
            self._placed[source] = Incoming(source, track, "duplicate", original)
        return [self._placed[source] for source in sources]

    def _place(self, source: Path, track: Track, note: Mapping[str, Any] | None = None) -> None:
        self._owners[track.name] = source
        self._placed[source] = Incoming(source, track, "present", note=note)

    def _compare(self, recordings: list[Recording], mixes: Mapping[Path, Track]) -> None:
        """Place those of some recordings of one size that a track of that size holds, and those that repeat another."""
        parts = {mix: provenance_of(track) for mix, track in mixes.items()}
        noted = {part.get("source", {}).get("path"): mix for mix, part in parts.items()}
        left = []
        for recording in recordings:
            mix = noted.get(os.fspath(recording.path))
            if mix is not None and recording.is_noted(parts[mix]["source"]):
                self._place(recording.path, mixes[mix])
            else:
                left.append(recording)
        if left:
            self._compare_content(left, _holders(mixes, parts))

    def _compare_content(self, recordings: list[Recording], holders: Mapping[str, Track]) -> None:
        paths = [recording.path for recording in recordings]
        hashes = _hashes(paths if holders else _alike(paths))
        first: dict[str, Path] = {}
        for recording in recordings:
            sha256 = hashes.get(recording.path)
            if sha256 is None:
                continue
            holder = holders.get(sha256)
            original = first.setdefault(sha256, recording.path) if holder is None else self._owner(holder)
            if holder is not None and original is None:
                self._place(recording.path, holder, recording.note(sha256))
            elif original is not None and original != recording.path:
                self._originals[recording.path] = original

    def _owner(self, track: Track) -> Path | None:
        """Return the recording of the list that a track holds, None where that is none so far."""
        held = self._held.get(track.name)
        owner = self._owners.get(track.name) if held is None else Path(held)
        if owner is not None:
            self._holders[owner] = track
        return owner


def _seen(source: Path) -> Recording | None:
    try:
        size, mtime_ns = stat_of(source)
    except StoreError:
        return None
    return Recording(source, size, mtime_ns)


def _holders(mixes: Mapping[Path, Track], parts: Mapping[Path, Mapping[str, Any]]) -> dict[str, Track]:
    """Return sha256 -> the track that holds that content; hashes are computed only where none is noted."""
    noted = {mix: known["sha256"] for mix in mixes if (known := recorded(parts[mix], _status(mix))) is not None}
    hashes = noted | _hashes(mix for mix in mixes if mix not in noted)
    holders: dict[str, Track] = {}
    for mix, track in mixes.items():
        if mix in hashes:
            holders.setdefault(hashes[mix], track)
    return holders


def _status(path: Path) -> tuple[int, int]:
    try:
        return stat_of(path)
    except StoreError:
        return (-1, -1)


def _hashes(paths: Iterable[Path]) -> dict[Path, str]:
    """Return file -> sha256 of those files that can be read."""
    hashes = {}
    for path in paths:
        with contextlib.suppress(SdaError):
            hashes[path] = file_sha256(path)
    return hashes


def _alike(paths: list[Path]) -> list[Path]:
    """Return those of some files of one size that begin and end like another one."""
    if len(paths) == 1:
        return []
    edges = {path: digest for path in paths if (digest := _edges(path)) is not None}
    often = Counter(edges.values())
    return [path for path, digest in edges.items() if often[digest] > 1]


def _edges(path: Path) -> bytes | None:
    """Return a digest of the beginning and the end of a file, None when it cannot be read."""
    try:
        with path.open("rb", buffering=0) as file:
            digest = hashlib.sha256(file.read(_EDGE))
            file.seek(max(0, os.fstat(file.fileno()).st_size - _EDGE))
            digest.update(file.read(_EDGE))
    except OSError:
        return None
    return digest.digest()
