"""Crops that do not exist yet: how many there will be, and what measuring them takes."""

from pathlib import Path

import pytest

from small_dataset_audio.config.crops import Crops
from small_dataset_audio.config.model import Settings
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.hardware.memory import GIB, Memory
from small_dataset_audio.pipeline import workers as workers_module
from small_dataset_audio.pipeline.forecast import estimate as estimates
from small_dataset_audio.pipeline.forecast.crops import expected, expected_of
from small_dataset_audio.pipeline.forecast.estimate import START_SECONDS, Estimate, estimate
from small_dataset_audio.pipeline.forecast.history import Done, History
from small_dataset_audio.pipeline.forecast.machine import Machine
from small_dataset_audio.pipeline.plan import Plan
from small_dataset_audio.pipeline.stage import Job, Stage
from small_dataset_audio.pipeline.steps.crop import CROP
from support.fake_stages import stage

NOTE, LARGE = stage("note"), stage("large")
TENTH, HALF = 0.1, 0.5
"""Seconds of work that a second of audio takes: note, crop."""
HISTORY = History(
    {"note": [Done(TENTH, 1.0)] * 2, "crop": [Done(HALF, 1.0)] * 2, "large": [Done(TENTH, 1.0)] * 2},
)
TEN = Settings.model_validate({"crops": {"seconds": 10.0}})


@pytest.fixture(autouse=True)
def _of_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estimates, "track_seconds", lambda _audio: 60.0)
    monkeypatch.setattr(workers_module, "usable_cores", lambda: 4)


def foreseen(
    jobs: list[Job],
    *stages: Stage,
    of_crops: tuple[Stage, ...] = (NOTE,),
    workers: int | None = 1,
    free: int = 20 * GIB,
) -> Estimate:
    machine = Machine(Memory(24 * GIB, free), history=HISTORY)
    return estimate(Plan(jobs[0].track.folder.parent, jobs), stages or (NOTE, CROP), TEN, machine, workers, of_crops)


def job(library: Path, name: str = "tape", *steps: str, force: frozenset[str] = frozenset()) -> Job:
    return Job(Track(library / name), steps or ("note", "crop"), None, force)


@pytest.mark.parametrize(
    ("seconds", "settings", "count", "together"),
    [
        (60.0, {}, 6, 60.0),
        (67.4, {}, 6, 60.0),  # the rest is shorter than three quarters
        (68.0, {}, 7, 68.0),
        (10.0, {"overlap": True}, 1, 10.0),
        (60.0, {"overlap": True}, 11, 110.0),
        (60.0, {"samples": 441_000 * 2}, 3, 60.0),
    ],
)
def test_a_recording_is_divided_by_the_longest_length(
    seconds: float, settings: dict[str, object], count: int, together: float
) -> None:
    made = expected(seconds, Crops.model_validate({"seconds": 10.0, **settings}))
    assert made is not None
    assert made.count == count
    assert made.seconds == pytest.approx(together)
    assert made.each == pytest.approx(together / count)


def test_a_recording_that_is_too_short_has_none() -> None:
    assert expected(7.4, TEN.crops) is None


def test_only_crops_that_do_not_exist_yet_are_expected(tmp_path: Path) -> None:
    (tmp_path / "cut" / "crops").mkdir(parents=True)
    jobs = [
        job(tmp_path, "new"),
        job(tmp_path, "cut"),
        job(tmp_path, "anew", force=frozenset({"crop"})),
        job(tmp_path, "uncut", "note"),
        job(tmp_path, "short"),
        job(tmp_path, "unknown"),
        job(tmp_path, "cut", force=frozenset({"crop"})),
    ]
    audio = {one.track.folder: 60.0 for one in jobs if one.track.name != "unknown"} | {tmp_path / "short": 3.0}
    assert {folder.name for folder in expected_of(jobs[:6], audio, TEN.crops)} == {"new", "anew"}
    assert {folder.name for folder in expected_of(jobs[6:], audio, TEN.crops)} == {"cut"}


def test_what_measuring_them_takes_is_counted_in(tmp_path: Path) -> None:
    found = foreseen([job(tmp_path)])
    note, crop = found.stages
    assert (note.tracks, note.crops) == (1, 6)
    assert note.audio_seconds == pytest.approx(120.0)
    assert note.work_seconds == pytest.approx(120 * TENTH)
    assert (crop.tracks, crop.crops) == (1, 0)
    assert crop.audio_seconds == pytest.approx(60.0)
    assert found.crops == 6
    assert found.tracks == 1
    assert found.seconds == pytest.approx(START_SECONDS + 120 * TENTH + 60 * HALF)
    without = foreseen([job(tmp_path)], of_crops=())
    assert without.crops == 0
    assert without.stages[0].audio_seconds == pytest.approx(60.0)


def test_workers_share_the_crops_of_a_track_unless_there_are_very_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cut" / "crops").mkdir(parents=True)
    jobs = [job(tmp_path, "tape", "crop"), job(tmp_path, "cut", "crop")]
    monkeypatch.setitem(HISTORY.steps, "note", [Done(2.0, 1.0)] * 2)
    # Two tracks take half a minute each, and the six crops of one of them 20 seconds each.
    assert foreseen(jobs, workers=2).seconds == pytest.approx(START_SECONDS + 100)
    monkeypatch.setattr(estimates, "MANY_CROPS", 5)
    assert foreseen(jobs, workers=2).seconds == pytest.approx(START_SECONDS + 120)


def test_a_stage_that_only_crops_pass_through_is_told(tmp_path: Path) -> None:
    found = foreseen([job(tmp_path, "tape", "crop")], LARGE, CROP, of_crops=(LARGE,))
    assert [(one.stage, one.tracks, one.crops) for one in found.stages] == [("large", 0, 6), ("crop", 1, 0)]
    assert found.stages[0].memory_bytes == 1_000_000_000 + 10 * 10_000_000, "the longest crop counts, not the track"


def test_workers_are_planned_for_what_the_crops_hold(tmp_path: Path) -> None:
    jobs = [job(tmp_path, str(number), "crop") for number in range(4)]
    assert foreseen(jobs, LARGE, CROP, of_crops=(LARGE,), workers=None, free=2_300_000_000).workers == 2


def test_a_pace_that_is_not_known_leaves_the_whole_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(HISTORY.steps, "note")
    found = foreseen([job(tmp_path, "tape", "crop")])
    assert (found.seconds, found.stages[0].work_seconds, found.stages[0].crops) == (None, None, 6)
