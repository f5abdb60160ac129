from pathlib import Path

import pytest

from small_dataset_audio.config.labels import Labels as LabelSettings
from small_dataset_audio.config.model import Settings
from small_dataset_audio.dataset.info import read_info
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.errors import EnvironmentFault, MissingWeights, StoreError
from small_dataset_audio.features.catalog import BY_NAME
from small_dataset_audio.models.classification import ENCODER, Labels
from small_dataset_audio.models.store import Store
from small_dataset_audio.pipeline import stages, worker
from small_dataset_audio.pipeline.stage import Bench, Job
from small_dataset_audio.pipeline.steps import obstacles
from small_dataset_audio.pipeline.steps.classify import CLASSIFY, kept
from support.label_models import label_models
from support.one_track import one_track, settings_for
from support.signals import noise, silence, write_audio

DICTIONARIES = {"essentia_genre", "essentia_mood", "essentia_instrument"}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return label_models(tmp_path / "weights")


@pytest.fixture
def track(tmp_path: Path) -> Track:
    return one_track(tmp_path / "library", noise(3, channels=2))


def test_what_is_found_is_in_the_info_file_with_its_provenance(
    store: Store, track: Track, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stages, "STAGES", (CLASSIFY,))
    monkeypatch.setattr(worker, "_opened", {})
    settings = settings_for(store)
    result = worker.perform("classify", Job(track, ("classify",)), Bench(settings, "cpu"))
    assert result.failure is None
    info = read_info(track.info)
    record = info.pop("_sda")["stages"]["classify"]
    numbers = {name for name, value in info.items() if isinstance(value, float)}
    assert numbers == {feature.name for feature in BY_NAME.values() if feature.stage == "classify"}
    assert set(info) == numbers | DICTIONARIES
    assert all(0 <= info[name] <= 1 for name in numbers)
    for name in DICTIONARIES:
        probabilities = list(info[name].values())
        assert len(probabilities) == 10
        assert probabilities == sorted(probabilities, reverse=True)
    assert set(record["made"]) == set(info)
    assert record["model_sha256"] == CLASSIFY.model_sha256(settings)


def test_how_much_is_kept_can_be_chosen(store: Store, track: Track) -> None:
    def classified(**labels: object) -> dict[str, object]:
        outcome = CLASSIFY.open(Bench(settings_for(store, **labels)))(Job(track, ("classify",)))
        return {name: value for name, value in outcome.values.items() if isinstance(value, dict)}

    assert {name: len(found) for name, found in classified(complete=True).items()} == {  # type: ignore[arg-type]
        "essentia_genre": 400,
        "essentia_mood": 56,
        "essentia_instrument": 40,
    }
    assert {len(found) for found in classified(top_k=3).values()} == {3}  # type: ignore[arg-type]


def test_labels_that_are_all_unlikely_are_absent_with_the_reason() -> None:
    labels = Labels({"essentia_mood": {"calm": 0.3}}, {"danceability": 0.5}, {"atonality": "there is no head"})
    values, absent = kept(labels, LabelSettings(threshold=0.5))
    assert values == {"danceability": 0.5}
    assert absent == {
        "atonality": "there is no head",
        "essentia_mood": "no label is as likely as labels.threshold asks (0.5)",
    }


def test_silence_is_absent_and_a_cut_recording_is_told(store: Store, track: Track) -> None:
    write_audio(track.folder / "full_mix.flac", silence(2))
    outcome = CLASSIFY.open(Bench(settings_for(store)))(Job(track, ("classify",)))
    assert outcome.values == {}
    assert set(outcome.absent) >= DICTIONARIES
    write_audio(track.folder / "full_mix.flac", noise(3))
    data = (track.folder / "full_mix.flac").read_bytes()
    (track.folder / "full_mix.flac").write_bytes(data[: len(data) // 2])
    allowing = settings_for(store).model_copy(
        update={"pipeline": Settings.model_validate({"pipeline": {"allow_truncated": True}}).pipeline}
    )
    outcome = CLASSIFY.open(Bench(allowing))(Job(track, ("classify",)))
    assert "cut short" in outcome.warnings[0]
    assert "danceability" in outcome.values


def test_a_track_without_a_recording_is_a_failure(store: Store, track: Track, monkeypatch: pytest.MonkeyPatch) -> None:
    (track.folder / "full_mix.flac").unlink()
    work = CLASSIFY.open(Bench(settings_for(store)))
    with pytest.raises(StoreError, match="no audio"):
        work(Job(track, ("classify",)))


def test_nothing_stands_in_the_way_where_all_is_installed(store: Store) -> None:
    assert CLASSIFY.obstacle(settings_for(store)) is None
    assert CLASSIFY.memory_gb(settings_for(store)) == 1


def test_missing_weights_and_libraries_stand_in_the_way(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = Settings.model_validate({"paths": {"models": tmp_path / "none"}})
    missing = CLASSIFY.obstacle(nothing)
    assert isinstance(missing, MissingWeights)
    assert f"sda models pull {ENCODER}" in missing.fix
    assert CLASSIFY.model_sha256(nothing) is None
    monkeypatch.setattr(obstacles, "find_spec", lambda _name: None)
    absent = CLASSIFY.obstacle(settings_for(store))
    assert isinstance(absent, EnvironmentFault)
    assert "--extra labels" in absent.fix


def test_other_weights_or_settings_make_the_stage_run_again(store: Store) -> None:
    usual = CLASSIFY.settings_hash(settings_for(store))
    assert usual == CLASSIFY.settings_hash(settings_for(store))
    assert usual != CLASSIFY.settings_hash(settings_for(store, top_k=5))
    store.path("danceability", "danceability.onnx").unlink()
    assert CLASSIFY.obstacle(settings_for(store)) is None
    assert usual != CLASSIFY.settings_hash(settings_for(store))
