"""The stage analyze writes series where the settings ask for them, and removes what is stale."""

from pathlib import Path

import numpy as np
import pytest

from small_dataset_audio.config.model import Settings
from small_dataset_audio.dataset.info import read_info
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.dataset.series import TIMESERIES, read_series
from small_dataset_audio.pipeline import worker
from small_dataset_audio.pipeline.analyze_file import analyze_file
from small_dataset_audio.pipeline.stage import Bench, Job
from small_dataset_audio.pipeline.stages import ANALYZE, analysis_options
from support.signals import clicks, write_audio


def asking(steps: int | None) -> Settings:
    features: dict[str, object] = {"beats": "dsp"}
    if steps is not None:
        features |= {"timeseries": True, "timeseries_steps": steps}
    return Settings.model_validate({"features": features})


@pytest.fixture
def track(tmp_path: Path) -> Track:
    folder = tmp_path / "Clicks"
    folder.mkdir()
    write_audio(folder / "full_mix.wav", clicks(np.arange(0.25, 16.0, 0.5), 16.0, 22050, channels=2), 22050)
    return Track(folder)


def run(track: Track, settings: Settings) -> None:
    worker._opened.clear()
    result = worker.perform(ANALYZE.name, Job(track, (ANALYZE.name,)), Bench(settings))
    assert result.failure is None, result.failure


def test_series_are_written_beside_the_info_file_and_removed_when_they_are_no_longer_asked_for(track: Track) -> None:
    path = track.sidecar(TIMESERIES)
    run(track, asking(None))
    assert not path.exists()
    plain = read_info(track.info)
    run(track, asking(32))
    series = read_series(path)
    assert path.name == "Clicks.TIMESERIES.npz"
    assert (series.steps, series.seconds) == (32, 16.0)
    assert series.values["beats"].sum() == plain["beat_count"]
    assert series.values["band_power"].shape == (32, 4)
    numbers = {name: value for name, value in read_info(track.info).items() if name != "_sda"}
    assert numbers == {name: value for name, value in plain.items() if name != "_sda"}
    run(track, asking(64))
    assert read_series(path).steps == 64
    run(track, asking(None))
    assert not path.exists()


def test_they_are_part_of_what_a_track_is_measured_again_for(track: Track) -> None:
    digests = {ANALYZE.settings_hash(asking(steps)) for steps in (None, 32, 64)}
    assert len(digests) == 3
    steps_alone = Settings.model_validate({"features": {"beats": "dsp", "timeseries_steps": 99}})
    assert ANALYZE.settings_hash(steps_alone) == ANALYZE.settings_hash(asking(None))
    assert analysis_options(steps_alone).timeseries_steps is None


def test_one_file_that_is_only_looked_at_shows_no_series(track: Track) -> None:
    assert track.mix is not None
    analysis = analyze_file(track.mix, (ANALYZE,), Bench(asking(32)))
    assert analysis.found.series == {}
    assert [each.suffix for each in track.folder.iterdir()] == [".wav"]
