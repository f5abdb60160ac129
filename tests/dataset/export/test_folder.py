import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from small_dataset_audio.atomic import write_text
from small_dataset_audio.dataset.export import manifest
from small_dataset_audio.dataset.export.folder import SUFFIX, require_free, staged
from small_dataset_audio.dataset.export.ready import write_json
from small_dataset_audio.errors import StoreError
from support.dataset_library import tree


def _export(output: Path, text: str = "one", *, fails: bool = False) -> None:
    with staged(output, output.parent / "library") as folder:
        (folder / "train").mkdir()
        write_text(folder / "train" / "a.json", text)
        if fails:
            raise StoreError("a", "b", "c")
        write_json(folder / manifest.NAME, {"sda_export": 1, "files": manifest.listed(folder, {})})


def _beside(output: Path) -> list[str]:
    return sorted(one.name for one in output.parent.iterdir() if one != output)


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "out" / "export"


def test_an_export_appears_whole(output: Path) -> None:
    _export(output)
    assert (output / "train" / "a.json").read_text() == "one"
    assert _beside(output) == []


def test_an_export_of_our_own_is_replaced(output: Path) -> None:
    _export(output)
    _export(output, "two")
    assert (output / "train" / "a.json").read_text() == "two"
    assert _beside(output) == []


def test_an_empty_folder_is_taken(output: Path) -> None:
    output.mkdir(parents=True)
    _export(output)
    assert (output / "train").is_dir()


def test_one_that_fails_leaves_what_was_there(output: Path) -> None:
    _export(output)
    before = tree(output)
    with pytest.raises(StoreError):
        _export(output, "two", fails=True)
    assert tree(output) == before
    assert _beside(output) == []


@pytest.mark.parametrize("name", ["mine.txt", "train/b.wav", "train/sub/x"])
def test_what_somebody_put_into_an_export_is_not_thrown_away(output: Path, name: str) -> None:
    _export(output)
    (output / name).parent.mkdir(exist_ok=True)
    (output / name).write_text("mine")
    with pytest.raises(StoreError) as caught:
        _export(output, "two")
    assert name in caught.value.why
    assert (output / name).read_text() == "mine"
    assert (output / "train" / "a.json").read_text() == "one"


def test_what_somebody_changed_in_an_export_is_not_thrown_away(output: Path) -> None:
    _export(output)
    (output / "train" / "a.json").write_text("two")
    with pytest.raises(StoreError, match="was not replaced"):
        require_free(output, output.parent / "library")
    (output / "train" / "a.json").unlink()
    (output / "train" / "a.json").symlink_to("/etc/hostname")
    with pytest.raises(StoreError):
        require_free(output, output.parent / "library")


def test_many_foreign_files_are_counted(output: Path) -> None:
    _export(output)
    for number in range(5):
        (output / f"{number}.txt").touch()
    with pytest.raises(StoreError) as caught:
        require_free(output, output.parent / "library")
    assert "0.txt, 1.txt, 2.txt and 2 more" in caught.value.why


def test_what_systems_and_python_leave_is_no_obstacle(output: Path) -> None:
    _export(output)
    (output / "__pycache__").mkdir()
    (output / "__pycache__" / "custom_metadata.cpython-311.pyc").touch()
    (output / ".DS_Store").touch()
    _export(output, "two")
    assert tree(output).keys() == {"train/a.json", manifest.NAME}


def test_what_is_no_export_is_never_touched(output: Path) -> None:
    output.mkdir(parents=True)
    (output / "song.wav").write_text("mine")
    with pytest.raises(StoreError, match="was not replaced") as caught:
        _export(output)
    assert "song.wav" in caught.value.why
    output.parent.joinpath("file").write_text("mine")
    for other in (output.parent / "file", output.parent / "link"):
        if other.name == "link":
            other.symlink_to(output)
        with pytest.raises(StoreError, match="was not replaced"):
            require_free(other, output.parent / "library")


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"sda_export": 2, "files": {}}', '{"sda_export": 1, "files": 5}', "[" * 9999]
)
def test_a_manifest_that_is_none_is_no_permission(output: Path, text: str) -> None:
    output.mkdir(parents=True)
    (output / manifest.NAME).write_text(text)
    with pytest.raises(StoreError):
        require_free(output, output.parent / "library")


@pytest.mark.parametrize("said", [{}, {"train/a.json": 3}, {"train/a.json": {"bytes": 3}}])
def test_a_manifest_that_somebody_changed_is_none_either(output: Path, said: object) -> None:
    _export(output)
    (output / manifest.NAME).write_text(json.dumps({"sda_export": 1, "files": said}))
    with pytest.raises(StoreError):
        require_free(output, output.parent / "library")


def test_library_and_export_do_not_lie_in_each_other(tmp_path: Path) -> None:
    library = tmp_path / "library"
    library.mkdir()
    (tmp_path / "link").symlink_to(library)
    for output in (library, library / "export", tmp_path, tmp_path / "link" / "export"):
        with pytest.raises(StoreError, match="cannot hold"):
            require_free(output, library)
    require_free(tmp_path / "library-export", library)


def test_what_dead_exports_left_is_removed_and_what_a_living_one_writes_stays(output: Path) -> None:
    dead = output.parent / f".export.0123{SUFFIX}"
    dead.mkdir(parents=True)
    (dead / "half").write_text("x")
    other = output.parent / f".other.0123{SUFFIX}"
    other.mkdir()
    with staged(output, output.parent / "library") as living:
        assert not dead.exists()
        script = (
            "import sys; from pathlib import Path; from small_dataset_audio.dataset.export.folder import _sweep\n"
            "_sweep(Path(sys.argv[1]), finished=True)"
        )
        subprocess.run([sys.executable, "-c", script, output], check=True)
        assert living.is_dir()
        write_json(living / manifest.NAME, {"sda_export": 1, "files": {}})
    assert other.is_dir()


def test_a_finished_export_that_lost_its_place_is_kept_until_there_is_a_new_one(output: Path) -> None:
    _export(output)
    moved = output.with_name(f".export.0123{SUFFIX}")
    output.rename(moved)
    with pytest.raises(StoreError):
        _export(output, fails=True)
    assert moved.is_dir()
    _export(output, "two")
    assert not moved.exists()


def test_an_export_that_cannot_take_its_place_gives_it_back(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _export(output)
    before = tree(output)
    rename = Path.rename

    def fails(self: Path, target: Path) -> Path:
        if target == output and (self / manifest.NAME).exists() and (self / "train" / "a.json").read_text() == "two":
            raise OSError(5, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fails)
    with pytest.raises(StoreError, match="Could not write"):
        _export(output, "two")
    assert tree(output) == before
    assert _beside(output) == []


def test_a_folder_that_cannot_be_made_is_an_error_with_a_fix(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError) as caught:
        _export(tmp_path / "file" / "export")
    assert "file stands where a folder is needed" in caught.value.fix.lower()


def test_files_that_cannot_be_listed_are_an_error(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object) -> None:
        raise PermissionError(13, "Permission denied")

    _export(output)
    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(StoreError, match="Could not read"):
        list(manifest.files_in(output))
    monkeypatch.undo()
    monkeypatch.setattr(Path, "lstat", refuse)
    with pytest.raises(StoreError, match="Could not read"):
        manifest.foreign(output)


def test_a_file_that_vanishes_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        manifest._hash(tmp_path / "gone")
