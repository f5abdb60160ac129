import json
import os
from pathlib import Path

import pytest

from small_dataset_audio.dataset.report.folder import MARK, Folder, put
from small_dataset_audio.errors import StoreError, UsageError
from support.dataset_library import leave_temporary, temporaries, tree


@pytest.fixture
def library(tmp_path: Path) -> Path:
    folder = tmp_path / "music" / "library"
    folder.mkdir(parents=True)
    return folder


def test_a_file_is_put_whole_and_only_when_it_differs(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    assert put(path, b"one")
    before = path.stat().st_ino
    assert not put(path, b"one")
    assert path.stat().st_ino == before
    assert put(path, b"two")
    assert path.read_bytes() == b"two"
    assert temporaries(tmp_path) == []


def test_a_disk_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "page.html"
    put(path, b"old")

    def full(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(StoreError, match="Could not write"):
        put(path, b"new")
    assert path.read_bytes() == b"old"
    assert temporaries(tmp_path) == []


def test_a_new_folder_is_made_and_marked(library: Path, tmp_path: Path) -> None:
    folder = Folder.claimed(tmp_path / "a" / "b", library)
    mark = json.loads((folder.root / MARK).read_text())
    assert mark["library"] == str(library)
    assert (folder.root / "tracks").is_dir()
    assert Folder.claimed(folder.root, library).root == folder.root


def test_an_empty_folder_is_taken_also_where_a_file_manager_was(library: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ".DS_Store").write_bytes(b"x")
    assert Folder.claimed(tmp_path / "out", library).changed == 0


@pytest.mark.parametrize("mark", [None, "{ not json", "[]", '{"format": 99}', '{"other": 1}'])
def test_what_sda_did_not_make_is_left_alone(library: Path, tmp_path: Path, mark: str | None) -> None:
    theirs = tmp_path / "out"
    theirs.mkdir()
    (theirs / "index.html").write_text("mine")
    if mark is not None:
        (theirs / MARK).write_text(mark)
    before = tree(theirs)
    with pytest.raises(UsageError, match="Nothing was written"):
        Folder.claimed(theirs, library)
    assert tree(theirs) == before


def test_the_library_itself_is_no_place_for_a_report(library: Path) -> None:
    for place in (library, library.parent):
        with pytest.raises(UsageError, match="cannot be written"):
            Folder.claimed(place, library)
    assert not list(library.iterdir())


def test_the_report_of_another_library_is_kept_as_long_as_that_is_there(library: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    Folder.claimed(tmp_path / "out", other)
    with pytest.raises(UsageError, match="another library"):
        Folder.claimed(tmp_path / "out", library)
    other.rmdir()
    assert Folder.claimed(tmp_path / "out", library).library == library


def test_what_a_report_has_no_more_is_removed_and_nothing_else(library: Path, tmp_path: Path) -> None:
    first = Folder.claimed(tmp_path / "out", library)
    for name in ("index.html", "tracks/a.html", "tracks/b.html"):
        first.write(name, name)
    first.conclude()
    (first.root / "notes.txt").write_text("mine")
    second = Folder.claimed(first.root, library)
    second.write("index.html", "index.html")
    second.write("tracks/b.html", b"other")
    assert second.changed == 1
    second.conclude()
    assert sorted(tree(first.root)) == ["index.html", "notes.txt", MARK, "tracks/b.html"]


def test_a_mark_that_somebody_changed_removes_nothing_outside(library: Path, tmp_path: Path) -> None:
    folder = Folder.claimed(tmp_path / "out", library)
    folder.conclude()
    outside = tmp_path / "outside.txt"
    outside.write_text("mine")
    mark = json.loads((folder.root / MARK).read_text())
    mark["files"] = ["../outside.txt", str(outside), 3, "tracks/../../outside.txt"]
    (folder.root / MARK).write_text(json.dumps(mark))
    Folder.claimed(folder.root, library).conclude()
    assert outside.read_text() == "mine"


def test_what_a_killed_report_left_is_swept(library: Path, tmp_path: Path) -> None:
    folder = Folder.claimed(tmp_path / "out", library)
    leave_temporary(folder.root / "tracks")
    Folder.claimed(folder.root, library)
    assert temporaries(folder.root) == []


def test_a_folder_that_cannot_be_made_or_read(library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="Could not"):
        Folder.claimed(tmp_path / "file" / "out", library)

    def refuse(*_args: object, **_more: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    (tmp_path / "closed").mkdir()
    with pytest.raises(StoreError, match="Could not read"):
        Folder.claimed(tmp_path / "closed", library)


def test_a_stale_file_that_cannot_be_removed_is_an_error(
    library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Folder.claimed(tmp_path / "out", library)
    first.write("tracks/a.html", "a")
    first.conclude()
    second = Folder.claimed(first.root, library)
    gone = first.root / "tracks" / "a.html"
    gone.unlink()
    gone.mkdir()  # what cannot be unlinked
    with pytest.raises(StoreError, match="Could not remove"):
        second.conclude()
    assert os.path.isdir(gone)  # noqa: PTH112 - as the system sees it
