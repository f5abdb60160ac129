"""A state to compare with another: a library, a track, or a single ``.INFO`` file."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from small_dataset_audio.atomic import store_error
from small_dataset_audio.audio.formats import SUFFIXES
from small_dataset_audio.dataset.crops.places import crop_folders
from small_dataset_audio.dataset.entries import Entry, entry_of
from small_dataset_audio.dataset.info import read_info
from small_dataset_audio.dataset.layout import INFO_SUFFIX, Track, list_tracks
from small_dataset_audio.dataset.provenance import RESERVED
from small_dataset_audio.errors import SdaError, StoreError

Kind = Literal["library", "track"]


@dataclass(frozen=True)
class State:
    """What there is to compare.

    Attributes:
        path: what was named.
        kind: a library, or one track, of which a lone ``.INFO`` file is a part.
        entries: name -> what is known of it; crops are called ``<Track>/<Crop>``.
        alone: only the values are known: it is an ``.INFO`` file.
    """

    path: Path
    kind: Kind
    entries: Mapping[str, Entry]
    alone: bool = False


def read_state(path: Path) -> State:
    """Return what is known of a library, of a track folder, or in an ``.INFO`` file.

    Raises:
        StoreError: it is none of these, or cannot be read.
    """
    if path.is_file():
        return _file(path)
    track = Track(path)
    if path.is_dir() and (track.info.exists() or track.mix is not None):
        return State(path, "track", {track.name: entry_of(track), **_crops(track)})
    if not path.exists():
        raise StoreError(
            f"There is nothing at {path}.",
            "A library, the folder of a track, or an .INFO file is expected.",
            "Check the spelling and the folder; names are case-sensitive on most systems.",
        )
    entries: dict[str, Entry] = {}
    for one in list_tracks(path):
        entries[one.name] = entry_of(one)
        entries |= _crops(one)
    return State(path, "library", entries)


def sidecars(entry: Entry) -> dict[str, Path]:
    """Return suffix -> path of the files beside a track's ``.INFO`` that are no recordings, such as ``BEATS_GRID``.

    Raises:
        StoreError: the folder cannot be read.
    """
    track = entry.track
    start = f"{track.name}."
    try:
        with os.scandir(track.folder) as found:
            names = sorted(one.name for one in found if one.name.startswith(start) and one.is_file())
    except OSError as error:
        raise store_error("read", track.folder, error) from error
    beside = [name for name in names if name != track.info.name and Path(name).suffix.lower() not in SUFFIXES]
    return {name.removeprefix(start): track.folder / name for name in beside}


def _crops(track: Track) -> dict[str, Entry]:
    try:
        return {f"{track.name}/{crop.name}": entry_of(crop) for crop in crop_folders(track)}
    except SdaError as error:
        return {f"{track.name}/": Entry(track, problem=error)}


def _file(path: Path) -> State:
    """Return the state in an ``.INFO`` file, which may have been copied away and renamed."""
    values = read_info(path)
    provenance = values.pop(RESERVED, {})
    track = Track(path.parent)
    name = track.name if path == track.info else path.name.removesuffix(INFO_SUFFIX)
    return State(path, "track", {name: Entry(track, values, provenance)}, alone=True)
