import socket
from pathlib import Path

import numpy as np
import pytest

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.audio.decode import decode
from small_dataset_audio.config.model import Settings
from small_dataset_audio.dataset.info import read_info
from small_dataset_audio.dataset.times import read_times
from small_dataset_audio.errors import MissingWeights
from small_dataset_audio.features.extract import measure
from small_dataset_audio.features.measured import Measured
from small_dataset_audio.features.rhythm import FAMILY
from small_dataset_audio.features.sound import GivenBeats, Sound
from small_dataset_audio.features.spectra import Spectra
from small_dataset_audio.models.store import Store
from small_dataset_audio.pipeline import stages, worker
from small_dataset_audio.pipeline.analyze_file import analyze_file
from small_dataset_audio.pipeline.stage import Bench, Job
from small_dataset_audio.pipeline.stages import ANALYZE
from small_dataset_audio.pipeline.steps import beats
from support.drum_models import beats_store
from support.one_track import one_track
from support.rhythm_pieces import ROCK, beat_times, drums
from support.signals import silence, write_audio

PIECE = drums(ROCK, beat_times(32, 110), rate=44100)


def settings_with(store: Store, tracker: str = "auto") -> Settings:
    return Settings.model_validate(
        {"paths": {"models": store.folder}, "models": {"registry": store.own}, "features": {"beats": tracker}}
    )


def nothing_installed(tmp_path: Path, tracker: str = "auto") -> Settings:
    return Settings.model_validate({"paths": {"models": tmp_path / "none"}, "features": {"beats": tracker}})


@pytest.fixture
def store(tmp_path: Path) -> Store:
    folder = tmp_path / "weights"
    folder.mkdir()
    return beats_store(folder)


def rhythm(given: GivenBeats | None, samples: np.ndarray = PIECE.samples) -> Measured:
    return measure(Sound(Spectra(Clip(samples, 44100)), given_beats=given), (FAMILY,))


def test_given_beats_are_measured_against_without_any_certainty() -> None:
    own = rhythm(None)
    half = GivenBeats(PIECE.beats[::2], PIECE.beats[::8])
    found = rhythm(half)
    assert found.times["beats"].tolist() == half.times.tolist()
    assert found.times["downbeats"].tolist() == half.downbeats.tolist()
    assert found.values["bpm"] == pytest.approx(55, rel=0.01)
    assert found.values["beat_count"] == half.times.size
    assert found.confidence == {}
    assert {"beats", "bpm"} <= own.confidence.keys()
    for name in ("onset_count", "ioi_mean", "rhythmic_evenness"):  # nothing that beats have to do with
        assert found.values[name] == own.values[name]


def test_given_beats_of_which_there_are_none() -> None:
    found = rhythm(GivenBeats(np.empty(0), np.empty(0)))
    assert "bpm" in found.absent
    assert "beats" not in found.times
    assert found.values["bpm_is_defined"] == 0


def test_beats_heard_in_silence_do_not_count() -> None:
    found = rhythm(GivenBeats(np.arange(5.0), np.arange(2.0)), silence(5))
    assert "beats" not in found.times
    assert "silent" in found.absent["bpm"]


def test_without_weights_nothing_changes(tmp_path: Path) -> None:
    automatic, named = nothing_installed(tmp_path), nothing_installed(tmp_path, "dsp")
    assert beats.tracker(automatic) == "dsp"
    assert beats.digest(automatic) is None
    assert beats.obstacle(automatic) is None
    assert beats.beat_source(automatic, None)(Clip(silence(1), 44100)) is None
    assert ANALYZE.settings_hash(automatic) == ANALYZE.settings_hash(named)
    assert "sda models pull beat_this" in beats.sentence(automatic)
    assert "as features.beats says" in beats.sentence(named)


def test_the_tracker_is_part_of_what_an_analysis_depends_on(store: Store) -> None:
    heard, embedded = settings_with(store), settings_with(store, "dsp")
    assert ANALYZE.settings_hash(heard) != ANALYZE.settings_hash(embedded)
    assert beats.digest(heard) == store.digest("beat_this")
    assert "beat_this" in beats.sentence(heard)


def test_a_tracker_that_is_named_and_missing_stands_in_the_way(tmp_path: Path) -> None:
    settings = nothing_installed(tmp_path, "beat_this")
    assert isinstance(ANALYZE.obstacle(settings), MissingWeights)
    with pytest.raises(MissingWeights):
        beats.beat_source(settings, None)


def test_analyze_uses_the_beats_and_says_whose_they_are(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object) -> None:
        raise AssertionError("nothing here may use the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(stages, "STAGES", (ANALYZE,))
    monkeypatch.setattr(worker, "_opened", {})
    track = one_track(tmp_path / "library", PIECE.samples)
    settings = settings_with(store)
    result = worker.perform("analyze", Job(track, ("analyze",)), Bench(settings))
    assert result.failure is None, result.failure
    info = read_info(track.info)
    record = info["_sda"]["stages"]["analyze"]
    assert record["model_sha256"] == store.digest("beat_this")
    assert record["notes"] == {"beats": "beat_this"}
    assert track.mix is not None
    given = beats.beat_source(settings, None)(decode(track.mix))
    assert given is not None
    assert read_times(track.sidecar("BEATS_GRID")) == pytest.approx(given.times)


def test_analyze_of_one_file_uses_them_too(store: Store, tmp_path: Path) -> None:
    file = write_audio(tmp_path / "tape.wav", PIECE.samples[:, : 44100 * 5], subtype="FLOAT")
    settings = settings_with(store)
    found = analyze_file(file, (ANALYZE,), Bench(settings, "cpu")).found
    given = beats.beat_source(settings, "cpu")(Clip(PIECE.samples[:, : 44100 * 5], 44100))
    assert given is not None
    assert found.times["beats"] == pytest.approx(given.times)
    assert "beats" not in found.confidence
