"""Folders are checked by trying, and left as they were."""

import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from small_dataset_audio.config.model import Paths
from small_dataset_audio.validation import folders
from small_dataset_audio.validation.check import run_together
from small_dataset_audio.validation.folders import (
    GB,
    Space,
    disk_space,
    folder_checks,
    nearest_existing,
    readable_result,
    space_result,
    writable_result,
    write_probe,
)

NOBODY = 65534


def failing(number: int) -> Callable[[Path], None]:
    """Return a probe that ends with an error of the operating system."""

    def probe(_: Path) -> None:
        raise OSError(number, os.strerror(number))

    return probe


def room(free: int, files: int | None = None) -> Callable[[Path], Space]:
    return lambda _: Space(free, 100 * GB, files)


def test_a_folder_that_can_be_written_to(tmp_path: Path) -> None:
    result = writable_result("library", tmp_path)
    assert (result.status, result.fix) == ("ok", None)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_missing_is_not_made(tmp_path: Path) -> None:
    probed: list[Path] = []
    result = writable_result("library", tmp_path / "a/b/c", probe=probed.append)
    assert result.status == "note"
    assert "made on first use" in result.summary
    assert probed == [tmp_path]
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_missing_and_cannot_be_made(tmp_path: Path) -> None:
    result = writable_result("library", tmp_path / "a/b", probe=failing(errno.EROFS))
    assert result.status == "fail"
    assert result.summary == f"{tmp_path / 'a/b'} cannot be made in {tmp_path}: Read-only file system."
    assert "read-only" in (result.fix or "")


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM])
def test_a_folder_of_somebody_else_names_owner_and_fix(tmp_path: Path, number: int) -> None:
    result = writable_result("library", tmp_path, probe=failing(number))
    assert result.status == "fail"
    assert tmp_path.owner() in (result.detail or "")
    assert "(mode 0" in (result.detail or "")
    assert "sudo chown -R" in (result.fix or "")
    assert "`sda config set paths.library FOLDER`" in (result.fix or "")


def test_in_a_container_the_fix_is_another_user(tmp_path: Path) -> None:
    status = tmp_path.stat()
    result = writable_result("library", tmp_path, container=True, probe=failing(errno.EACCES))
    assert f"SDA_UID={status.st_uid} SDA_GID={status.st_gid}" in (result.fix or "")


def test_a_folder_that_vanishes_while_it_is_checked(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()

    def probe(folder: Path) -> None:
        folder.rmdir()
        raise PermissionError(errno.EACCES, "Permission denied")

    result = writable_result("library", there, container=True, probe=probe)
    assert result.detail is None
    assert "container's user" in (result.fix or "")


def test_owners_without_a_name_are_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless(_: object) -> str:
        raise KeyError("no such user")

    monkeypatch.setattr(Path, "owner", nameless)
    monkeypatch.setattr("pwd.getpwuid", nameless)
    result = writable_result("library", tmp_path, probe=failing(errno.EACCES))
    assert result.detail is not None
    assert f"user {tmp_path.stat().st_uid} (mode" in result.detail
    assert result.detail.endswith(f"you are user {os.geteuid()}.")


def test_a_full_disk_says_so(tmp_path: Path) -> None:
    result = writable_result("library", tmp_path, probe=failing(errno.ENOSPC))
    assert "No space left on device" in result.summary
    assert "Free some space" in (result.fix or "")


def test_a_file_in_the_place_of_a_folder(tmp_path: Path) -> None:
    file = tmp_path / "it's a file"
    file.write_text("precious")
    for result in (writable_result("library", file), writable_result("library", file / "below"), readable_result(file)):
        assert (result.status, result.summary) == ("fail", f"{file} is a file where a folder is needed.")
    assert file.read_text() == "precious"


def test_a_link_to_a_disk_that_is_not_connected(tmp_path: Path) -> None:
    link = tmp_path / "library"
    link.symlink_to(tmp_path / "gone")
    result = writable_result("library", link)
    assert result.status == "fail"
    assert result.summary == f"{link} is a link to {tmp_path / 'gone'}, which is not there."
    assert "Connect the disk" in (result.fix or "")


def test_a_link_to_a_folder_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert writable_result("library", tmp_path / "link").status == "ok"


def test_recordings_need_only_be_readable(tmp_path: Path) -> None:
    assert readable_result(tmp_path).summary == f"{tmp_path} is empty."
    (tmp_path / "song.wav").touch()
    assert readable_result(tmp_path).summary == f"{tmp_path} can be read."
    missing = readable_result(tmp_path / "no such")
    assert missing.status == "note"
    assert f"mkdir -p '{tmp_path}/no such'" in (missing.fix or "")


@pytest.mark.parametrize(("number", "fix"), [(errno.EACCES, "chmod -R a+rX"), (errno.EIO, "connected and healthy")])
def test_recordings_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, fix: str) -> None:
    def refuse(_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "scandir", refuse)
    result = readable_result(tmp_path)
    assert result.status == "fail"
    assert fix in (result.fix or "")


@pytest.mark.parametrize("step", ["open", "replace", "unlink"])
def test_the_probe_leaves_nothing_whatever_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    calls: list[str] = []
    true = getattr(Path, step)

    def once(self: Path, *arguments: object, **options: object) -> object:
        calls.append(step)
        if len(calls) == 1:
            raise OSError(errno.EACCES, "Permission denied")
        return true(self, *arguments, **options)

    monkeypatch.setattr(Path, step, once)
    with pytest.raises(OSError, match="Permission denied"):
        write_probe(tmp_path)
    monkeypatch.undo()
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def unprivileged() -> Iterator[Path]:
    """Yield a folder that its user may not write to; as root, become nobody while the test runs."""
    import pwd  # noqa: F401 - nobody may not be able to read the standard library

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o555)
        user = os.geteuid()
        if user == 0:
            os.seteuid(NOBODY)
        try:
            yield folder
        finally:
            if user == 0:
                os.seteuid(user)
            folder.chmod(0o755)


def test_a_folder_without_permission(unprivileged: Path) -> None:
    for path in (unprivileged, unprivileged / "new"):
        result = writable_result("library", path)
        assert result.status == "fail"
        assert "Permission denied" in result.summary
        assert "(mode 0555)" in (result.detail or "")
    assert readable_result(unprivileged).status == "ok"


@pytest.mark.parametrize(
    ("free", "status"),
    [(50 * GB, "ok"), (5 * GB, "ok"), (5 * GB - 1, "warn"), (GB // 2, "warn"), (GB // 2 - 1, "fail"), (0, "fail")],
)
def test_free_space(tmp_path: Path, free: int, status: str) -> None:
    result = space_result("library", tmp_path / "missing", room(free))
    assert result.status == status
    assert str(tmp_path / "missing") in result.summary
    assert (result.fix is None) == (status == "ok")


def test_a_disk_that_has_bytes_but_no_room_for_files(tmp_path: Path) -> None:
    result = space_result("library", tmp_path, room(50 * GB, 3))
    assert (result.status, result.summary) == ("fail", f"The disk of {tmp_path} can hold only 3 more files.")
    assert space_result("library", tmp_path, room(50 * GB, 100_000)).status == "ok"


def test_space_that_is_unknown_is_a_warning(tmp_path: Path) -> None:
    def silent(_: Path) -> Space:
        raise OSError(errno.ESTALE, "Stale file handle")

    result = space_result("library", tmp_path, silent)
    assert result.status == "warn"
    assert "Stale file handle" in result.summary


def test_the_room_of_a_real_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    space = disk_space(tmp_path)
    assert 0 <= space.free <= space.total == shutil.disk_usage(tmp_path).total
    monkeypatch.setattr(os, "statvfs", lambda _: SimpleNamespace(f_files=0, f_favail=0))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1, total=2))
    assert disk_space(tmp_path) == Space(1, 2, None)


def test_the_nearest_folder_that_exists(tmp_path: Path) -> None:
    assert nearest_existing(tmp_path) == tmp_path
    assert nearest_existing(tmp_path / "a/b/c") == tmp_path
    assert nearest_existing(Path("nowhere/at/all")) == Path()


def test_every_folder_of_the_settings_is_checked(tmp_path: Path) -> None:
    paths = Paths(**{key: tmp_path / key for key in Paths.model_fields})
    (tmp_path / "library").mkdir()
    checks = folder_checks(paths, container=False)
    reports = {report.name: report for report in run_together(checks)}
    assert set(reports) == set(Paths.model_fields) | {f"space for {key}" for key in Paths.model_fields} - {
        "space for datasets"
    }
    assert reports["library"].status == "ok"
    assert {reports[key].status for key in ("datasets", "models", "reports")} == {"note"}
    assert {report.name for report in reports.values() if report.critical} == {
        *(f"{prefix}{key}" for key in ("library", "reports", "cache") for prefix in ("", "space for "))
    }
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["library"]
    assert set(Paths.model_fields) >= folders.READ_ONLY | folders.WRITTEN_BY_EVERY_RUN


def test_what_a_dead_process_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    left = tmp_path / f"{folders._PROBE_NAME}0123456789ab.sda-tmp"
    left.write_bytes(b"sd")
    kept = {".sda-probe-x.txt": b"", ".sda-probe-large.sda-tmp": b"mine", ".other.sda-tmp": b"", "a.wav": b""}
    for name, content in kept.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / ".sda-probe-link.sda-tmp").symlink_to(tmp_path / "a.wav")
    os.mkfifo(tmp_path / ".sda-probe-pipe.sda-tmp")
    write_probe(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {*kept, ".sda-probe-link.sda-tmp", ".sda-probe-pipe.sda-tmp"}


def test_what_another_process_is_just_trying_stays(tmp_path: Path) -> None:
    busy = tmp_path / f"{folders._PROBE_NAME}0123456789ab.sda-tmp"
    with busy.open("xb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        write_probe(tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == [busy.name]
    write_probe(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_probe_that_another_process_took_for_a_dead_ones_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.replace
    taken: list[Path] = []

    def replace(self: Path, target: Path) -> Path:
        if len(taken) < 2:
            taken.append(self)
            self.unlink()
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    write_probe(tmp_path)
    assert len(taken) == 2
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(FileNotFoundError):
        write_probe(tmp_path / "gone")
