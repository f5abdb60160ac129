"""The .INFO store when disks fill, fail, and processes die or meet."""

import errno
import json
import resource
import threading
from pathlib import Path

import pytest

from small_dataset_audio.dataset.info import StageRecord, read_info, safe_update
from small_dataset_audio.dataset.times import read_times, write_times
from small_dataset_audio.errors import SdaError, StoreError
from support.dataset_faults import calls_of, failing
from support.dataset_library import leave_temporary, temporaries, track_in
from support.dataset_processes import answer, start

STAGE = StageRecord("analyze", 1, "settings", "audio", 1.0)
FOREIGN = '{\n  "mine": 1.10,\n  "huge": 1e400'


def _prepared(library: Path, name: str) -> Path:
    path = track_in(library, name).info
    path.write_text(FOREIGN + "\n}\n")
    safe_update(path, {"bpm": 1.0, "kept": "yes"}, stage=STAGE)
    leave_temporary(path.parent)
    return path


def _again(path: Path) -> None:
    safe_update(path, {"bpm": 2.0, "kept": "yes"}, stage=STAGE)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EACCES, errno.EROFS, errno.EMFILE])
def test_whichever_call_fails_nothing_is_lost(tmp_path: Path, code: int) -> None:
    first = _prepared(tmp_path, "count")
    total = calls_of(lambda: _again(first))
    assert total >= 15
    fixes: list[str] = []
    for number in range(1, total + 1):
        path = _prepared(tmp_path, f"{code} {number}")
        try:
            with failing(number, code):
                _again(path)
        except SdaError as error:
            fixes.append(error.fix)
        found = read_info(path)
        assert found["kept"] == "yes"
        assert found["bpm"] in {1.0, 2.0}
        assert path.read_text().startswith(FOREIGN)
        safe_update(path, {"bpm": 3.0, "kept": "yes"}, stage=STAGE)
        assert temporaries(path.parent) == []
        assert read_info(path)["bpm"] == 3.0
    assert len(fixes) >= 8
    assert all(fixes)


def test_whichever_call_fails_times_are_the_old_or_the_new_ones(tmp_path: Path) -> None:
    path = track_in(tmp_path).sidecar("ONSETS")
    write_times(path, [1.0])
    for number in range(1, calls_of(lambda: write_times(path, [1.0])) + 1):
        try:
            with failing(number, errno.EIO):
                write_times(path, [2.0])
        except StoreError:
            pass
        assert read_times(path).tolist() in ([1.0], [2.0])
        write_times(path, [1.0])
        assert temporaries(path.parent) == []


def test_a_file_size_limit_leaves_the_old_file(tmp_path: Path) -> None:
    path = _prepared(tmp_path, "limited")
    before = path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
        with pytest.raises(StoreError) as caught:
            safe_update(path, {"caption": "x" * 10_000})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "ulimit" in caught.value.fix
    assert path.read_bytes() == before
    assert temporaries(path.parent) == []


def test_killed_at_every_call_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    result = json.loads(answer(start("dataset_crash", "update", track_in(tmp_path).folder)))
    assert result["problems"] == []
    assert result["points"] >= 20


def test_processes_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    path = track_in(tmp_path).info
    path.write_text('{"mine": 1.10}')
    writers = [start("dataset_writers", "update", path, writer, 60) for writer in "abcd"]
    for writer in writers:
        answer(writer)
    found = read_info(path)
    assert found == {"mine": 1.1} | {f"{writer}-{number}": number for writer in "abcd" for number in range(60)}
    assert '"mine": 1.10,' in path.read_text()
    assert sorted(file.name for file in path.parent.iterdir()) == [path.name]


def test_threads_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    path = track_in(tmp_path).info

    def write(writer: int) -> None:
        for number in range(20):
            safe_update(path, {f"{writer}-{number}": number})

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read_info(path)) == 80
