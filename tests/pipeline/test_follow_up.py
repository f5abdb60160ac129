import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from small_dataset_audio.config.model import Settings
from small_dataset_audio.dataset.crops.places import crop_folders
from small_dataset_audio.dataset.info import StageRecord, read_info, read_provenance, safe_update
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.dataset.times import read_times
from small_dataset_audio.pipeline import run as run_module
from small_dataset_audio.pipeline.follow_up import beats_of_crop, fit_for, stages_of_crops
from small_dataset_audio.pipeline.forecast.estimate import Estimate
from small_dataset_audio.pipeline.plan import Failure, Plan, make_plan
from small_dataset_audio.pipeline.run import RunOptions, Summary, carry_out
from small_dataset_audio.pipeline.stage import Job, Outcome
from small_dataset_audio.pipeline.stages import ANALYZE, STAGES, request_for
from small_dataset_audio.pipeline.steps.aesthetics import AESTHETICS
from small_dataset_audio.pipeline.steps.caption import CAPTION
from small_dataset_audio.pipeline.steps.crop import CROP
from small_dataset_audio.pipeline.worker import StepResult
from support.crop_tracks import carried_out, crop_settings, cuttable

CUT = {"samples": 16000, "fade_ms": 0.0}


class Unseen:
    """A display that shows nothing."""

    def begin(self, plan: Plan, workers: int) -> None: ...

    def step(self, result: StepResult) -> None: ...

    def finish_track(self, job: Job, failure: Failure | None) -> None: ...

    def stopping(self) -> None: ...


def settings_in(folder: Path, **crops: object) -> Settings:
    return crop_settings(folder, **{**CUT, **crops})


def go(settings: Settings, force: frozenset[str] = frozenset()) -> Summary:
    request = request_for(None, (CROP,), force, settings)
    plan = make_plan(request, settings.paths.library, settings)
    return carry_out(plan, request, settings, RunOptions(workers=1), Unseen())


def test_crops_are_measured_where_they_are_made_and_aesthetics_where_they_are_asked_for() -> None:
    settings = Settings()
    assert stages_of_crops(STAGES, (ANALYZE,), settings) == ()
    assert stages_of_crops(STAGES, (CROP,), settings) == (ANALYZE,)
    skipped = Settings.model_validate({"pipeline": {"skip": ["analyze"]}})
    assert stages_of_crops(STAGES, (CROP, CAPTION), skipped) == ()
    able = replace(AESTHETICS, obstacle=lambda _settings: None)
    assert stages_of_crops((*STAGES[:3], able, CROP), (able, CROP), skipped) == (able,)
    assert request_for(None, (able, CROP), frozenset(), settings).every_stage == (able, CROP, ANALYZE)


@pytest.mark.process
def test_crops_are_analyzed_in_the_same_run_on_themselves_and_keep_tempo_and_beats(tmp_path: Path) -> None:
    track = cuttable(tmp_path / "library", mood="calm")
    settings = settings_in(tmp_path)
    summary = go(settings)
    assert (summary.failures, summary.done, sorted(summary.crops)) == ([], ["tape"], ["tape_1", "tape_2", "tape_3"])
    assert summary.as_dict()["crops"] == 3
    assert summary.unfinished == 0
    assert summary.log is not None
    last = json.loads(summary.log.read_text().splitlines()[-1])
    assert last["estimate"]["run"] is None  # nobody foresaw the crops
    for crop in crop_folders(track):
        info = read_info(crop.info)
        assert (info["bpm"], info["bpm_is_defined"], info["mood"]) == (480.0, 1, "calm")
        assert info["beat_count"] == 16
        assert -25 < info["lufs"] != -20
        assert np.diff(read_times(crop.sidecar("ONSETS"))) == pytest.approx(0.125, abs=1e-5)
    second = go(settings)
    assert (second.done, second.skipped, second.crops, second.log) == ([], ["tape"], [], None)


@pytest.mark.process
def test_what_an_earlier_run_left_undone_on_crops_is_done_by_the_next(tmp_path: Path) -> None:
    track = cuttable(tmp_path / "library")
    settings = settings_in(tmp_path)
    go(settings)
    crop = crop_folders(track)[1]
    other = crop_folders(track)[2]
    safe_update(crop.info, {}, stage=StageRecord("analyze", 0, "old", "x", 1.0))
    other.info.write_text("{")
    summary = go(settings)
    assert (summary.done, summary.skipped, summary.crops) == ([], ["tape"], [crop.name])
    assert [failure.track for failure in summary.failures] == [other.name]
    assert read_provenance(crop.info)["stages"]["analyze"]["version"] == ANALYZE.version


def test_a_crop_that_cannot_be_planned_is_a_failure_of_its_own(tmp_path: Path) -> None:
    track = cuttable(tmp_path / "library")
    settings = settings_in(tmp_path)
    carried_out(track, settings)
    request = request_for(None, (CROP,), frozenset(), settings)
    current = StageRecord(
        "crop",
        CROP.version,
        CROP.settings_hash(settings),
        read_provenance(track.info)["audio"]["sha256"],
        1.0,
        inputs=CROP.inputs(track, False),
    )
    safe_update(track.info, {}, stage=current)
    first, *rest = crop_folders(track)
    (first.folder / "full_mix.flac").unlink()
    plan = make_plan(request, settings.paths.library, settings)
    assert plan.done == ["tape"]
    assert [failure.track for failure in plan.failures] == [first.name]
    assert [job.track for job in plan.jobs] == rest
    recorder = run_module._Recorder(Summary(tmp_path), None, Unseen(), Estimate())  # type: ignore[arg-type]
    follow = recorder.follow_up(request, settings)
    assert follow(first.folder) is None
    assert recorder._summary.failures[0].track == first.name
    job = follow(rest[0].folder)
    assert job is not None
    assert (job.steps, recorder.unfinished) == (("analyze",), 1)
    assert recorder.follow_up(request_for(None, (ANALYZE,), frozenset(), settings), settings)(rest[0].folder) is None


def test_a_crop_keeps_what_it_has_from_its_track_and_a_track_everything(tmp_path: Path) -> None:
    track = cuttable(tmp_path / "library", mood="calm")
    made = Outcome({"bpm": 1.0, "lufs": -9.0}, {"mood": "unheard"}, {"BEATS_GRID": np.empty(0), "OTHER": None})
    assert fit_for(track, made) is made
    assert beats_of_crop(track) is None
    carried_out(track, settings_in(tmp_path))
    crop = crop_folders(track)[0]
    kept = fit_for(crop, made)
    assert (kept.values, kept.absent, kept.times) == ({"lufs": -9.0}, {}, {"OTHER": None})
    given = beats_of_crop(crop)
    assert given is not None
    assert (given.times.size, given.downbeats.size) == (16, 4)


def test_a_crop_of_a_track_that_was_not_analyzed_measures_its_own_tempo(tmp_path: Path) -> None:
    track = cuttable(tmp_path / "library", bars=None)
    track.info.unlink()
    carried_out(track, settings_in(tmp_path))
    crop = crop_folders(track)[0]
    made = Outcome({"bpm": 1.0}, times={"BEATS_GRID": np.empty(0)})
    assert fit_for(crop, made) == made
    assert beats_of_crop(crop) is None
    stranger = Track(crop.folder.parent / "mine")
    stranger.folder.mkdir()
    assert fit_for(stranger, made) is made
    assert beats_of_crop(stranger) is None
