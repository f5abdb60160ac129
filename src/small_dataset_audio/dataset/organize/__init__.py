"""How recordings come into a library: found, given a name of their own, copied, and known again.

Originals are opened for reading only. A track appears when its copy is whole, verified and on the disk; what an interrupted
run leaves is an empty folder or a hidden temporary file, which the next run uses or removes.
"""

import contextlib
import os
import stat
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Final

from small_dataset_audio.atomic import store_error, sync_folder
from small_dataset_audio.audio.content import file_sha256
from small_dataset_audio.audio.formats import SUFFIXES
from small_dataset_audio.dataset.identity import audio_identity, stat_of
from small_dataset_audio.dataset.info import safe_update, sweep
from small_dataset_audio.dataset.layout import MIX, Track
from small_dataset_audio.dataset.lock import LOCK_NAME, FolderVanished, track_lock
from small_dataset_audio.dataset.organize.assigning import Incoming, assign
from small_dataset_audio.dataset.organize.copying import copy_verified
from small_dataset_audio.dataset.organize.finding import Found, find_audio, search
from small_dataset_audio.dataset.organize.holdings import Recording, awaits, provenance_of, track_name, track_of
from small_dataset_audio.dataset.organize.names import numbered, sanitise
from small_dataset_audio.errors import NotAudio

__all__ = [
    "Found",
    "Incoming",
    "assign",
    "find_audio",
    "organize",
    "sanitise",
    "search",
    "track_name",
    "track_of",
]

_COPY_SECONDS: Final = 3600.0
"""How long to wait for another run that is copying into the same folder: long recordings from slow disks take minutes."""


def organize(incoming: Incoming) -> Track:
    """Return the track of a recording, after copying it into the library where it is new.

    Another run may have given the name to another recording since it was assigned; the track then has the next free name.

    Args:
        incoming: one of the answers of `assign`.

    Raises:
        AudioError: it is no audio, cannot be read or has no suffix of a recording; nothing enters the library.
        StoreError: the recording cannot be read or changes meanwhile, or the library cannot be written.
        UnreadableInfo: the track has an `.INFO` file that is not the flat JSON it must be.
    """
    if incoming.state == "present" and incoming.note is not None:
        safe_update(incoming.track.info, {}, reserved={"source": incoming.note, **_lacking(incoming.track)})
    if incoming.state != "new":
        return incoming.track
    if incoming.source.suffix.lower() not in SUFFIXES:
        raise NotAudio(
            f"{incoming.source} did not come into the library.",
            "Its name does not end like that of a recording, so nobody would know the copy for one.",
            "Give it the suffix of its format, such as .wav, .flac or .mp3, and run the command again.",
        )
    facts = _facts(incoming.source)
    return next(track for track in _places(incoming) if _settle(incoming.source, track, facts))


def _facts(recording: Path) -> dict[str, object]:
    """Return what the header of a recording says, as `.INFO` notes it."""
    from small_dataset_audio.audio.decode import probe  # noqa: PLC0415 - the decoders take time to load

    return {name: value for name, value in asdict(probe(recording)).items() if value is not None}


def _lacking(track: Track) -> dict[str, object]:
    """Return what a run that was ended right after the copy could not note any more: the recording's identity and facts."""
    mix = track.mix
    if mix is None or "rate" in provenance_of(track).get("audio", {}):
        return {}
    return {"audio": {**audio_identity(track, remember=False), **_facts(mix)}}


def _places(incoming: Incoming) -> Iterator[Track]:
    """Yield the assigned track, then those of the other names that the recording may have."""
    yield incoming.track
    library = incoming.track.folder.parent
    for _, name in numbered(sanitise(incoming.source.stem)):
        if name != incoming.track.name:
            yield Track(library / name)


def _settle(source: Path, track: Track, facts: dict[str, object]) -> bool:
    """Make the folder hold the recording; False where it holds another one."""
    while True:
        created = _make_folder(track.folder)
        if created is None:
            return False
        try:
            with track_lock(track.folder, seconds=_COPY_SECONDS), _removing_if_empty(track.folder, created=created):
                sweep(track.folder)
                if track.mix is not None:
                    return _is_there(source, track, facts)
                if not awaits(track, source):
                    return False
                _bring(source, track, facts)
                return True
        except FolderVanished:
            continue  # another run failed in it and removed it


def _bring(source: Path, track: Track, facts: dict[str, object]) -> None:
    """Copy the recording into its folder and note where it came from."""
    copied = copy_verified(source, track.folder / f"{MIX}{source.suffix.lower()}")
    recording = Recording(source, copied.size, copied.mtime_ns)
    audio = {"sha256": copied.sha256, "size": copied.size, "mtime_ns": copied.copy_mtime_ns}
    safe_update(track.info, {}, reserved={"source": recording.note(copied.sha256), "audio": audio | facts})


def _is_there(source: Path, track: Track, facts: dict[str, object]) -> bool:
    """Whether the track holds this very recording, brought by another run; notes its source where that run could not."""
    size, mtime_ns = stat_of(source)
    held = audio_identity(track, remember=False)
    if held["size"] != size or (sha256 := file_sha256(source)) != held["sha256"]:
        return False
    if not provenance_of(track).get("source"):
        note = Recording(source, size, mtime_ns).note(sha256)
        safe_update(track.info, {}, reserved={"source": note, "audio": {**held, **facts}})
    return True


def _make_folder(folder: Path) -> bool | None:
    """Create a track folder; return whether it is new, None where something that is no folder has its name."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir()
        sync_folder(folder.parent)
    except FileExistsError:
        return False if _is_folder(folder) else None
    except OSError as error:
        raise store_error("create", folder, error) from error
    return True


def _is_folder(path: Path) -> bool:
    """Whether a path is a folder and no link; True also when it is gone again, as the lock will tell."""
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except FileNotFoundError:
        return True
    except OSError as error:
        raise store_error("create", path, error) from error


@contextlib.contextmanager
def _removing_if_empty(folder: Path, *, created: bool) -> Iterator[None]:
    """Remove a folder that this run created if nothing came to be in it."""
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            if created and set(os.listdir(folder)) <= {LOCK_NAME}:  # noqa: PTH208 - names, not paths
                (folder / LOCK_NAME).unlink(missing_ok=True)
                folder.rmdir()
