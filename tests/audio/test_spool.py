"""Arrays on disk: the same as in memory, given back when read, and gone without a trace."""

import errno
import mmap
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from small_dataset_audio.audio import spool as module
from small_dataset_audio.audio.spool import (
    LONGEST_HELD,
    MOST_LINGERING,
    Scratch,
    Spool,
    Table,
    applied,
    blocks,
    first_highest,
    first_reaching,
    folder_of,
    give_back,
    last_lowest,
)
from small_dataset_audio.errors import StoreError
from support.spooled import on_disk


def rising(rows: int, length: int) -> NDArray[np.float32]:
    """Return numbers that are all different."""
    return np.arange(rows * length, dtype=np.float32).reshape(rows, length)


@settings(max_examples=50, deadline=None)
@given(
    lengths=st.lists(st.sampled_from([0, 1, 1000, 1024, 70_000]), max_size=4),
    rows=st.integers(1, 3),
    left=st.integers(0, 9),
)
@pytest.mark.parametrize("dtype", [np.float32, np.int8, np.float64])
def test_what_is_written_is_read_on_disk_as_in_memory(
    tmp_path_factory: pytest.TempPathFactory, lengths: list[int], rows: int, left: int, dtype: type
) -> None:
    folder = tmp_path_factory.mktemp("scratch")
    whole: NDArray[Any] = rising(rows, sum(lengths)).astype(dtype)
    for place in (folder, None):
        spool = Spool(rows, sum(lengths) + left, place, dtype)
        at = 0
        for length in lengths:
            spool.append(whole[:, at : at + length])
            at += length
        assert spool.length == at
        made = spool.finish()
        assert made.dtype == dtype
        np.testing.assert_array_equal(made, whole)
        assert all(row.flags.c_contiguous for row in made)
        assert list(folder.iterdir()) == []


@pytest.mark.parametrize("place", ["disk", "memory"])
def test_a_table_grows_row_by_row(tmp_path: Path, place: str) -> None:
    table = Table(3, 10, tmp_path if place == "disk" else None)
    table.append(rising(2, 3))
    table.append(np.empty((0, 3), dtype=np.float32))
    table.append(rising(4, 3)[::2])
    np.testing.assert_array_equal(table.finish(), np.concatenate((rising(2, 3), rising(4, 3)[::2])))
    assert Table(3, 0, tmp_path).finish().shape == (0, 3)


def test_arrays_know_the_folder_they_lie_in(tmp_path: Path) -> None:
    array = on_disk(rising(2, 5000), tmp_path)
    windows = np.lib.stride_tricks.sliding_window_view(array[0], 100)[::10]
    for view in (array, array[1], array[:, 10:20], array[1][::3], windows, array[0].reshape(-1, 10)):
        assert folder_of(view) == tmp_path
    for other in (array * 2, array[0].copy(), rising(2, 5), np.empty(0)):
        assert folder_of(other) is None


def test_what_lies_on_disk_cannot_be_written_to(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="read-only"):
        on_disk(rising(1, 10), tmp_path)[0, 0] = 1.0


@settings(max_examples=40, deadline=None)
@given(length=st.integers(0, 3000), size=st.integers(1, 1000))
def test_blocks_are_the_whole(tmp_path_factory: pytest.TempPathFactory, length: int, size: int) -> None:
    array = rising(2, length)
    for stored in (array, on_disk(array, tmp_path_factory.mktemp("scratch"))):
        along = list(blocks(stored, size))
        assert [start for start, _ in along] == list(range(0, length, size))
        np.testing.assert_array_equal(np.concatenate([array[:, :0], *(block for _, block in along)], axis=1), array)
        across = [block for _, block in blocks(stored.T, size, axis=0)]
        np.testing.assert_array_equal(np.concatenate([array.T[:0], *across]), array.T)


def resident(of: str) -> int:
    """Return what this process has in memory of ``RssFile`` (mapped files) or ``VmRSS`` (everything), in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(of):
            return int(line.split()[1]) * 1024
    return pytest.skip("this system does not say")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it is up to the system when memory is taken back")
@pytest.mark.parametrize("size", [30_001, 1 << 18])
def test_blocks_that_were_read_take_no_memory(tmp_path: Path, size: int) -> None:
    array = on_disk(np.ones((2, 8 << 20), dtype=np.float32), tmp_path)
    before, highest = resident("RssFile"), 0
    for _, block in blocks(array, size):
        assert block.sum() == block.size
        highest = max(highest, resident("RssFile"))
    assert highest - before < (16 << 20) + MOST_LINGERING
    assert resident("RssFile") - before < (1 << 20) + MOST_LINGERING
    assert array[:, ::1000].sum() == array[:, ::1000].size
    assert resident("RssFile") - before > 32 << 20
    give_back(array)
    assert resident("RssFile") - before < 1 << 20
    assert array[1, -1] == 1.0


def test_giving_back_is_a_hint_that_a_system_may_not_know(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    array = on_disk(rising(1, 100), tmp_path)
    give_back(array[:, :0])
    give_back(rising(1, 100))
    monkeypatch.delattr(mmap, "MADV_DONTNEED")
    give_back(array)
    np.testing.assert_array_equal(array, rising(1, 100))


def test_a_function_of_each_element_is_stored_where_its_argument_is(tmp_path: Path) -> None:
    array = rising(2, module.BLOCK + 5)
    stored = applied(lambda block: block * np.float32(2.0), on_disk(array, tmp_path))
    assert folder_of(stored) == tmp_path
    np.testing.assert_array_equal(stored, array * 2)
    np.testing.assert_array_equal(applied(np.negative, array), -array)


@settings(max_examples=100, deadline=None)
@given(values=st.lists(st.integers(-3, 3), min_size=1, max_size=40), size=st.integers(1, 9))
def test_extremes_are_those_of_the_whole(values: list[int], size: int) -> None:
    line = np.array(values, dtype=np.float32)
    levels = np.array([-3.5, -1.0, 0.5, 2.0, 4.0], dtype=np.float32)
    reached = [next((place for place, value in enumerate(values) if value >= level), len(values)) for level in levels]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module.blocks, "__defaults__", (size,))
        assert first_highest(line) == values.index(max(values))
        assert last_lowest(line) == len(values) - 1 - values[::-1].index(min(values))
        assert first_reaching(line, levels).tolist() == reached


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it is up to the system when memory is taken back")
def test_extremes_are_found_without_holding_the_whole(tmp_path: Path) -> None:
    line = on_disk(rising(1, 3 << 20), tmp_path)[0]
    before = resident("RssFile")
    assert first_highest(line) == line.shape[0] - 1
    assert last_lowest(line) == 0
    assert first_reaching(line, np.array([2.0**21], dtype=np.float32)).tolist() == [1 << 21]
    assert resident("RssFile") - before < (5 << 20) + MOST_LINGERING


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it is up to the system when memory is taken back")
def test_what_lingers_is_bounded_however_many_arrays_are_read(tmp_path: Path) -> None:
    arrays = [on_disk(np.ones((1, 1 << 20), dtype=np.float32), tmp_path)[0] for _ in range(12)]
    before, highest = resident("RssFile"), 0
    for start in range(0, 1 << 20, 1 << 15):
        for array in arrays:
            part = array[start : start + (1 << 15)]
            assert part.sum() == part.size
            give_back(part)
            highest = max(highest, resident("RssFile"))
    assert highest - before < MOST_LINGERING + (6 << 20)


def test_small_stretches_that_are_read_in_a_row_are_given_back_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[tuple[int, int]] = []
    monkeypatch.setattr(module._Pages, "madvise", lambda _, __, start, length: given.append((start, length)))
    monkeypatch.setattr(module, "_lingering", module._Lingering())
    array = on_disk(np.ones((1, 4 << 20), dtype=np.float32), tmp_path)[0]
    for start in range(0, array.shape[0] // 2, 1000):
        give_back(array[start : start + 1000])
    assert 0 < len(given) <= (8 << 20) // (4 << 20)
    give_back(array[::-1][:5])
    give_back(array[::3])
    assert sum(given[-1]) == 16 << 20


def test_what_lingers_of_an_array_that_is_gone_is_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_lingering", module._Lingering())
    for _ in range(5):
        array = on_disk(np.ones((1, 1000), dtype=np.float32), tmp_path)[0]
        give_back(array)
        del array
    larger = on_disk(np.ones((1, 4 << 20), dtype=np.float32), tmp_path)[0]
    give_back(larger)
    assert module._lingering._stretches == []


def test_a_recording_is_laid_out_when_it_is_large_or_long(tmp_path: Path) -> None:
    scratch = Scratch(tmp_path, 1000)
    assert not scratch.takes(1000, LONGEST_HELD)
    assert scratch.takes(1001, 1.0)
    assert scratch.takes(10, LONGEST_HELD + 1)


def refusing(number: int) -> Callable[..., int]:
    """Return a system call that the system refuses."""

    def call(*_arguments: object, **_options: object) -> int:
        raise OSError(number, os.strerror(number))

    return call


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO])
def test_a_full_disk_says_where_to_make_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    spool = Spool(2, 100, tmp_path)
    spool.append(rising(2, 10))
    monkeypatch.setattr(os, "pwrite", refusing(number))
    with pytest.raises(StoreError) as caught:
        spool.append(rising(2, 90))
    assert "paths.cache" in caught.value.fix
    assert str(tmp_path) in caught.value.what
    assert os.strerror(number) in caught.value.why
    assert ("Free space" in caught.value.fix) == (number != errno.EIO)
    del spool
    assert list(tmp_path.iterdir()) == []


def test_a_part_that_was_written_is_followed_by_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda file, data, place: real(file, data[:7], place))
    np.testing.assert_array_equal(on_disk(rising(2, 20), tmp_path), rising(2, 20))


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        Spool(1, 10, tmp_path / "gone")
    assert str(tmp_path / "gone") in caught.value.what
    assert "write to" in caught.value.fix


def test_what_cannot_be_mapped_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(1, 10, tmp_path)
    spool.append(rising(1, 10))
    monkeypatch.setattr(module, "_Pages", refusing(errno.ENOMEM))
    with pytest.raises(StoreError):
        spool.finish()


def test_nothing_is_left_when_a_process_is_killed_while_it_writes_and_while_it_reads(tmp_path: Path) -> None:
    for at_work in ("spool.append(part); ", "spool.append(part); array = spool.finish(); array.sum(); "):
        script = (
            "import os, sys, numpy as np; from pathlib import Path; "
            "from small_dataset_audio.audio.spool import Spool; "
            "spool = Spool(1, 1 << 20, Path(sys.argv[1])); part = np.ones((1, 1 << 20), np.float32); "
            f"{at_work}os.kill(os.getpid(), 9)"
        )
        ended = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, check=False)
        assert ended.returncode == -signal.SIGKILL, ended.stderr
        assert list(tmp_path.iterdir()) == []
