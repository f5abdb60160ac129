"""The disk's read rate: nothing is left behind, nothing that is there is touched."""

import fcntl
import os
from pathlib import Path

import pytest

from small_dataset_audio.hardware.benchmark import disk
from small_dataset_audio.hardware.benchmark.disk import NoDisk, nearest_folder, read_rate

MIB = 2**20


def test_a_rate_is_measured_and_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "mine.wav").write_bytes(b"music")
    values = read_rate(tmp_path, 2 * MIB, least=3, seconds=0.0)
    assert len(values) == 3
    assert all(value > 0 for value in values)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.wav"]


def test_too_little_space_is_a_reason(tmp_path: Path) -> None:
    with pytest.raises(NoDisk, match="MiB are free on the disk"):
        read_rate(tmp_path, 2**60)


def test_a_folder_that_cannot_be_written_is_a_reason(tmp_path: Path) -> None:
    with pytest.raises(NoDisk, match="cannot be written"):
        read_rate(tmp_path / "nowhere", MIB)


def test_a_disk_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(NoDisk, match="failed: Input/output error"):
        read_rate(tmp_path, MIB)
    assert list(tmp_path.iterdir()) == []


def test_each_system_forgets_in_its_own_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[object, ...]] = []
    monkeypatch.setattr(fcntl, "fcntl", lambda *arguments: asked.append(arguments))
    disk._forgetting(7, "darwin")()
    assert asked == [(7, 48, 1)]
    monkeypatch.setattr(os, "posix_fadvise", lambda *arguments: asked.append(arguments), raising=False)
    monkeypatch.setattr(os, "POSIX_FADV_DONTNEED", 4, raising=False)
    disk._forgetting(7, "linux")()
    assert asked[1:] == [(7, 0, 0, 4)]


def test_the_nearest_folder_that_is_there(tmp_path: Path) -> None:
    assert nearest_folder(tmp_path) == tmp_path
    assert nearest_folder(tmp_path / "a" / "b") == tmp_path
    (tmp_path / "file").touch()
    assert nearest_folder(tmp_path / "file") == tmp_path
