"""What networks said is kept to the last digit, and what is not as it was kept is not believed."""

import errno
import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from small_dataset_audio.models.classification import Labels
from small_dataset_audio.pipeline.steps import known_labels
from small_dataset_audio.pipeline.steps.known_labels import KnownLabels

SHA = "ab" * 32
SOME = Labels(
    {"essentia_mood": {"sad": 0.1 + 0.2, "épique": 1 / 3}}, {"danceability": 0.5}, {"atonality": "no head"}, 7
)


def known(folder: Path, version: int = 1, weights: str = "c" * 64) -> KnownLabels:
    return KnownLabels(folder, version, weights)


def file_of(folder: Path) -> Path:
    return next(folder.rglob("*.json.gz"))


def test_it_comes_back_to_the_last_digit_and_in_its_order(tmp_path: Path) -> None:
    known(tmp_path).keep(SHA, SOME)
    found = known(tmp_path).find(SHA)
    assert found == SOME
    assert found is not None
    assert list(found.dictionaries["essentia_mood"]) == ["sad", "épique"]


@given(st.dictionaries(st.text(), st.floats(0.0, 1.0)))
def test_whatever_the_classes_are_called(tmp_path_factory: pytest.TempPathFactory, classes: dict[str, float]) -> None:
    folder = tmp_path_factory.mktemp("cache")
    known(folder).keep(SHA, Labels({"essentia_genre": classes}, classes))
    assert known(folder).find(SHA) == Labels({"essentia_genre": classes}, classes)


def test_another_version_other_weights_and_another_recording_know_nothing(tmp_path: Path) -> None:
    known(tmp_path).keep(SHA, SOME)
    assert known(tmp_path, version=2).find(SHA) is None
    assert known(tmp_path, weights="d" * 64).find(SHA) is None
    assert known(tmp_path).find("ac" * 32) is None


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"not JSON",
        b"[]",
        b'{"dictionaries": {}, "numbers": {}, "absent": {}}',
        b'{"dictionaries": {"a": {"b": NaN}}, "numbers": {}, "absent": {}, "patches": 1}',
        b'{"dictionaries": {"a": {"b": 1.5}}, "numbers": {}, "absent": {}, "patches": 1}',
        b'{"dictionaries": {"a": [1]}, "numbers": {}, "absent": {}, "patches": 1}',
        b'{"dictionaries": {}, "numbers": {"a": "b"}, "absent": {}, "patches": 1}',
        b" " * (known_labels._LARGEST + 10),
    ],
)
def test_what_is_not_as_it_was_kept_is_not_believed(tmp_path: Path, text: bytes) -> None:
    known(tmp_path).keep(SHA, SOME)
    file_of(tmp_path).write_bytes(gzip.compress(text))
    assert known(tmp_path).find(SHA) is None


def test_a_torn_file_is_not_believed(tmp_path: Path) -> None:
    known(tmp_path).keep(SHA, SOME)
    whole = file_of(tmp_path).read_bytes()
    for length in (0, 5, len(whole) // 2):
        file_of(tmp_path).write_bytes(whole[:length])
        assert known(tmp_path).find(SHA) is None
    file_of(tmp_path).write_bytes(b"\x00" * 100)
    assert known(tmp_path).find(SHA) is None


def test_a_cache_that_cannot_be_written_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "taken").write_text("a file")
    known(tmp_path / "taken").keep(SHA, SOME)
    assert known(tmp_path / "taken").find(SHA) is None

    def full(_path: Path, _data: bytes) -> None:
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(known_labels, "write_in_turn", full)
    known(tmp_path / "full").keep(SHA, SOME)
    assert known(tmp_path / "full").find(SHA) is None


def test_all_labels_of_a_recording_take_some_kilobytes(tmp_path: Path) -> None:
    import numpy as np

    classes = {f"Parent---Class {i}": float(p) for i, p in enumerate(np.random.default_rng(0).random(496))}
    known(tmp_path).keep(SHA, Labels({"essentia_genre": classes}))
    assert file_of(tmp_path).stat().st_size < 8000
    assert len(json.loads(gzip.decompress(file_of(tmp_path).read_bytes()))["dictionaries"]["essentia_genre"]) == 496
