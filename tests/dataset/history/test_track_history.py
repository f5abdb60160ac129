import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from small_dataset_audio.dataset.crops.places import crop_name, crops_folder
from small_dataset_audio.dataset.history.runs import LoggedStep
from small_dataset_audio.dataset.history.schema import HISTORY_SCHEMA
from small_dataset_audio.dataset.history.track import TrackHistory, history_of
from small_dataset_audio.dataset.info import safe_update
from small_dataset_audio.errors import UnreadableInfo
from support.history_logs import step
from support.statistics_library import written


def _logged(*steps: LoggedStep):  # type: ignore[no-untyped-def] # noqa: ANN202
    return lambda track, stage: [one for one in steps if (one.track, one.stage) == (track, stage)]


def _document(found: TrackHistory) -> dict[str, object]:
    document: dict[str, object] = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    Draft202012Validator(HISTORY_SCHEMA).validate(document)
    return document


def test_every_value_has_its_maker(tmp_path: Path) -> None:
    track = written(tmp_path, "Song", {"lufs": -9.0, "bpm": 120.0}, absent={"lufs_bass": "there are no stems"})
    written(tmp_path, "Song", {"genre": {"House": 0.5}}, stage="classify", model_sha256="f" * 64)
    safe_update(track.info, {"caption": "Mine."}, reserved={"source": {"path": "/tapes/a.wav"}})
    found = history_of(track, _logged(step(library=tmp_path)))
    assert found.by_others == ("caption",)
    analyze, classify = found.stages
    assert analyze.made == ("lufs", "bpm")
    assert analyze.run == step(library=tmp_path)
    assert classify.run is None
    document = _document(found)
    assert document["values"] == {"lufs": "analyze", "bpm": "analyze", "genre": "classify", "caption": None}
    assert document["source"] == {"path": "/tapes/a.wav"}


def test_a_value_that_the_user_took_over_is_the_users(tmp_path: Path) -> None:
    track = written(tmp_path, "Song", {"lufs": -9.0, "bpm": 120.0})
    safe_update(track.info, {"bpm": 60.0})
    assert history_of(track, _logged()).by_others == ("bpm",)


def test_values_that_were_removed_and_another_recording_are_told(tmp_path: Path) -> None:
    track = written(tmp_path, "Song", {"lufs": -9.0, "bpm": 120.0})
    safe_update(track.info, {}, reserved={"audio": {"sha256": "b" * 64}})
    info = json.loads(track.info.read_text())
    del info["bpm"]
    track.info.write_text(json.dumps(info))
    [stage] = history_of(track, _logged()).stages
    assert (stage.made, stage.gone, stage.stale) == (("lufs",), ("bpm",), True)


def test_failures_are_told_whether_or_not_something_is_left(tmp_path: Path) -> None:
    track = written(tmp_path, "Song", {"lufs": -9.0})
    failed = step(5, library=tmp_path, failure="It failed.")
    caption = step(6, library=tmp_path, stage="caption", failure="No memory.", settings_hash=None)
    found = history_of(track, _logged(step(library=tmp_path), failed, caption), ["analyze", "caption", "classify"])
    assert found.stages[0].failure == failed
    assert found.failures == {"caption": caption}
    _document(found)


def test_when_the_recording_was_taken_in(tmp_path: Path) -> None:
    track = written(tmp_path, "Song", {"lufs": -9.0})
    taken = step(stage="organize", library=tmp_path)
    found = history_of(track, _logged(taken, step(stage="organize", library=Path("/elsewhere"))))
    assert found.taken_in == taken
    assert "taken_in" in _document(found)


def test_what_a_crop_takes_over_comes_from_the_step_of_its_track(tmp_path: Path) -> None:
    track = written(tmp_path, "Song", {"lufs": -9.0})
    folder = crops_folder(track)
    crop = written(folder, crop_name(track, 1), {"bpm": 120.0}, stage="crop", seconds=0.0)
    written(folder, crop.name, {"lufs": -8.0})
    steps = [step(stage="crop", library=tmp_path), step(track=crop.name, library=tmp_path)]
    found = history_of(crop, _logged(*steps))
    assert [stage.run for stage in found.stages] == steps


def test_a_record_that_sda_did_not_write_so_is_unclear(tmp_path: Path) -> None:
    track = written(tmp_path, "Song", {"lufs": -9.0})
    info = json.loads(track.info.read_text())
    del info["_sda"]["stages"]["analyze"]["version"]
    track.info.write_text(json.dumps(info))
    found = history_of(track, _logged())
    assert (found.unclear, found.stages, found.by_others) == (("analyze",), (), ())
    _document(found)


def test_a_damaged_info_is_an_error(tmp_path: Path) -> None:
    track = written(tmp_path, "Song", {"lufs": -9.0})
    track.info.write_text("{")
    with pytest.raises(UnreadableInfo):
        history_of(track, _logged())
