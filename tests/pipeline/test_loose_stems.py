"""Stems in a folder that is no track's: completed after a kill, and never in the place of what somebody else has there."""

import errno
import json
import os
import shutil
from pathlib import Path

import pytest

from small_dataset_audio.audio.decode import decode
from small_dataset_audio.errors import StoreError
from small_dataset_audio.models.separation.stems import Stems
from small_dataset_audio.pipeline.loose_stems import NOTE, UNFINISHED, put_stems, require_free
from support import killed_stems
from support.dataset_library import tree
from support.signals import noise

RATE = 8000
NAMES = ("bass", "drums", "other")


def stems(*names: str, seed: int = 0) -> Stems:
    return Stems({name: noise(0.1, RATE, seed=seed + number) for number, name in enumerate(names or NAMES)})


def put(folder: Path, what: Stems | None = None, suffix: str = ".flac", *, force: bool = False) -> list[str]:
    require_free(folder, suffix, force=force)
    return [path.name for path in put_stems(folder, what or stems(), RATE, suffix, force=force).values()]


def killed(folder: Path, what: Stems | None = None, *, after: int = 1, force: bool = False) -> None:
    killed_stems.killed(folder, after, lambda: put(folder, what, force=force))


def named(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("after", [0, 1, 2])
def test_the_same_command_completes_what_was_killed_between_two_stems(tmp_path: Path, after: int) -> None:
    folder = tmp_path / "tape"
    killed(folder, after=after)
    assert len(list(folder.glob("*.flac"))) == after
    assert put(folder) == [f"{name}.flac" for name in NAMES]
    assert named(folder) == sorted(f"{name}.flac" for name in NAMES)
    assert decode(folder / "bass.flac").samples.size


def test_what_was_killed_twice_is_completed_too(tmp_path: Path) -> None:
    folder = tmp_path / "tape"
    killed(folder, after=2)
    killed(folder, stems(seed=5), after=1)
    put(folder, stems(seed=9))
    assert named(folder) == sorted(f"{name}.flac" for name in NAMES)
    put(tmp_path / "whole", stems(seed=9))
    assert tree(folder) == tree(tmp_path / "whole")


def test_a_stem_that_another_backend_does_not_make_goes_with_the_rest(tmp_path: Path) -> None:
    folder = tmp_path / "tape"
    killed(folder, stems("bass", "drums", "vocals"), after=3 - 1)
    put(folder, stems("drums", "other"))
    assert named(folder) == ["drums.flac", "other.flac"]


def test_another_format_takes_the_place_of_what_was_left(tmp_path: Path) -> None:
    folder = tmp_path / "tape"
    killed(folder)
    put(folder, suffix=".wav")
    assert named(folder) == sorted(f"{name}.wav" for name in NAMES)


def test_what_somebody_put_there_in_between_stays(tmp_path: Path) -> None:
    folder = tmp_path / "tape"
    killed(folder, after=2)
    (folder / "bass.flac").write_bytes(b"from the studio")
    for _ in range(2):
        with pytest.raises(StoreError, match="There are files") as caught:
            put(folder)
        assert "bass.flac" in caught.value.why
        assert "drums.flac" not in caught.value.why
    (folder / "bass.flac").rename(tmp_path / "bass.flac")
    put(folder)
    assert (tmp_path / "bass.flac").read_bytes() == b"from the studio"


def test_whole_stems_are_replaced_only_when_that_is_asked_for(tmp_path: Path) -> None:
    folder = tmp_path / "tape"
    folder.mkdir()
    (folder / "cover.jpg").write_bytes(b"mine")
    (folder / "take.wav").write_bytes(b"mine")
    put(folder)
    before = tree(folder)
    with pytest.raises(StoreError, match="There are files"):
        put(folder, stems(seed=5))
    with pytest.raises(StoreError, match="There are files"):  # they came while others were separated
        put_stems(folder, stems(seed=5), RATE, ".flac", force=False)
    assert tree(folder) == before
    killed(folder, stems(seed=5), force=True)
    put(folder, stems(seed=5), force=True)
    assert named(folder) == sorted(["cover.jpg", "take.wav", *(f"{name}.flac" for name in NAMES)])
    assert (folder / "take.wav").read_bytes() == b"mine"
    assert tree(folder) != before


def test_what_was_killed_before_all_were_whole_goes_although_nothing_is_written(tmp_path: Path) -> None:
    folder = tmp_path / "tape"
    put(folder)
    (folder / UNFINISHED).mkdir()
    (folder / UNFINISHED / "bass.flac").write_bytes(b"half")
    with pytest.raises(StoreError, match="There are files"):
        put(folder)
    assert not (folder / UNFINISHED).exists()


@pytest.mark.parametrize("note", ["", "[[" * 5000, "[]", '{"bass.flac": 3}', '{"bass.flac": [1, null]}', "\0"])
def test_a_note_that_sda_did_not_write_makes_nothing_its_own(tmp_path: Path, note: str) -> None:
    (tmp_path / UNFINISHED).mkdir()
    (tmp_path / UNFINISHED / NOTE).write_text(note)
    (tmp_path / "bass.flac").write_bytes(b"mine")
    with pytest.raises(StoreError, match="There are files"):
        put(tmp_path)
    (tmp_path / "bass.flac").unlink()
    assert len(put(tmp_path)) == 3
    assert not (tmp_path / UNFINISHED).exists()


def test_a_note_reaches_nothing_but_sounds_in_its_own_folder(tmp_path: Path) -> None:
    folder, outside = tmp_path / "tape", tmp_path / "outside.flac"
    (folder / UNFINISHED).mkdir(parents=True)
    (folder / "list.txt").write_bytes(b"")
    outside.write_bytes(b"")
    digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"  # of no bytes
    note = {name: [digest] for name in ("../outside.flac", str(outside), "list.txt")}
    (folder / UNFINISHED / NOTE).write_text(json.dumps(note))
    put(folder)
    assert outside.exists()
    assert (folder / "list.txt").exists()


def test_a_link_in_the_place_of_the_hidden_folder_is_not_followed(tmp_path: Path) -> None:
    folder, outside = tmp_path / "tape", tmp_path / "outside"
    outside.mkdir()
    (outside / "bass.flac").write_bytes(b"mine")
    folder.mkdir()
    (folder / UNFINISHED).symlink_to(outside)
    put(folder)
    assert tree(outside) == {"bass.flac": b"mine"}
    assert not (folder / UNFINISHED).is_symlink()


def test_a_file_in_the_place_of_the_folder_is_said_before_anything_is_separated(tmp_path: Path) -> None:
    (tmp_path / "tape").write_bytes(b"mine")
    with pytest.raises(StoreError, match="Could not"):
        require_free(tmp_path / "tape", ".flac", force=False)
    with pytest.raises(StoreError, match="Could not"):
        require_free(tmp_path / "tape" / "deeper", ".flac", force=False)


@pytest.mark.parametrize("method", ["iterdir", "rename"])
def test_a_disk_that_fails_is_told_and_the_next_run_completes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as broken:
        broken.setattr(Path, method, fail)
        with pytest.raises(StoreError, match="Could not"):
            put(tmp_path)
    assert len(put(tmp_path)) == 3
    assert not (tmp_path / UNFINISHED).exists()


def test_a_note_that_cannot_be_looked_at_is_not_taken_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    killed(tmp_path)

    def fail(*_: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    with monkeypatch.context() as broken:
        broken.setattr(os, "lstat", fail)
        require_free(tmp_path, ".flac", force=False)
        assert (tmp_path / UNFINISHED / NOTE).exists()
        put(tmp_path)
    with pytest.raises(StoreError, match="There are files"):
        put(tmp_path)
    assert not (tmp_path / UNFINISHED).exists()


def test_what_taking_the_hidden_folder_away_answers_is_of_no_interest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as broken:
        broken.setattr(shutil, "rmtree", fail)
        assert len(put(tmp_path)) == 3
    with pytest.raises(StoreError, match="There are files"):
        put(tmp_path)
    assert not (tmp_path / UNFINISHED).exists()
