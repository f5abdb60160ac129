"""Track folders under another name, so that a kill at any moment leaves a library that is whole.

What is named after a track are its folder, a few small files in it, and its crops. The small files are first copied under the
new name, beside the old ones; then the folder gets its name, in one step; then the old files go, and the crops follow in
the same way, one by one. Before that step the track is the old one with some files too many, after it the new one. The track's
``.INFO`` notes the old name (``_sda.renamed``), by which the next run finds what is left to do.
"""

import contextlib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from small_dataset_audio.atomic import store_error, sync_folder, write_bytes
from small_dataset_audio.audio.formats import SUFFIXES
from small_dataset_audio.dataset.crops.origin import STAGE as CROP
from small_dataset_audio.dataset.crops.places import crop_folders
from small_dataset_audio.dataset.info import read_provenance, safe_update
from small_dataset_audio.dataset.layout import INFO_SUFFIX, Track
from small_dataset_audio.dataset.lock import LOCK_NAME, track_lock
from small_dataset_audio.dataset.metadata.names import t5_name
from small_dataset_audio.dataset.organize.names import collision_key, numbered
from small_dataset_audio.errors import StoreError

NOTE: Final = "renamed"
"""The part of ``_sda`` that says what a track was called before."""
_OURS: Final = re.compile(r"\.[A-Z][A-Z0-9_]*(\.[a-z0-9]+)?")
"""The endings that sda gives to files that are named after their track: .INFO, .BEATS_GRID, .TIMESERIES.npz."""


@dataclass(frozen=True)
class Renaming:
    """A track and the name that T5 can read.

    Attributes:
        track: the track.
        name: the new name; None where its name cannot be written that way.
    """

    track: Track
    name: str | None


def renaming_of(track: Track) -> Renaming | None:
    """Return how a track is to be renamed; None where T5 can read its name already."""
    name = t5_name(track.name)
    if name == track.name:
        return None
    same_to_some_disks = name is not None and collision_key(name) == collision_key(track.name)
    return Renaming(track, None if same_to_some_disks else name)


def rename(track: Track, name: str) -> Track:
    """Return the track under a new name: ``name``, or ``name (2)`` where another track has that.

    Raises:
        StoreError: the library cannot be written, or another run works on the track.
        UnreadableInfo: the track's ``.INFO`` is not the flat JSON it must be; nothing is changed.
    """
    finish(track)
    with track_lock(track.folder):
        if not track.folder.is_dir():
            raise StoreError(
                f"{track.name} was not renamed.",
                "Its folder is gone: another run may have renamed it meanwhile.",
                "Run the command again.",
            )
        with _reserved(track, name) as target:
            _write_down(track, {NOTE: {"from": track.name}})
            _move(track, target)
    finish(target)
    return target


def finish(track: Track) -> bool:
    """Return whether a renaming that was cut short had to be completed; it is then.

    Raises:
        StoreError: the track cannot be read or written.
        UnreadableInfo: its ``.INFO``, or that of a crop, is not the flat JSON it must be.
    """
    note = read_provenance(track.info).get(NOTE, {})
    before = note.get("from") if isinstance(note, dict) else None
    if not isinstance(before, str) or before == track.name or not before:
        return False
    with track_lock(track.folder):
        removed = _remove_old(track.folder, before)
        followed = [_follow(track, crop, before) for crop in crop_folders(track)]
    return removed or any(followed)


def _follow(track: Track, crop: Track, before: str) -> bool:
    """Return whether a crop still had the old name of its track; it has the new one then."""
    if crop.name.startswith(f"{track.name}_") and not _has_old_number(crop.name, before):
        return _remove_old(crop.folder, f"{before}_{crop.name.removeprefix(f'{track.name}_')}")
    if not _has_old_number(crop.name, before):
        return False
    part = read_provenance(crop.info).get(CROP)
    if not isinstance(part, dict):
        return False  # sda did not make it
    target = Track(crop.folder.with_name(f"{track.name}{crop.name.removeprefix(before)}"))
    if target.folder.exists():
        raise StoreError(
            f"The crop {crop.name} was not renamed.",
            f"{target.folder} stands in the way.",
            "Move it out of the folder of the crops, then run the command again.",
        )
    with track_lock(crop.folder):
        _write_down(crop, {CROP: {**part, "track": track.name}})
        _move(crop, target)
    _remove_old(target.folder, crop.name)
    return True


def _has_old_number(name: str, before: str) -> bool:
    return re.fullmatch(rf"{re.escape(before)}_[0-9]+", name) is not None


@contextlib.contextmanager
def _reserved(track: Track, name: str) -> Iterator[Track]:
    """Yield the track of the first free name; its folder is there, empty and locked until the block ends."""
    for _, candidate in numbered(name):
        target = Track(track.folder.with_name(candidate))
        try:
            target.folder.mkdir(exist_ok=True)
            with track_lock(target.folder):
                if set(os.listdir(target.folder)) - {LOCK_NAME}:  # noqa: PTH208 - names, not paths
                    continue
                (target.folder / LOCK_NAME).unlink(missing_ok=True)
                try:
                    yield target
                finally:
                    with contextlib.suppress(OSError):
                        target.folder.rmdir()  # still empty only where the track did not move in
                return
        except FileExistsError:  # a file has that name
            continue
        except OSError as error:
            raise store_error("create", target.folder, error) from error


def _write_down(track: Track, reserved: Mapping[str, Any]) -> None:
    safe_update(track.info, {}, reserved=reserved)


def _move(track: Track, target: Track) -> None:
    """Copy what is named after a folder under the new name, ``.INFO`` last, and let the folder have that name."""
    endings = sorted(_endings(track.folder, track.name), key=lambda ending: ending == INFO_SUFFIX)
    copies = [track.folder / f"{target.name}{ending}" for ending in endings]
    try:
        for ending, copy in zip(endings, copies, strict=True):
            write_bytes(copy, (track.folder / f"{track.name}{ending}").read_bytes())
        track.folder.rename(target.folder)
        sync_folder(target.folder.parent)
    except OSError as error:
        raise store_error("rename", track.folder, error) from error
    finally:
        for copy in copies:  # only where the folder did not move
            with contextlib.suppress(OSError):
                copy.unlink()


def _remove_old(folder: Path, before: str) -> bool:
    """Remove files that have the old name of a folder and were copied; return whether there were any."""
    copied = _endings(folder, before) & _endings(folder, folder.name)
    for ending in copied:
        try:
            (folder / f"{before}{ending}").unlink()
        except OSError as error:
            raise store_error("remove", folder / f"{before}{ending}", error) from error
    return bool(copied)


def _endings(folder: Path, name: str) -> set[str]:
    """Return the endings of the files that sda named after a track or crop called ``name``."""
    try:
        with os.scandir(folder) as entries:
            found = [one.name.removeprefix(name) for one in entries if one.name.startswith(name) and one.is_file()]
    except OSError as error:
        raise store_error("read", folder, error) from error
    return {ending for ending in found if _OURS.fullmatch(ending) and ending.lower() not in SUFFIXES}
