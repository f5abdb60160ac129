"""One writer at a time in a folder."""

import errno
import fcntl
import os
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from small_dataset_audio import locks
from small_dataset_audio.atomic import TEMPORARY_SUFFIX
from small_dataset_audio.errors import StoreError
from small_dataset_audio.locks import LOCK_NAME, FolderVanished, folder_lock, sweep_if_free, write_in_turn
from support.dataset_processes import fork


@pytest.fixture(params=["folder", "file"])
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder on a local disk, and the same as if it were on a network share."""
    monkeypatch.setattr(locks, "_kinds", {tmp_path.stat().st_dev: request.param == "file"})
    return tmp_path


@pytest.fixture
def other_holder(folder: Path) -> Iterator[None]:
    """Let another thread hold the lock."""
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with folder_lock(folder):
            held.set()
            done.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(30)
    yield
    done.set()
    thread.join()


def test_a_local_lock_leaves_nothing(tmp_path: Path) -> None:
    with folder_lock(tmp_path):
        assert list(tmp_path.iterdir()) == []
    assert list(tmp_path.iterdir()) == []


def test_it_can_be_taken_again_and_again(folder: Path) -> None:
    for _ in range(3):
        with folder_lock(folder, seconds=0):
            pass
    assert {path.name for path in folder.iterdir()} <= {LOCK_NAME}


def test_its_holder_may_take_it_again(folder: Path) -> None:
    with folder_lock(folder, seconds=0):
        with folder_lock(folder, seconds=0), folder_lock(folder / ".", seconds=0):
            pass
        assert _is_locked(folder)
    assert not _is_locked(folder)


def test_a_second_writer_gives_up_in_time(folder: Path, other_holder: None) -> None:
    start = time.monotonic()
    with pytest.raises(StoreError, match="Another sda process") as caught, folder_lock(folder, seconds=0.2):
        pass
    assert time.monotonic() - start >= 0.2
    assert str(folder) in caught.value.what


def test_a_second_writer_comes_after_the_first(folder: Path) -> None:
    order = []

    def second() -> None:
        with folder_lock(folder):
            order.append("second")

    thread = threading.Thread(target=second)
    with folder_lock(folder):
        thread.start()
        time.sleep(0.1)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_an_error_inside_releases_it(folder: Path) -> None:
    with pytest.raises(ZeroDivisionError), folder_lock(folder):
        _ = 1 / 0
    assert not _is_locked(folder)


def test_a_forked_child_neither_has_nor_keeps_it(folder: Path) -> None:
    read, write = os.pipe()
    with folder_lock(folder):
        child = fork()
        if child == 0:
            # the parent's `with` goes on here too: leaving it must do no harm
            os.close(write)
            try:
                locks._release(-1)
                free = not locks._held.folders and not locks._descriptors
            finally:
                os.read(read, 1)
                os._exit(0 if free else 1)
    os.close(read)
    assert not _is_locked(folder)  # although the child lives
    os.close(write)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_the_death_of_its_holder_releases_it(folder: Path) -> None:
    read, write = os.pipe()
    child = fork()
    if child == 0:
        try:
            with folder_lock(folder):
                os.write(write, b"x")
                time.sleep(60)
        finally:
            os._exit(1)
    os.read(read, 1)
    assert _is_locked(folder)
    os.kill(child, 9)
    os.waitpid(child, 0)
    assert not _is_locked(folder)
    os.close(read)
    os.close(write)


def test_a_folder_that_is_not_there(folder: Path) -> None:
    (folder / "file").touch()
    for path in (folder / "missing", folder / "file"):
        with pytest.raises(StoreError), folder_lock(path):
            pass


def test_a_folder_that_goes_while_it_is_waited_for(folder: Path) -> None:
    track = folder / "track"
    track.mkdir()
    outcome: list[BaseException] = []

    def wait() -> None:
        try:
            with folder_lock(track):
                pass
        except StoreError as error:
            outcome.append(error)

    thread = threading.Thread(target=wait)
    with folder_lock(track):
        thread.start()
        time.sleep(0.1)
        (track / LOCK_NAME).unlink(missing_ok=True)
        track.rmdir()
    thread.join()
    assert isinstance(outcome[0], FolderVanished)


def test_a_folder_that_is_replaced_while_it_is_waited_for(folder: Path) -> None:
    track = folder / "track"
    track.mkdir()
    thread = threading.Thread(target=lambda: _hold_once(track))
    with folder_lock(track):
        thread.start()
        time.sleep(0.1)
        track.rename(folder / "moved")
        track.mkdir()
    thread.join()
    assert not _is_locked(track)


@pytest.mark.parametrize("code", [errno.EBADF, errno.EINVAL, errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_file_system_that_refuses_to_lock_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    real = fcntl.flock

    def flock(descriptor: int, operation: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(code, os.strerror(code))
        real(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", flock)
    with folder_lock(tmp_path):
        assert [path.name for path in tmp_path.iterdir()] == [LOCK_NAME]
        with pytest.raises(StoreError), lock_from_thread(tmp_path):
            pass


@pytest.mark.parametrize(("code", "says"), [(errno.ENOLCK, "cannot lock files"), (errno.EIO, "Could not lock")])
def test_a_file_system_without_locks_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, says: str
) -> None:
    def flock(descriptor: int, operation: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(StoreError, match=says), folder_lock(tmp_path):
        pass
    assert not locks._descriptors


def test_a_folder_that_cannot_be_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> os.stat_result:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "stat", refuse)
    with pytest.raises(StoreError, match="Could not lock"), folder_lock(tmp_path):
        pass


@pytest.mark.parametrize(("kind", "file"), [("ext4", False), ("NFS4", True), ("fuse.sshfs", True), ("apfs", False)])
def test_network_shares_get_a_lock_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, *, file: bool
) -> None:
    class Mount:
        mountpoint = os.path.realpath(tmp_path)
        fstype = kind

    folder = tmp_path / "track"
    folder.mkdir()
    monkeypatch.setattr(locks, "_kinds", {})
    monkeypatch.setattr(psutil, "disk_partitions", lambda *, all: [Mount])  # noqa: A006
    with folder_lock(folder):
        assert (folder / LOCK_NAME).exists() is file
    assert list(locks._kinds.values()) == [file]


def test_an_unknown_file_system_is_taken_for_a_local_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(locks, "_kinds", {})
    monkeypatch.setattr(psutil, "disk_partitions", refuse)
    with folder_lock(tmp_path):
        assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(psutil, "disk_partitions", lambda **_: [])
    assert locks._file_system(tmp_path) == ""


def _hold_once(folder: Path) -> None:
    with folder_lock(folder):
        pass


def lock_from_thread(folder: Path) -> "_FromThread":
    return _FromThread(folder)


class _FromThread:
    """Take the lock in another thread, without waiting, and raise here what it raised there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> None:
        errors: list[StoreError] = []

        def attempt() -> None:
            try:
                with folder_lock(self.folder, seconds=0):
                    pass
            except StoreError as error:
                errors.append(error)

        thread = threading.Thread(target=attempt)
        thread.start()
        thread.join()
        if errors:
            raise errors[0]

    def __exit__(self, *_: object) -> None:
        pass


def _is_locked(folder: Path) -> bool:
    try:
        with lock_from_thread(folder):
            return False
    except StoreError:
        return True


def test_writing_in_turn_removes_what_a_dead_writer_left(tmp_path: Path) -> None:
    (tmp_path / f".abc{TEMPORARY_SUFFIX}").write_text("half")
    write_in_turn(tmp_path / "a.json", b"{}")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a.json": b"{}"}
    with pytest.raises(StoreError):
        write_in_turn(tmp_path / "gone" / "a.json", b"{}")


def test_leftovers_are_swept_only_where_nobody_writes(tmp_path: Path) -> None:
    sweep_if_free(tmp_path / "gone")
    left = tmp_path / f".abc{TEMPORARY_SUFFIX}"
    left.write_text("half")
    with folder_lock(tmp_path):
        other = threading.Thread(target=sweep_if_free, args=(tmp_path,))
        other.start()
        other.join()
    assert left.exists()
    sweep_if_free(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fails_while_leftovers_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_folder: Path) -> int:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(locks, "sweep_temporaries", fails)
    with pytest.raises(StoreError, match="clean up"):
        write_in_turn(tmp_path / "a.json", b"{}")
