"""Where crops lie: ``<library>/<Track>/crops/<Track>_<n>/``, each a folder that `Track` reads like any other."""

import os
from pathlib import Path
from typing import Final

from small_dataset_audio.atomic import store_error
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.errors import StoreError

CROPS: Final = "crops"
"""The folder in a track's folder."""


def crops_folder(track: Track) -> Path:
    """Return where the crops of a track lie; the folder need not exist."""
    return track.folder / CROPS


def crop_name(track: Track, number: int) -> str:
    """Return the name of the crop that is the ``number``-th of a track, counted from 1."""
    return f"{track.name}_{number}"


def is_crop(track: Track) -> bool:
    """Return whether the folder is that of a crop."""
    return track.folder.parent.name == CROPS


def owner(track: Track) -> Track:
    """Return the track that a crop was cut from; a track itself, if it is no crop."""
    return Track(track.folder.parent.parent) if is_crop(track) else track


def crop_folders(track: Track) -> list[Track]:
    """Return the folders beside a track's crops, in their order, whoever made them.

    Raises:
        StoreError: the folder of the crops cannot be read, or is a link.
    """
    folder = crops_folder(track)
    require_no_link(folder)
    try:
        with os.scandir(folder) as entries:
            names = [
                entry.name
                for entry in entries
                if not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False)
            ]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise store_error("read", folder, error) from error
    return [Track(folder / name) for name in sorted(names, key=_by_number)]


def require_no_link(folder: Path) -> None:
    """Return if the folder of the crops is no link: sda writes inside the library alone.

    Raises:
        StoreError: it is one.
    """
    if os.path.islink(folder):  # noqa: PTH114 - it never raises
        raise StoreError(
            f"The crops of {folder.parent.name} were left alone.",
            f"{folder} is a link, and sda writes inside the library alone.",
            "Put a real folder in the place of the link, or remove it, then run the command again.",
        )


def _by_number(name: str) -> tuple[str, int, str]:
    head, _, tail = name.rpartition("_")
    return (head, int(tail), name) if tail.isascii() and tail.isdigit() and len(tail) <= 18 else (name, 0, name)  # noqa: PLR2004 - no crop has a longer number
