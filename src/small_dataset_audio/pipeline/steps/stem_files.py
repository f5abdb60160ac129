"""The stems of a track as files: written together, known again later, and never put in the place of somebody else's.

What sda separated is noted in ``.INFO``, in the part ``separation`` of ``_sda``: the name and the content hash of every
file. A stem whose hash is not noted there was made by somebody else, who may have it from the studio: it stays, and the
track is not separated. Names are noted before files are written, so that a run that is killed in between does not take
its own files for another's.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import numpy as np

from small_dataset_audio.atomic import store_error
from small_dataset_audio.audio.content import file_sha256
from small_dataset_audio.audio.encode import writing
from small_dataset_audio.audio.formats import SUFFIXES
from small_dataset_audio.audio.spool import BLOCK, give_back
from small_dataset_audio.dataset.identity import stem_identities
from small_dataset_audio.dataset.info import read_provenance, safe_update
from small_dataset_audio.dataset.layout import MIX, Track, listing
from small_dataset_audio.dataset.lock import track_lock
from small_dataset_audio.models.separation.stems import Stems

PART: Final = "separation"
"""The part of ``_sda``."""
_FILES: Final = "files"
_PENDING: Final = "pending"


def write_stems(folder: Path, stems: Stems, rate: int, suffix: str) -> dict[str, Path]:
    """Return stem -> its file in ``folder``, after writing all of them, none of which appears before all are encoded.

    Raises:
        AudioError: the format does not take the recording's rate or channels.
        StoreError: a file cannot be written.
    """
    paths = {name: folder / f"{name}{suffix}" for name in stems.sounds}
    length = max((sound.shape[1] for sound in stems.sounds.values()), default=0)
    with ExitStack() as stack:
        writers = {
            name: stack.enter_context(writing(paths[name], rate, sound.shape[0]))
            for name, sound in stems.sounds.items()
        }
        for start in range(0, length, BLOCK):
            for name, sound in stems.sounds.items():
                block = sound[:, start : start + BLOCK]
                writers[name].write(block * np.float32(stems.scale) if stems.scale != 1 else block)
                give_back(block)
    return paths


def store_stems(
    track: Track, stems: Stems, rate: int, suffix: str, facts: Mapping[str, object]
) -> tuple[str, ...]:  # fmt: skip
    """Return the names of the stems' files, put in the place of those that sda separated before, and noted in ``.INFO``.

    Args:
        track: the track; its own stems are those that `foreign_stems` does not name.
        stems: what to write.
        rate: samples per second.
        suffix: of the files, such as ``.flac``.
        facts: what to note besides: how they were made.

    Raises:
        AudioError: the format does not take the recording's rate or channels.
        StoreError: a file cannot be written, or another program is writing in the folder.
    """
    with track_lock(track.folder):
        before = _noted(track)
        mine = _own_files(track, before)
        pending = sorted({*mine, *(f"{name}{suffix}" for name in stems.sounds)})
        _note(track, {**before, _PENDING: pending})
        written = write_stems(track.folder, stems, rate, suffix)
        names = tuple(path.name for path in written.values())
        for name in set(mine).difference(names):
            _remove(track.folder / name)
        _note(track, {**facts, _FILES: {path.name: file_sha256(path) for path in written.values()}})
    return names


def foreign_stems(track: Track, *, remember: bool) -> dict[str, str]:
    """Return stem -> content hash of the stems that sda did not separate.

    Args:
        track: the track.
        remember: note hashes that had to be computed in ``.INFO``.
    """
    found = stem_identities(track, remember=remember)
    if not found:
        return {}
    noted, audio = _noted(track), listing(track).audio
    return {
        name: identity["sha256"]
        for name, identity in found.items()
        if not _is_own(audio[name], identity["sha256"], noted)
    }


def in_the_way(track: Track, names: set[str]) -> list[str]:
    """Return the audio files called ``names`` in a track's folder that sda did not write."""
    noted = _noted(track)
    found = (path for path in _audio_files(track) if path.stem in names)
    return [path.name for path in found if not _is_own(path.name, file_sha256(path), noted)]


def _audio_files(track: Track) -> list[Path]:
    """Return the audio files in a track's folder, sorted."""
    try:
        return sorted(path for path in track.folder.iterdir() if path.suffix.lower() in SUFFIXES and path.is_file())
    except OSError as error:
        raise store_error("read", track.folder, error) from error


def _noted(track: Track) -> dict[str, Any]:
    """Return what ``.INFO`` notes of the separation, as far as it is of the shape that sda writes: anybody may have written it."""
    part = read_provenance(track.beside("INFO")).get(PART, {})
    noted = dict(part) if isinstance(part, dict) else {}
    files, pending = noted.get(_FILES), noted.get(_PENDING)
    noted[_FILES] = files if isinstance(files, dict) else {}
    noted[_PENDING] = pending if isinstance(pending, list) else []
    return noted


def _note(track: Track, part: Mapping[str, object]) -> None:
    safe_update(track.info, {}, reserved={PART: dict(part)})


def _own_files(track: Track, noted: Mapping[str, Any]) -> list[str]:
    """Return the names of the files that are there and were written by sda; files in the track's folder, and never its mix."""
    names = {*noted.get(_FILES, {}), *(name for name in noted.get(_PENDING, []) if isinstance(name, str))}
    present = [path.name for path in _audio_files(track) if path.name in names and path.stem != MIX]
    return [name for name in present if _is_own(name, file_sha256(track.folder / name), noted)]


def _is_own(name: str, sha256: str, noted: Mapping[str, Any]) -> bool:
    return name in noted.get(_PENDING, []) or noted.get(_FILES, {}).get(name) == sha256


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise store_error("remove", path, error) from error
