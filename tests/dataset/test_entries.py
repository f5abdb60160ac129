from pathlib import Path

import pytest

from small_dataset_audio.dataset.crops.places import crop_name, crops_folder
from small_dataset_audio.dataset.entries import Entry, entries, entry_of
from small_dataset_audio.dataset.info import StageRecord, safe_update
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.errors import StoreError, UnreadableInfo


def _record(**more: object) -> StageRecord:
    return StageRecord("analyze", 2, "abc", "def", 1.5, **more)  # type: ignore[arg-type]


@pytest.fixture
def track(tmp_path: Path) -> Track:
    track = Track(tmp_path / "library" / "A Song")
    track.folder.mkdir(parents=True)
    record = _record(absent={"lufs_bass": "there are no stems"})
    safe_update(track.info, {"bpm": 120, "tonic_scale": "minor"}, stage=record)
    return track


def _crop(track: Track, number: int) -> Track:
    crop = Track(crops_folder(track) / crop_name(track, number))
    crop.folder.mkdir(parents=True)
    safe_update(crop.info, {"bpm": 100 + number}, stage=_record())
    return crop


def test_an_entry_has_the_values_without_what_is_reserved(track: Track) -> None:
    entry = entry_of(track)
    assert entry.name == "A Song"
    assert dict(entry.values) == {"bpm": 120, "tonic_scale": "minor"}
    assert entry.provenance["format"] == 1
    assert entry.problem is None


def test_only_numbers_are_numbers(track: Track) -> None:
    entry = Entry(track, {"bpm": 120, "tonic_scale": "minor", "flag": True, "ratio": 0.5})
    assert entry.number("bpm") == 120
    assert entry.number("ratio") == 0.5
    assert [entry.number(name) for name in ("tonic_scale", "flag", "nothing")] == [None, None, None]


def test_it_tells_what_stages_recorded(track: Track) -> None:
    entry = entry_of(track)
    record = entry.stage("analyze")
    assert record is not None
    assert record.version == 2
    assert entry.stage("caption") is None
    assert entry.why_absent("lufs_bass") == "there are no stems"
    assert entry.why_absent("bpm") is None


def test_an_unreadable_info_is_a_problem_of_that_entry_alone(track: Track) -> None:
    broken = Track(track.folder.parent / "Broken")
    broken.folder.mkdir()
    broken.info.write_text("{", encoding="utf-8")
    first, second = entries(track.folder.parent)
    assert first.values["bpm"] == 120
    assert second.track == broken
    assert isinstance(second.problem, UnreadableInfo)
    assert not second.values


def test_crops_come_by_number(track: Track) -> None:
    for number in (10, 2, 1):
        _crop(track, number)
    assert [entry.values["bpm"] for entry in entries(track.folder.parent, crops=True)] == [101, 102, 110]
    assert [entry.name for entry in entries(track.folder.parent)] == ["A Song"]


def test_a_library_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no library"):
        list(entries(tmp_path / "nowhere"))
