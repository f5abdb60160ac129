import errno
import os
from pathlib import Path

import pytest

from small_dataset_audio import atomic
from small_dataset_audio.errors import StoreError


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    atomic.write_text(file, "old")
    atomic.write_text(file, "néw")
    assert file.read_bytes() == "néw".encode()
    assert names(tmp_path) == ["a.txt"]


def test_an_error_in_the_block_leaves_the_old_file_and_no_litter(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    atomic.write_text(file, "old")

    def crash_half_way() -> None:
        with atomic.replacing(file) as out:
            out.write(b"new")
            raise ValueError("half way")

    with pytest.raises(ValueError, match="half way"):
        crash_half_way()
    assert file.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("call", ["fsync", "replace"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EACCES])
def test_every_failing_call_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    file = tmp_path / "a.txt"
    atomic.write_text(file, "old")

    def refuse(*_args: object, **_kwargs: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr({"fsync": os, "replace": Path}[call], call, refuse)
    with pytest.raises(StoreError) as caught:
        atomic.write_text(file, "new")
    assert str(file) in caught.value.what
    assert os.strerror(number) in caught.value.why
    assert file.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_a_full_disk_is_named_with_its_remedy(tmp_path: Path) -> None:
    error = atomic.store_error("write", tmp_path, OSError(errno.ENOSPC, "No space left on device"))
    assert "Free some space" in error.fix
    assert "connected" in atomic.store_error("read", tmp_path, OSError("odd")).fix


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="Could not write"):
        atomic.write_bytes(tmp_path / "none" / "a", b"")


def test_leftovers_of_crashed_writers_are_swept_and_nothing_else(tmp_path: Path) -> None:
    atomic.temporary_beside(tmp_path / "a").write_text("half")
    (tmp_path / "b.sda-tmp").write_text("not ours: its name has no dot in front")
    assert atomic.sweep_temporaries(tmp_path) == 1
    assert names(tmp_path) == ["b.sda-tmp"]


def test_a_folder_that_cannot_be_synced_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_descriptor: int) -> None:
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(os, "fsync", refuse)
    atomic.sync_folder(tmp_path)


def test_a_folder_is_made_with_those_above_it_or_it_is_told_why_not(tmp_path: Path) -> None:
    for _ in range(2):
        atomic.ensure_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="Could not create"):
        atomic.ensure_folder(tmp_path / "file")
    with pytest.raises(StoreError, match="Could not create") as caught:
        atomic.ensure_folder(tmp_path / "file" / "below")
    assert "A file stands where a folder is needed" in caught.value.fix
