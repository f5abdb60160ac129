"""What the PATHs of a command with one stage name: libraries, track folders, or recordings that are in no library."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from small_dataset_audio.dataset.crops.places import is_crop
from small_dataset_audio.dataset.layout import Track, list_tracks
from small_dataset_audio.dataset.organize import find_audio
from small_dataset_audio.errors import StoreError, UsageError


@dataclass
class Targets:
    """What is to be worked on.

    Attributes:
        tracks: library -> the tracks in it that were named, in order.
        files: recordings that are in no library.
    """

    tracks: dict[Path, list[Track]] = field(default_factory=dict)
    files: list[Path] = field(default_factory=list)


def targets_of(paths: Iterable[Path]) -> Targets:
    """Return what ``paths`` name, each thing once.

    Raises:
        StoreError: there is nothing of that name, no audio in it, or a folder cannot be read.
    """
    found = Targets()
    for path in paths:
        _add(path.absolute(), found)
    return found


def targets_without_crops(paths: Iterable[Path], why: str, fix: str) -> Targets:
    """Return what ``paths`` name, each thing once, of a command that has nothing to do with crops.

    Args:
        paths: as of `targets_of`.
        why: what crops have to do with it.
        fix: what to name instead.

    Raises:
        StoreError: as `targets_of`.
        UsageError: a crop is named.
    """
    found = targets_of(paths)
    for track in (track for tracks in found.tracks.values() for track in tracks):
        if is_crop(track):
            raise UsageError(f"{track.folder} is a crop.", why, fix)
    return found


def _add(path: Path, found: Targets) -> None:
    if not path.exists():
        raise StoreError(
            f"There is nothing at {path}.",
            "A library, the folder of a track, or recordings are expected.",
            "Check the spelling and the folder; `sda run FOLDER` makes a library of recordings.",
        )
    if path.is_file():
        track = Track(path.parent)
        _add_tracks([track], found) if track.mix == path else _add_files([path], found)
    elif Track(path).mix is not None:
        _add_tracks([Track(path)], found)
    elif tracks := list_tracks(path):
        _add_tracks(tracks, found)
    elif files := find_audio(path):
        _add_files(files, found)
    else:
        raise StoreError(
            f"There is no audio in {path}.",
            "It is no library, no folder of a track, and holds no file with the name of an audio format.",
            "Name a library, the folder of a track, or recordings.",
        )


def _add_tracks(tracks: list[Track], found: Targets) -> None:
    for track in tracks:
        named = found.tracks.setdefault(track.folder.parent, [])
        if track not in named:
            named.append(track)


def _add_files(files: list[Path], found: Targets) -> None:
    found.files.extend(file for file in files if file not in found.files)
