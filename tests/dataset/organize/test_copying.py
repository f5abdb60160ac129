"""Verified copies."""

import ctypes
import errno
import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from small_dataset_audio.dataset.organize import copying
from small_dataset_audio.dataset.organize.copying import copy_verified
from small_dataset_audio.errors import StoreError
from support.dataset_faults import at_call, calls_of, failing
from support.dataset_library import temporaries

CONTENT = bytes(range(256)) * 9000  # more than two chunks
MOMENT = 1_234_567_890_123_456_789


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "Tape 1.wav"
    path.write_bytes(CONTENT)
    os.utime(path, ns=(MOMENT, MOMENT))
    return path


@pytest.fixture
def target(tmp_path: Path) -> Path:
    (tmp_path / "track").mkdir()
    return tmp_path / "track" / "full_mix.wav"


def _nothing_came(source: Path, target: Path) -> None:
    assert list(target.parent.iterdir()) == []
    if source.exists():
        assert source.read_bytes()[: len(CONTENT)] == CONTENT


def test_the_copy_equals_the_original(source: Path, target: Path) -> None:
    copied = copy_verified(source, target)
    assert target.read_bytes() == source.read_bytes() == CONTENT
    assert copied.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert (copied.size, copied.mtime_ns) == (len(CONTENT), MOMENT)
    assert target.stat().st_mtime_ns == copied.copy_mtime_ns == MOMENT
    assert source.stat().st_mtime_ns == MOMENT
    assert temporaries(target.parent) == []


def test_an_empty_file_and_a_link_are_copied(tmp_path: Path, source: Path, target: Path) -> None:
    (tmp_path / "empty").touch()
    assert copy_verified(tmp_path / "empty", target).size == 0
    (tmp_path / "link").symlink_to(source)
    copy_verified(tmp_path / "link", target)
    assert not target.is_symlink()
    assert target.read_bytes() == CONTENT


def test_a_read_only_original_can_be_copied(source: Path, target: Path) -> None:
    source.chmod(0o400)
    copy_verified(source, target)
    assert os.access(target, os.W_OK)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EACCES])
def test_whichever_call_fails_there_is_a_whole_copy_or_none(source: Path, target: Path, code: int) -> None:
    total = calls_of(lambda: copy_verified(source, target))
    target.unlink()
    fixes: list[str] = []
    for number in range(1, total + 1):
        try:
            with failing(number, code):
                copy_verified(source, target)
        except StoreError as error:
            fixes.append(error.fix)
            if target.exists():  # only the folder could not be flushed
                assert target.read_bytes() == CONTENT
        else:
            assert target.read_bytes() == CONTENT
        target.unlink(missing_ok=True)
        for left in temporaries(target.parent):  # the removal itself failed
            left.unlink()
        assert source.read_bytes() == CONTENT
    assert len(fixes) >= 10
    assert all(fixes)


def test_the_error_names_the_side_that_failed(source: Path, target: Path) -> None:
    with failing(2, errno.EIO, name="readinto"), pytest.raises(StoreError, match="Could not read") as caught:
        copy_verified(source, target)
    assert str(source) in caught.value.what
    with failing(2, errno.ENOSPC, name="write"), pytest.raises(StoreError, match="Could not write") as caught:
        copy_verified(source, target)
    assert str(target) in caught.value.what
    assert "space" in caught.value.fix
    _nothing_came(source, target)


def _append(source: Path) -> None:
    with source.open("ab") as file:
        file.write(b"more")


def _swap(source: Path) -> None:
    other = source.with_name("other")
    other.write_bytes(CONTENT)
    os.utime(other, ns=(MOMENT, MOMENT))
    other.replace(source)


@pytest.mark.parametrize("change", [_append, _swap, os.unlink])
def test_an_original_that_changes_meanwhile_is_an_error(
    source: Path, target: Path, change: Callable[[Path], None]
) -> None:
    with at_call(2, lambda: change(source), name="readinto"), pytest.raises(StoreError, match="changed while"):
        copy_verified(source, target)
    _nothing_came(source, target)


def test_an_original_that_cannot_be_looked_at_again(source: Path, target: Path) -> None:
    with failing(1, errno.EIO, name="stat"), pytest.raises(StoreError, match="Could not read"):
        copy_verified(source, target)
    _nothing_came(source, target)


@pytest.mark.parametrize("kind", ["missing", "pipe", "folder"])
def test_what_took_the_originals_place(source: Path, target: Path, kind: str) -> None:
    source.unlink()
    if kind == "pipe":
        os.mkfifo(source)
    elif kind == "folder":
        source.mkdir()
    with pytest.raises(StoreError):
        copy_verified(source, target)
    assert list(target.parent.iterdir()) == []


def test_a_disk_that_stores_something_else_is_found_out(source: Path, target: Path) -> None:
    def damage() -> None:
        (temporary,) = temporaries(target.parent)
        with temporary.open("r+b") as file:
            file.write(b"damage")

    with at_call(1, damage, name="fsync"), pytest.raises(StoreError, match="not equal"):
        copy_verified(source, target)
    _nothing_came(source, target)


def test_blocks_are_shared_where_the_file_system_can(
    source: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def clone(copy: int, request: int, original: int) -> int:
        assert request == 0x40049409
        os.sendfile(copy, original, 0, len(CONTENT))
        return 0

    monkeypatch.setattr(copying, "_SYSTEM", "linux")
    monkeypatch.setattr(fcntl, "ioctl", clone)
    copied = copy_verified(source, target)
    assert copied.shared
    assert copied.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize("can_clone", [True, False])
def test_files_are_cloned_on_macos(
    source: Path, target: Path, monkeypatch: pytest.MonkeyPatch, *, can_clone: bool
) -> None:
    calls = []

    class System:
        @staticmethod
        def clonefile(original: bytes, copy: bytes, flags: int) -> int:
            if can_clone:
                shutil.copyfile(original, copy)
            return 0 if can_clone else -1

        @staticmethod
        def chflags(path: bytes, flags: int) -> int:
            calls.append((path, flags))
            return 0

    monkeypatch.setattr(copying, "_SYSTEM", "darwin")
    monkeypatch.setattr(ctypes, "CDLL", lambda _: System)
    assert copy_verified(source, target).shared is can_clone
    assert target.read_bytes() == CONTENT
    assert len(calls) == can_clone


def test_a_date_that_cannot_be_kept_is_let_go(source: Path, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OverflowError

    monkeypatch.setattr(os, "utime", refuse)
    copied = copy_verified(source, target)
    assert copied.mtime_ns == MOMENT
    assert copied.copy_mtime_ns == target.stat().st_mtime_ns != MOMENT
