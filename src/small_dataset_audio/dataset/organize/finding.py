"""Which files of a folder are recordings."""

import os
import stat
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from small_dataset_audio.atomic import store_error
from small_dataset_audio.audio.formats import SUFFIXES
from small_dataset_audio.dataset.layout import INFO_SUFFIX, Track
from small_dataset_audio.dataset.organize.holdings import provenance_of
from small_dataset_audio.errors import StoreError

_Identity = tuple[int, int]


@dataclass(frozen=True)
class Found:
    """What a search came to.

    Attributes:
        paths: of the recordings, absolute and sorted; text, which takes a tenth of the memory of a `Path`.
        problems: folders that could not be read and links that lead nowhere; the search went on without them.
        tracks: folders that are tracks of some library; nothing in them is taken for a recording of its own.
    """

    paths: list[str] = field(default_factory=list)
    problems: list[StoreError] = field(default_factory=list)
    tracks: list[str] = field(default_factory=list)

    @property
    def files(self) -> list[Path]:
        """The recordings."""
        return [Path(path) for path in self.paths]


def find_audio(source: Path, *, library: Path | None = None) -> list[Path]:
    """Return the recordings in a folder and the folders below it, as `search` does, without the problems.

    Raises:
        StoreError: as `search`.
    """
    return search(source, library=library).files


def search(source: Path, *, library: Path | None = None) -> Found:
    """Return the recordings in a folder and the folders below it, by their suffix in upper or lower case.

    Hidden files and folders (`.name`, `._name`; but `...Name` is a title) the library itself and the tracks of any other are left
    out. Links are followed; each folder is visited once, by its own name where it has one in ``source``.

    Args:
        source: a folder, or a single recording.
        library: the track library, which may lie inside ``source``.

    Raises:
        StoreError: ``source`` does not exist, cannot be read, or is the library or a part of it.
    """
    source = Path(os.path.abspath(source))  # noqa: PTH100 - `resolve` would replace links by what they lead to
    found = Found()
    try:
        mode = source.stat().st_mode
        own = _library_identity(source, library)
        if not stat.S_ISDIR(mode):
            found.paths.extend([os.fspath(source)] if is_recording(source.name) else [])
            return found
        _walk(source, own, found)
    except FileNotFoundError as error:
        raise StoreError(
            f"There is nothing at {source}.",
            "The file or folder does not exist.",
            "Check the path for typing mistakes, and that the disk it is on is connected.",
        ) from error
    except OSError as error:
        raise store_error("read", source, error) from error
    found.paths.sort()
    return found


def is_recording(name: str) -> bool:
    """Whether a file of that name is taken for a recording."""
    return not _hidden(name) and os.path.splitext(name)[1].lower() in SUFFIXES  # noqa: PTH122 - a name, not a path


def _hidden(name: str) -> bool:
    return name.startswith(".") and not name.startswith("..")


def _library_identity(source: Path, library: Path | None) -> _Identity | None:
    """Return the device and inode of the library, None when there is none yet."""
    if library is None or not library.exists():
        return None
    if source.resolve().is_relative_to(library.resolve()):
        raise StoreError(
            f"{source} is inside the library {library}.",
            "A library's own recordings cannot be put into it again.",
            "Name the folder that the recordings come from, or leave it out to work on the library as it is.",
        )
    return _identity(library.stat())


def _identity(status: os.stat_result) -> _Identity:
    return status.st_dev, status.st_ino


def _walk(source: Path, library: _Identity | None, found: Found) -> None:
    """Collect the recordings below ``source``: real folders first, then what links lead to, so that loops end."""
    visited = {library} if library else set()
    real, linked = deque([os.fspath(source)]), deque[str]()
    while real or linked:
        folder = (real or linked).popleft()
        try:
            identity = _identity(os.stat(folder))  # noqa: PTH116 - plain paths: a million of them are built here
            if identity in visited:
                continue
            visited.add(identity)
            with os.scandir(folder) as entries:
                listing = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            if folder == os.fspath(source):
                raise
            found.problems.append(store_error("read", Path(folder), error))
            continue
        if _is_track(folder, listing):
            found.tracks.append(folder)
            continue
        for entry in listing:
            _sort_entry(entry, real, linked, found)


def _is_track(folder: str, listing: "list[os.DirEntry[str]]") -> bool:
    """Whether sda made a track of this folder: it holds its own `.INFO`, with what sda notes there."""
    info = os.path.basename(folder) + INFO_SUFFIX  # noqa: PTH119 - text, as above
    return any(entry.name == info for entry in listing) and bool(provenance_of(Track(Path(folder))))


def _sort_entry(entry: "os.DirEntry[str]", real: deque[str], linked: deque[str], found: Found) -> None:
    if _hidden(entry.name):
        return
    try:
        folder, file = entry.is_dir(), entry.is_file()
    except OSError:  # a link to itself, or to a place that may not be looked at
        folder = file = False
    if folder:
        (linked if entry.is_symlink() else real).append(entry.path)
    elif file and is_recording(entry.name):
        found.paths.append(entry.path)
    elif is_recording(entry.name):
        reason = (
            "It is a link that cannot be followed."
            if entry.is_symlink()
            else "It is not a file but a device or a pipe."
        )
        fix = (
            "Repair the link if the recording is wanted." if entry.is_symlink() else "Nothing, if that is no recording."
        )
        found.problems.append(StoreError(f"{entry.path} was left out.", reason, fix))
