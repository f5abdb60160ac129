"""One writer at a time in a track folder."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from small_dataset_audio.locks import LOCK_NAME, LOCK_SECONDS, FolderVanished, folder_lock

__all__ = ["LOCK_NAME", "LOCK_SECONDS", "FolderVanished", "track_lock"]


@contextlib.contextmanager
def track_lock(folder: Path, *, seconds: float = LOCK_SECONDS) -> Iterator[None]:
    """Hold the only right to write in a track folder; a thread that holds it may take it again.

    Raises:
        StoreError: as `folder_lock`.
        FolderVanished: as `folder_lock`.
    """
    with folder_lock(folder, seconds=seconds):
        yield
