"""One writer at a time in a track folder."""

import threading
from pathlib import Path

import pytest

from small_dataset_audio.dataset.lock import FolderVanished, track_lock
from small_dataset_audio.errors import StoreError


def test_one_thread_writes_in_a_track_folder_at_a_time(tmp_path: Path) -> None:
    refused: list[StoreError] = []

    def attempt() -> None:
        try:
            with track_lock(tmp_path, seconds=0):
                pass
        except StoreError as error:
            refused.append(error)

    with track_lock(tmp_path), track_lock(tmp_path, seconds=0):
        thread = threading.Thread(target=attempt)
        thread.start()
        thread.join()
    attempt()
    assert [error.what for error in refused] == [f"Could not write in {tmp_path}."]


def test_a_track_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FolderVanished, match="does not exist"), track_lock(tmp_path / "gone"):
        pass
