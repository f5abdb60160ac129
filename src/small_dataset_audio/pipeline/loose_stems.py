"""Stems put into a folder that is no track's, and that may hold anything: what a run that was killed left is known again.

They are written into a hidden folder inside it. When all are whole, a note of their names and hashes is put beside them;
then they are moved out, one by one, and the note goes. Where it is found again, a run ended in between: the files that are
as it says are that run's, and the next one replaces them unasked. All others are somebody's.
"""

import contextlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from small_dataset_audio.atomic import (
    ensure_folder,
    read_whole,
    store_error,
    sync_folder,
    write_text,
)
from small_dataset_audio.audio.content import file_sha256
from small_dataset_audio.audio.encode import ENCODED_SUFFIXES
from small_dataset_audio.errors import StoreError
from small_dataset_audio.locks import folder_lock
from small_dataset_audio.models.separation.stems import Stems
from small_dataset_audio.pipeline.steps.stem_files import write_stems

UNFINISHED: Final = ".unfinished.sda-stems"
"""The hidden folder."""
NOTE: Final = "stems.json"


def require_free(folder: Path, suffix: str, *, force: bool) -> None:
    """Return if stems may be put into ``folder``.

    Args:
        folder: where; it need not be there.
        suffix: of the stems' files, such as ``.flac``.
        force: replace stems that are there.

    Raises:
        StoreError: there are files of that suffix, which no killed run left; or the folder cannot be read.
    """
    try:
        folder.lstat()
    except FileNotFoundError:
        return
    except OSError as error:
        raise store_error("read", folder, error) from error
    ensure_folder(folder)  # refuses a file of that name
    with folder_lock(folder):
        _own(folder, suffix, force=force)


def put_stems(folder: Path, stems: Stems, rate: int, suffix: str, *, force: bool) -> dict[str, Path]:
    """Return stem -> its file in ``folder``, which is made where it is missing.

    Args:
        folder: where the stems go.
        stems: what to write.
        rate: samples per second.
        suffix: of the files, such as ``.flac``.
        force: replace stems that are there.

    Raises:
        AudioError: the format does not take the recording's rate or channels.
        StoreError: as `require_free`, or a file cannot be written.
    """
    ensure_folder(folder)
    with folder_lock(folder):
        own = _own(folder, suffix, force=force)
        hidden = folder / UNFINISHED
        try:
            _make_room(hidden)
            written = write_stems(hidden, stems, rate, suffix)
            new = {path.name: file_sha256(path) for path in written.values()}
            _publish(folder, own, new)
        except OSError as error:
            raise store_error("write", folder, error) from error
        finally:
            _tidy(folder)
    return {name: folder / path.name for name, path in written.items()}


def _make_room(hidden: Path) -> None:
    """Have an empty hidden folder, but for the note of a run that was killed."""
    if hidden.is_symlink():
        hidden.unlink()
    hidden.mkdir(exist_ok=True)
    for path in hidden.iterdir():
        if path.name != NOTE:
            path.unlink()


def _publish(folder: Path, own: Mapping[str, str], new: Mapping[str, str]) -> None:
    """Move new stems out of the hidden folder, in the place of those that a killed run left."""
    hidden = folder / UNFINISHED
    hashes = {name: sorted({one[name] for one in (own, new) if name in one}) for name in (*own, *new)}
    write_text(hidden / NOTE, json.dumps(hashes, indent=1, sort_keys=True) + "\n")
    sync_folder(folder)
    for name in own.keys() - new.keys():
        (folder / name).unlink()
    for name in new:
        (hidden / name).rename(folder / name)
    for changed in (folder, folder.parent):
        sync_folder(changed)
    (hidden / NOTE).unlink()


def _own(folder: Path, suffix: str, *, force: bool) -> dict[str, str]:
    """Return name -> hash of the stems that a killed run left; the folder's lock must be held.

    Raises:
        StoreError: there are other files of the same suffix, and they are not to be replaced.
    """
    _tidy(folder)
    try:
        noted = _noted(folder)
        names = sorted(path.name for path in folder.iterdir() if path.suffix.lower() in ENCODED_SUFFIXES)
        own = {name: file_sha256(folder / name) for name in names if name in noted and (folder / name).is_file()}
    except OSError as error:
        raise store_error("read", folder, error) from error
    own = {name: sha256 for name, sha256 in own.items() if sha256 in noted[name]}
    there = [name for name in names if Path(name).suffix.lower() == suffix and name not in own]
    if there and not force:
        raise StoreError(
            f"There are files in {folder} already.",
            f"These may be stems of an earlier time, or something else: {', '.join(there)}.",
            "Use --force to replace them, or name another folder with --output.",
        )
    return own


def _noted(folder: Path) -> dict[str, list[str]]:
    """Return name -> hashes of what a killed run was about to put into the folder; nothing where the note is not sda's."""
    try:
        document = json.loads(read_whole(folder / UNFINISHED / NOTE))
    except (FileNotFoundError, NotADirectoryError, ValueError, RecursionError):
        return {}
    found = document.items() if isinstance(document, dict) else ()
    return {name: hashes for name, hashes in found if isinstance(hashes, list)}


def _tidy(folder: Path) -> None:
    """Remove the hidden folder, unless its note says that stems are being moved."""
    hidden = folder / UNFINISHED
    try:
        os.lstat(hidden / NOTE)
    except (FileNotFoundError, NotADirectoryError):
        with contextlib.suppress(OSError):  # closing a folder may fail, which `ignore_errors` does not cover
            shutil.rmtree(hidden, ignore_errors=True)
    except OSError:
        return  # nobody knows: the next run looks again
