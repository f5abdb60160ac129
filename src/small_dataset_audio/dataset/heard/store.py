"""What was heard, kept in paths.cache, so that a recording is listened to once however often a library is checked."""

import io
import json
import logging
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile

import numpy as np

from small_dataset_audio.atomic import write_bytes
from small_dataset_audio.dataset.heard.cutoff import Wall
from small_dataset_audio.dataset.heard.levels import FlatTops, Levels
from small_dataset_audio.dataset.heard.recording import Heard
from small_dataset_audio.dataset.heard.residual import Residual
from small_dataset_audio.errors import StoreError

_LOGGER = logging.getLogger(__name__)

FOLDER: Final = "heard"
VERSION: Final = 1
"""Raised whenever something else is heard: what an older version kept is then not read."""
_UNREADABLE: Final = (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile)


class Kept:
    """The folder of what was heard; where it cannot be written, nothing is kept, and everything works."""

    def __init__(self, cache: Path) -> None:
        self._folder = cache / FOLDER / str(VERSION)

    def heard(self, sha256: str) -> Heard | None:
        """Return what was heard of the recording with this content; None where that is not known."""
        try:
            with np.load(self._folder / f"{sha256}.npz", allow_pickle=False) as kept:
                return _heard(json.loads(str(kept["facts"])), kept["peaks"], kept["print"])
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
        memory = io.BytesIO()
        np.savez_compressed(memory, facts=np.array(json.dumps(facts)), peaks=heard.levels.peaks, print=heard.print)
        self._write(f"{sha256}.npz", memory.getvalue())

    def residual(self, key: str) -> Residual | None:
        """Return what was left of a mix without its stems; None where that is not known."""
        try:
            return Residual(**json.loads((self._folder / f"{key}.json").read_text(encoding="utf-8")))
        except _UNREADABLE:
            return None

    def keep_residual(self, key: str, found: Residual) -> None:
        """Keep what was left of a mix without its stems."""
        self._write(f"{key}.json", json.dumps(asdict(found)).encode())

    def _write(self, name: str, data: bytes) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_bytes(self._folder / name, data)
        except (OSError, StoreError) as error:
            _LOGGER.debug("Not kept in %s: %s", self._folder, error)


def _heard(facts: dict[str, Any], peaks: Any, found: Any) -> Heard:  # noqa: ANN401 - arrays of numpy's own reader
    wall = facts.pop("wall")
    levels: dict[str, Any] = facts.pop("levels")
    levels |= {name: tuple(levels[name]) for name in ("rms", "mean")}
    tops = FlatTops(**facts.pop("tops"))
    return Heard(**facts, levels=Levels(peaks=peaks, **levels), tops=tops, wall=wall and Wall(**wall), print=found)
