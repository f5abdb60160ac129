"""Which recording a track holds, without reading it again every time."""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypedDict

from small_dataset_audio.atomic import read_whole, store_error
from small_dataset_audio.audio.content import file_sha256
from small_dataset_audio.dataset.info import read_provenance, safe_update
from small_dataset_audio.dataset.layout import MIX, STEMS, Track, listing
from small_dataset_audio.dataset.once import once
from small_dataset_audio.errors import StoreError

_LARGEST_BESIDE: Final = 64 * 2**20
"""Bytes: what lies beside a mix and is looked at whole is a list of times."""


class AudioIdentity(TypedDict):
    """A file's content hash, and the size in bytes and the change time at which it was computed."""

    sha256: str
    size: int
    mtime_ns: int


def audio_identity(track: Track, *, remember: bool = True) -> AudioIdentity:
    """Return which recording a track's full mix is.

    The hash is read from the track's `.INFO` file while the full mix has the size and the change time noted there, and
    computed otherwise.

    Args:
        track: the track.
        remember: write a hash that had to be computed to the `.INFO` file; False leaves the library untouched.

    Raises:
        AudioError: the full mix cannot be read.
        StoreError: there is no full mix, it changes while it is read, or `.INFO` cannot be written.
        UnreadableInfo: the `.INFO` file is not the flat JSON it must be.
    """
    name = listing(track).audio.get(MIX)
    if name is None:
        raise StoreError(
            f"The track {track.name} has no recording.",
            f"There is no full_mix file in {track.folder}.",
            "Put the recording back as full_mix with its suffix, or move the folder out of the library.",
        )
    mix = track.file(name)
    provenance = read_provenance(track.beside("INFO"))
    known = recorded(provenance, stat_of(mix))
    if known is not None:
        return known
    found = _computed(Path(mix))
    if remember:
        noted = provenance.get("audio", {})
        same = (
            noted.get("sha256") == found["sha256"]
        )  # only its change time differs: its length and the like still hold
        safe_update(track.info, {}, reserved={"audio": {**noted, **found} if same else found})
    return found


@once
def stem_identities(track: Track, *, remember: bool = True) -> dict[str, AudioIdentity]:
    """Return stem name -> which file it is, of the stems that exist.

    The hashes are read from the track's `.INFO` file as far as they hold, and computed otherwise, as for the full mix.

    Raises:
        AudioError: a stem cannot be read.
        StoreError: a stem changes while it is read, or `.INFO` cannot be written.
        UnreadableInfo: the `.INFO` file is not the flat JSON it must be.
    """
    audio = listing(track).audio
    stems = {name: track.file(audio[name]) for name in STEMS if name in audio}
    noted = read_provenance(track.beside("INFO")).get("stems", {}) if stems else {}
    found = {name: _noted(noted.get(name), stat_of(path)) or _computed(Path(path)) for name, path in stems.items()}
    if remember and found != {name: noted.get(name) for name in found}:
        safe_update(track.info, {}, reserved={"stems": found})
    return found


@once
def beside_sha256(path: str | Path) -> str | None:
    """Return the content hash of a small file beside the full mix, such as its times; None where there is none.

    Raises:
        StoreError: it cannot be read.
    """
    try:
        return hashlib.sha256(read_whole(path, _LARGEST_BESIDE)).hexdigest()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise store_error("read", Path(path), error) from error


def recorded(provenance: Mapping[str, Any], status: tuple[int, int]) -> AudioIdentity | None:
    """Return the identity that `_sda` notes if it holds for a full mix of that size and change time."""
    return _noted(provenance.get("audio"), status)


def _noted(note: object, status: tuple[int, int]) -> AudioIdentity | None:
    """Return the identity in ``note`` if it is one and holds for a file of that size and change time."""
    if not isinstance(note, dict):
        return None
    sha256 = note.get("sha256")
    if isinstance(sha256, str) and (note.get("size"), note.get("mtime_ns")) == status:
        return AudioIdentity(sha256=sha256, size=status[0], mtime_ns=status[1])
    return None


def _computed(path: Path) -> AudioIdentity:
    """Return the identity of a file, which is read for it."""
    size, mtime_ns = stat_of(path)
    found = AudioIdentity(sha256=file_sha256(path), size=size, mtime_ns=mtime_ns)
    if stat_of(path) != (size, mtime_ns):
        raise StoreError(
            f"{path} changed while it was read.",
            "Another program is writing to it.",
            "Let the other program finish, then run the command again.",
        )
    return found


def stat_of(path: str | Path) -> tuple[int, int]:
    """Return the size in bytes and the change time in nanoseconds of a file.

    Raises:
        StoreError: it cannot be reached.
    """
    try:
        status = os.stat(path)  # noqa: PTH116 - asked for a million times, of text
    except OSError as error:
        raise store_error("read", Path(path), error) from error
    return status.st_size, status.st_mtime_ns
