from collections.abc import Iterator
from pathlib import Path

import pytest

from small_dataset_audio.config.model import Settings
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.errors import EnvironmentFault, MissingWeights
from small_dataset_audio.models.aesthetics import AXES, MODEL
from small_dataset_audio.models.store import Store
from small_dataset_audio.pipeline.stage import Bench, Job
from small_dataset_audio.pipeline.steps import obstacles
from small_dataset_audio.pipeline.steps.aesthetics import AESTHETICS
from support.one_track import one_track, recorded, settings_for
from support.signals import noise, silence, write_audio
from support.tiny_aesthetics import aesthetics_model, shrink


@pytest.fixture(scope="module", autouse=True)
def _small() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        shrink(patch)
        yield


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return aesthetics_model(tmp_path / "weights")


@pytest.fixture
def track(tmp_path: Path) -> Track:
    return one_track(tmp_path / "library", noise(3, channels=2))


def test_the_scores_are_in_the_info_file_with_their_provenance(
    store: Store, track: Track, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_for(store)
    info, record = recorded(AESTHETICS, settings, track, monkeypatch)
    assert set(info) == set(AXES.values()) == set(record["made"])
    assert record["model_sha256"] == AESTHETICS.model_sha256(settings)


def test_silence_is_absent(store: Store, track: Track) -> None:
    write_audio(track.folder / "full_mix.flac", silence(1))
    outcome = AESTHETICS.open(Bench(settings_for(store)))(Job(track, ("aesthetics",)))
    assert outcome.values == {}
    assert set(outcome.absent) == set(AXES.values())


def test_what_is_missing_stands_in_the_way(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert AESTHETICS.obstacle(settings_for(store)) is None
    assert AESTHETICS.memory_gb(settings_for(store)) == 2
    nothing = Settings.model_validate({"paths": {"models": tmp_path / "none"}})
    missing = AESTHETICS.obstacle(nothing)
    assert isinstance(missing, MissingWeights)
    assert f"sda models pull {MODEL}" in missing.fix
    monkeypatch.setattr(obstacles, "find_spec", lambda _name: None)
    absent = AESTHETICS.obstacle(settings_for(store))
    assert isinstance(absent, EnvironmentFault)
    assert "--extra aesthetics" in absent.fix
