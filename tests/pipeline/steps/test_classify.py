import hashlib
import json
import shutil
from pathlib import Path

import pytest

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.config.labels import Labels as LabelSettings
from small_dataset_audio.config.model import Settings
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.errors import EnvironmentFault, MissingWeights, StoreError
from small_dataset_audio.features.catalog import BY_NAME
from small_dataset_audio.models.classification import ENCODER, Classifier, Labels
from small_dataset_audio.models.store import Store
from small_dataset_audio.pipeline.stage import Bench, Job, Outcome
from small_dataset_audio.pipeline.steps import obstacles
from small_dataset_audio.pipeline.steps.classify import CLASSIFY, kept
from support.label_models import label_models
from support.one_track import one_track, recorded, settings_for
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
    settings = settings_for(store)
    info, record = recorded(CLASSIFY, settings, track, monkeypatch)
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


def _listening(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return a list to which the length of every recording is added that the networks listen to."""
    heard: list[float] = []
    real = Classifier.__call__

    def listened(self: Classifier, clip: Clip) -> Labels:
        heard.append(clip.seconds)
        return real(self, clip)

    monkeypatch.setattr(Classifier, "__call__", listened)
    return heard


def _classified(track: Track, settings: Settings, force: frozenset[str] = frozenset()) -> Outcome:
    return CLASSIFY.open(Bench(settings))(Job(track, ("classify",), force=force))


def test_choosing_other_labels_needs_no_network(store: Store, track: Track, monkeypatch: pytest.MonkeyPatch) -> None:
    heard = _listening(monkeypatch)
    _classified(track, settings_for(store))
    assert heard == [3.0]
    chosen: list[dict[str, object]] = [{"top_k": 3}, {"complete": True}, {"threshold": 0.4}, {"top_k": 10}]
    again = [_classified(track, settings_for(store, **labels)) for labels in chosen]
    assert heard == [3.0]
    shutil.rmtree(store.folder.parent / "cache")
    fresh = []
    for labels in chosen:
        fresh.append(_classified(track, settings_for(store, **labels)))
        shutil.rmtree(store.folder.parent / "cache")
    assert again == fresh
    assert [list(one.values) for one in again] == [list(one.values) for one in fresh]
    assert len(heard) == 1 + len(chosen)


def test_what_is_forced_is_heard_again(store: Store, track: Track, monkeypatch: pytest.MonkeyPatch) -> None:
    heard = _listening(monkeypatch)
    for force in (frozenset[str](), frozenset({"classify"}), frozenset({"analyze"})):
        _classified(track, settings_for(store), force)
    assert heard == [3.0, 3.0]


def test_another_recording_and_other_weights_are_heard(
    store: Store, track: Track, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = _listening(monkeypatch)
    _classified(track, settings_for(store))
    store.path("danceability", "danceability.onnx").unlink()
    assert "danceability" in _classified(track, settings_for(store)).absent
    write_audio(track.folder / "full_mix.flac", noise(4))
    _classified(track, settings_for(store))
    assert heard == [3.0, 3.0, 4.0]


def test_a_recording_that_is_replaced_meanwhile_is_not_kept(
    store: Store, track: Track, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Classifier.__call__

    def replaced(self: Classifier, clip: Clip) -> Labels:
        write_audio(track.folder / "full_mix.flac", noise(4))
        return real(self, clip)

    monkeypatch.setattr(Classifier, "__call__", replaced)
    _classified(track, settings_for(store))
    assert not list((store.folder.parent / "cache").rglob("*.json.gz"))


def test_an_info_file_of_before_stays_valid(store: Store) -> None:
    """The settings still make the hash: what was written before names the settings it was written with."""
    facts = {"settings": LabelSettings().model_dump(), "model": CLASSIFY.model_sha256(settings_for(store))}
    before = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]
    assert CLASSIFY.settings_hash(settings_for(store)) == before
    assert CLASSIFY.version == 1


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
    with pytest.raises(StoreError, match="no recording"):
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
