"""What was heard, kept in paths.cache, so that a recording is listened to once however often a library is checked.

The first time that a process looks into the folder, it removes what dead processes and other versions have left there; and where
there is more than `MOST_KEPT`, what is oldest. All of it may be deleted at any time: it is then heard again.
"""

import contextlib
import functools
import io
import json
import logging
import os
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.atomic import read_whole, sweep_temporaries
from small_dataset_audio.dataset.arrays import read_arrays, write_arrays
from small_dataset_audio.dataset.heard.cutoff import Wall
from small_dataset_audio.dataset.heard.levels import FlatTops, Levels
from small_dataset_audio.dataset.heard.recording import Heard
from small_dataset_audio.dataset.heard.residual import Residual
from small_dataset_audio.errors import StoreError
from small_dataset_audio.locks import folder_lock, write_in_turn

_LOGGER = logging.getLogger(__name__)

FOLDER: Final = "heard"
VERSION: Final = 2
"""Raised whenever something else is heard, or kept in another way: what another version kept goes."""
MOST_KEPT: Final = 2 << 30
"""Bytes: what was heard of 100,000 songs has less."""
_LEAST_FREED: Final = MOST_KEPT // 4
_LARGEST: Final = 64 << 20
"""Bytes, packed or unpacked, of one recording: a day of sound has less."""
_UNREADABLE: Final = (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError)


class Kept:
    """The folder of what was heard; where it cannot be written, nothing is kept, and everything works."""

    def __init__(self, cache: Path) -> None:
        self._folder = cache / FOLDER / str(VERSION)
        _tidied(cache / FOLDER, os.getpid())

    def heard(self, sha256: str) -> Heard | None:
        """Return what was heard of the recording with this content; None where that is not known."""
        try:
            kept = read_arrays(read_whole(self._folder / f"{sha256}.npz", _LARGEST), _LARGEST)
            return _heard(json.loads(kept["facts"].tobytes()), kept["peaks"], kept["print"])
        except _UNREADABLE:
            return None

    def knows(self, sha256: str) -> bool:
        """Return whether something is kept of the recording with this content."""
        return (self._folder / f"{sha256}.npz").is_file()

    def keep(self, sha256: str, heard: Heard) -> None:
        """Keep what was heard of the recording with this content."""
        facts: dict[str, Any] = {
            **{
                name: getattr(heard, name)
                for name in ("rate", "channels", "samples", "codec", "truncated", "sound_sha256")
            },
            "levels": {name: value for name, value in asdict(heard.levels).items() if name != "peaks"},
            "tops": asdict(heard.tops),
            "wall": None if heard.wall is None else asdict(heard.wall),
        }
        text = np.frombuffer(json.dumps(facts).encode(), np.uint8)
        memory = io.BytesIO()
        write_arrays(memory, {"facts": text, "peaks": heard.levels.peaks, "print": heard.print})
        self._write(f"{sha256}.npz", memory.getvalue())

    def residual(self, key: str) -> Residual | None:
        """Return what was left of a mix without its stems; None where that is not known."""
        try:
            return Residual(**json.loads(read_whole(self._folder / f"{key}.json", _LARGEST)))
        except _UNREADABLE:
            return None

    def keep_residual(self, key: str, found: Residual) -> None:
        """Keep what was left of a mix without its stems."""
        self._write(f"{key}.json", json.dumps(asdict(found)).encode())

    def _write(self, name: str, data: bytes) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_in_turn(self._folder / name, data)
        except (OSError, StoreError) as error:
            _LOGGER.debug("Not kept in %s: %s", self._folder, error)


def _heard(facts: dict[str, Any], peaks: NDArray[Any], found: NDArray[Any]) -> Heard:
    """Return what was kept.

    Raises:
        ValueError: it is not of the shape in which it is kept.
    """
    if (str(peaks.dtype), peaks.ndim, str(found.dtype), found.ndim) != ("float32", 1, "uint8", 2):
        raise ValueError("other arrays than are kept")
    wall = facts.pop("wall")
    levels: dict[str, Any] = facts.pop("levels")
    levels |= {name: tuple(levels[name]) for name in ("rms", "mean")}
    tops = FlatTops(**facts.pop("tops"))
    return Heard(**facts, levels=Levels(peaks=peaks, **levels), tops=tops, wall=wall and Wall(**wall), print=found)


@functools.cache
def _tidied(folder: Path, _process: int) -> None:
    """Remove what is of no use in the folder of what was heard, once in each process; nothing while somebody writes there."""
    present = folder / str(VERSION)
    with contextlib.suppress(OSError, StoreError):
        for other in folder.iterdir():
            if other.name.isdecimal() and other != present and not other.is_symlink():
                shutil.rmtree(other, ignore_errors=True)
        with folder_lock(present, seconds=0):
            sweep_temporaries(present)
            _make_room(present)


def _make_room(folder: Path) -> None:
    """Remove the oldest files where there are more bytes than `MOST_KEPT`, so many that it is not full at once again."""
    with os.scandir(folder) as entries:
        found = {one.path: one.stat(follow_symlinks=False) for one in entries}
    excess = sum(facts.st_size for facts in found.values()) - MOST_KEPT
    if excess <= 0:
        return
    excess += _LEAST_FREED
    for path, facts in sorted(found.items(), key=lambda one: one[1].st_mtime_ns):
        if excess > 0:
            Path(path).unlink()
            excess -= facts.st_size
