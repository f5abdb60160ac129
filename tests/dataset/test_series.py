"""Files of series: written whole or not at all, the same bytes for the same content, and only read when they are that."""

import errno
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from small_dataset_audio.dataset.series import FORMAT, Series, read_series, remove_series, write_series
from small_dataset_audio.errors import StoreError

SERIES = Series(
    8.0, {"beats": np.array([0, 1, 0, 1], dtype=np.float32), "chroma": np.arange(48, dtype=np.float32).reshape(4, 12)}
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "Song.TIMESERIES.npz"


def test_what_is_written_is_read_by_sda_and_by_numpy_alone(path: Path) -> None:
    write_series(path, SERIES)
    read = read_series(path)
    assert (read.seconds, read.steps) == (8.0, 4)
    assert read.values.keys() == SERIES.values.keys()
    with np.load(path, allow_pickle=False) as arrays:
        assert arrays["format"] == FORMAT
        assert arrays["seconds"] == 8.0
        assert arrays["times"].tolist() == [1.0, 3.0, 5.0, 7.0]
        for name, value in SERIES.values.items():
            assert arrays[name].dtype == np.float32
            np.testing.assert_array_equal(arrays[name], value)
            np.testing.assert_array_equal(read.values[name], value)


def test_a_track_of_which_nothing_was_measured_has_an_empty_file(path: Path) -> None:
    write_series(path, Series(3.0, {}))
    read = read_series(path)
    assert (read.seconds, read.steps, read.values, read.times.size) == (3.0, 0, {}, 0)


def test_the_same_content_is_the_same_bytes(path: Path) -> None:
    write_series(path, SERIES)
    first = path.read_bytes()
    os.utime(path, (0, 0))
    write_series(path, SERIES)
    assert path.read_bytes() == first


@pytest.mark.parametrize(
    "values",
    [
        {"a": np.zeros(3), "b": np.zeros(4)},
        {"a": np.array([1.0, np.nan])},
        {"a": np.array([1.0, np.inf])},
        {"times": np.zeros(3)},
    ],
)
def test_what_makes_no_sense_is_not_written(path: Path, values: dict[str, np.ndarray]) -> None:
    with pytest.raises(StoreError, match="Nothing was written"):
        write_series(path, Series(1.0, values))
    assert not path.exists()


def test_a_full_disk_leaves_the_old_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_series(path, SERIES)
    before = path.read_bytes()

    def full(_file: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="write"):
        write_series(path, Series(1.0, {}))
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir() if each.name.endswith("tmp")] == []


def test_a_stale_file_is_removed_and_none_need_be_there(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    remove_series(path)
    write_series(path, SERIES)
    remove_series(path)
    assert not path.exists()
    write_series(path, SERIES)

    def refused(_path: Path) -> None:
        raise OSError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "unlink", refused)
    with pytest.raises(StoreError, match="remove"):
        remove_series(path)


def test_a_file_that_is_missing_is_named(path: Path) -> None:
    with pytest.raises(StoreError, match="Could not read"):
        read_series(path)


@settings(max_examples=60, deadline=None)
@given(cut=st.integers(0, 10_000), flipped=st.integers(0, 10_000), how=st.sampled_from(["cut", "flip", "text"]))
def test_a_damaged_file_is_an_error_or_still_what_it_was(
    tmp_path_factory: pytest.TempPathFactory, cut: int, flipped: int, how: str
) -> None:
    path = tmp_path_factory.mktemp("series") / "Song.TIMESERIES.npz"
    write_series(path, SERIES)
    data = bytearray(path.read_bytes())
    if how == "cut":
        data = data[: cut % len(data)]
    elif how == "flip":
        data[flipped % len(data)] ^= 0xFF
    else:
        data = bytearray(b"no archive")
    path.write_bytes(data)
    try:
        read = read_series(path)
    except StoreError:
        return
    assert how == "flip"
    for name in read.values.keys() & SERIES.values.keys():
        np.testing.assert_array_equal(read.values[name], SERIES.values[name])


def test_other_archives_of_arrays_and_later_formats_are_refused(path: Path) -> None:
    np.savez(path, beats=np.zeros(3))
    with pytest.raises(StoreError, match="not hold"):
        read_series(path)
    np.savez(path, format=np.int64(FORMAT + 1), seconds=np.float64(1.0), times=np.zeros(0))
    with pytest.raises(StoreError, match="Its format is"):
        read_series(path)
    np.save(path.with_suffix(".npy"), np.zeros(3))
    with pytest.raises(StoreError, match="no archive of numpy arrays"):
        read_series(path.with_suffix(".npy"))
    np.savez(path, format=np.array([object()], dtype=object))
    with pytest.raises(StoreError):
        read_series(path)


def test_the_example_in_the_documents_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (Path(__file__).parents[2] / "docs" / "timeseries.md").read_text(encoding="utf-8")
    example = page.split("```python\n")[1].split("```")[0]
    power = np.zeros((4, 4), dtype=np.float32)
    power[2, 0] = 0.5
    values = {"chroma": SERIES.values["chroma"], "band_power": power}
    write_series(tmp_path / "Song.TIMESERIES.npz", Series(8.0, values))
    monkeypatch.chdir(tmp_path)
    exec(example, {})
    assert capsys.readouterr().out == "5.0 [11 11 11 11]\n"
