"""What was heard, in the cache: swept of what dead processes and other versions left, and bounded."""

import os
from pathlib import Path

import pytest

from small_dataset_audio.atomic import TEMPORARY_SUFFIX
from small_dataset_audio.dataset.heard import store
from small_dataset_audio.dataset.heard.residual import Residual
from small_dataset_audio.dataset.heard.store import FOLDER, VERSION, Kept
from small_dataset_audio.locks import folder_lock
from support.dataset_processes import fork


@pytest.fixture(autouse=True)
def _as_a_new_process() -> None:
    store._tidied.cache_clear()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_dead_processes_and_other_versions_left_goes(tmp_path: Path) -> None:
    folder = tmp_path / FOLDER / str(VERSION)
    folder.mkdir(parents=True)
    (folder / f".abc{TEMPORARY_SUFFIX}").write_text("half")
    for other in (VERSION - 1, VERSION + 1):
        (folder.parent / str(other)).mkdir()
        (folder.parent / str(other) / "ab.npz").write_text("old")
    (folder.parent / "notes").mkdir()
    dear = tmp_path / "dear"
    dear.mkdir()
    (folder.parent / "99").symlink_to(dear, target_is_directory=True)
    Kept(tmp_path)
    assert names(folder.parent) == [str(VERSION), "99", "notes"]
    assert names(folder) == []
    assert dear.is_dir()


def test_nothing_is_removed_while_somebody_writes_there(tmp_path: Path) -> None:
    folder = tmp_path / FOLDER / str(VERSION)
    folder.mkdir(parents=True)
    (folder / f".abc{TEMPORARY_SUFFIX}").write_text("half")
    with folder_lock(folder):
        child = fork()
        if child == 0:
            Kept(tmp_path)
            os._exit(0)
        os.waitpid(child, 0)
    assert names(folder) == [f".abc{TEMPORARY_SUFFIX}"]


def test_of_too_much_the_oldest_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MOST_KEPT", 1000)
    monkeypatch.setattr(store, "_LEAST_FREED", 250)
    folder = tmp_path / FOLDER / str(VERSION)
    folder.mkdir(parents=True)
    for age, name in enumerate("edcba"):
        (folder / f"{name}.json").write_bytes(b"x" * 200)
        os.utime(folder / f"{name}.json", ns=(1 + age, 1 + age))
    Kept(tmp_path)
    assert len(names(folder)) == 5  # it is full, and not more than that
    (folder / "f.json").write_bytes(b"x" * 200)
    store._tidied.cache_clear()
    Kept(tmp_path)
    assert names(folder) == ["a.json", "b.json", "f.json"]


def test_what_is_kept_is_found_and_anything_else_is_not(tmp_path: Path) -> None:
    kept, found = Kept(tmp_path), Residual(0.0, {}, -30.0, 0.5)
    kept.keep_residual("ab", found)
    assert kept.residual("ab") == found
    for content in (b"", b"[]", b'{"seconds": 1, "x": 2}', b"\xff", b"[" * 100_000):
        (tmp_path / FOLDER / str(VERSION) / "ab.json").write_bytes(content)
        assert kept.residual("ab") is None
        (tmp_path / FOLDER / str(VERSION) / "ab.npz").write_bytes(content)
        assert kept.heard("ab") is None


def test_where_nothing_can_be_written_nothing_is_kept(tmp_path: Path) -> None:
    (tmp_path / FOLDER).write_text("a file in the way")
    kept = Kept(tmp_path)
    kept.keep_residual("ab", Residual(0.0, {}))
    assert kept.residual("ab") is None
