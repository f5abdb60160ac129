from pathlib import Path

import numpy as np
import pytest

from small_dataset_audio.config.model import Settings
from small_dataset_audio.dataset.info import read_info
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.dataset.times import write_times
from small_dataset_audio.errors import MissingWeights
from small_dataset_audio.models.transcription.hits import Strokes, Transcription
from small_dataset_audio.pipeline import stages, worker
from small_dataset_audio.pipeline.stage import Bench, Job
from small_dataset_audio.pipeline.steps import transcribe
from small_dataset_audio.pipeline.steps.transcribe import MIDI, TRANSCRIBE
from small_dataset_audio.pipeline.worker import StepResult
from support.drum_models import adtof_store, beeps
from support.midi_reader import read_midi
from support.one_track import one_track
from support.rhythm_pieces import ROCK, beat_times, drums
from support.signals import silence, tone, write_audio

BEATS = beat_times(16, 110)
PIECE = drums(ROCK, BEATS, rate=44100)
SECONDS = PIECE.samples.shape[1] / 44100


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stages, "STAGES", (TRANSCRIBE,))
    monkeypatch.setattr(worker, "_opened", {})


@pytest.fixture
def track(tmp_path: Path) -> Track:
    return one_track(tmp_path / "library", tone(SECONDS))


def settings_of(models: Path, registry: Path | None = None, backend: str = "auto") -> Settings:
    return Settings.model_validate(
        {"paths": {"models": models}, "models": {"registry": registry}, "transcription": {"backend": backend}}
    )


@pytest.fixture
def embedded(tmp_path: Path) -> Settings:
    return settings_of(tmp_path / "none")


def perform(track: Track, settings: Settings) -> StepResult:
    result = worker.perform("transcribe", Job(track, ("transcribe",)), Bench(settings))
    assert result.failure is None, result.failure
    return result


def test_the_drums_stem_becomes_midi_on_the_measured_beats(track: Track, embedded: Settings) -> None:
    write_audio(track.folder / "drums.wav", PIECE.samples)
    write_times(track.sidecar("BEATS_GRID"), PIECE.beats)
    write_times(track.sidecar("DOWNBEATS"), PIECE.downbeats)
    perform(track, embedded)
    info = read_info(track.info)
    record = info.pop("_sda")["stages"]["transcribe"]
    made = read_midi((track.folder / MIDI).read_bytes())
    assert info["drum_hits"] == len(made.notes) > 40
    assert info["drum_hits"] == sum(info[f"drum_hits_{name}"] for name in ("kick", "snare", "hat"))
    assert info["drum_density"] == pytest.approx(info["drum_hits"] / SECONDS)
    assert set(record["absent"]) == {"drum_hits_tom", "drum_hits_cymbal"}
    assert record["notes"] == {"backend": "dsp", "source": "drums", "beats": True}
    kicks = [start for start, _, _, note, _ in made.notes if note == 35]
    on_the_first = [tick for tick in made.bar_lines(6) if min(abs(tick - kick) for kick in kicks) < 40]
    assert len(on_the_first) >= 4  # a kick on every first beat, within 20 ms of the bar line
    assert "model_sha256" not in record


def test_without_beats_the_file_has_no_tempo(track: Track, embedded: Settings) -> None:
    write_audio(track.folder / "drums.wav", PIECE.samples)
    perform(track, embedded)
    assert read_midi((track.folder / MIDI).read_bytes()).tempi == []
    assert read_info(track.info)["_sda"]["stages"]["transcribe"]["notes"]["beats"] is False


def test_without_a_drums_stem_the_embedded_backend_hears_nothing(track: Track, embedded: Settings) -> None:
    result = perform(track, embedded)
    assert dict(result.absent).keys() == set(transcribe.names())
    assert "run the stage separate first" in dict(result.absent)["drum_hits"]
    assert not (track.folder / MIDI).exists()


def test_adtof_hears_the_mix_where_there_is_no_stem(track: Track, tmp_path: Path) -> None:
    folder = tmp_path / "weights"
    folder.mkdir()
    store = adtof_store(folder)
    settings = settings_of(store.folder, store.own)
    write_audio(track.folder / "full_mix.flac", beeps({"tom": [0.5, 1.0], "cymbal": [0.75]}, 2.0))
    perform(track, settings)
    info = read_info(track.info)
    assert (info["drum_hits_tom"], info["drum_hits_cymbal"], info["drum_hits_kick"]) == (2, 1, 0)
    record = info["_sda"]["stages"]["transcribe"]
    assert record["notes"] == {"backend": "adtof", "source": "mix", "beats": False}
    assert record["model_sha256"] == store.digest("adtof_frame_rnn")
    assert TRANSCRIBE.memory_gb(settings) == 1
    write_audio(track.folder / "drums.wav", beeps({"kick": [0.5]}, 2.0))
    perform(track, settings)
    assert read_info(track.info)["drum_hits_kick"] == 1


def test_no_drums_leave_no_file_and_a_reason(track: Track, embedded: Settings) -> None:
    write_audio(track.folder / "drums.wav", PIECE.samples)
    perform(track, embedded)
    write_audio(track.folder / "drums.wav", silence(2))
    result = perform(track, embedded)
    assert dict(result.absent)["drum_hits_kick"] == "no drums were heard"
    assert "does not tell" in dict(result.absent)["drum_hits_tom"]
    assert not (track.folder / MIDI).exists()  # what was there is stale, and it was sda's own
    assert "drum_hits" not in read_info(track.info)


def test_a_midi_file_of_the_users_own_is_never_touched(track: Track, embedded: Settings) -> None:
    write_audio(track.folder / "drums.wav", PIECE.samples)
    (track.folder / MIDI).write_bytes(b"mine")
    result = worker.perform("transcribe", Job(track, ("transcribe",)), Bench(embedded))
    assert result.failure is not None
    assert "so it is yours" in result.failure.why
    assert (track.folder / MIDI).read_bytes() == b"mine"
    assert not track.info.exists() or "drum_hits" not in read_info(track.info)


def test_it_runs_again_when_stem_or_beats_change(track: Track) -> None:
    assert TRANSCRIBE.inputs(track, False) == {}
    write_audio(track.folder / "drums.wav", PIECE.samples)
    write_audio(track.folder / "bass.wav", PIECE.samples)
    write_times(track.sidecar("BEATS_GRID"), PIECE.beats)
    before = TRANSCRIBE.inputs(track, False)
    assert set(before) == {"drums", "BEATS_GRID"}
    write_times(track.sidecar("BEATS_GRID"), PIECE.beats[1:])
    write_times(track.sidecar("DOWNBEATS"), PIECE.downbeats)
    after = TRANSCRIBE.inputs(track, False)
    assert set(after) == {"drums", "BEATS_GRID", "DOWNBEATS"}
    assert after["BEATS_GRID"] != before["BEATS_GRID"]


def test_what_was_named_and_is_missing_stands_in_the_way(tmp_path: Path) -> None:
    nothing = tmp_path / "none"
    for backend in ("adtof", "drumsep"):
        settings = settings_of(nothing, backend=backend)
        assert isinstance(TRANSCRIBE.obstacle(settings), MissingWeights)
        assert TRANSCRIBE.load(settings).gflop is not None
    automatic = settings_of(nothing)
    assert TRANSCRIBE.obstacle(automatic) is None
    assert TRANSCRIBE.memory_gb(automatic) is None
    assert TRANSCRIBE.relevant(automatic) == {"backend": "dsp"}


def test_the_settings_hash_follows_the_backend(tmp_path: Path) -> None:
    folder = tmp_path / "weights"
    folder.mkdir()
    store = adtof_store(folder)
    with_weights, without = settings_of(store.folder, store.own), settings_of(tmp_path / "none")
    assert TRANSCRIBE.settings_hash(with_weights) != TRANSCRIBE.settings_hash(without)


def test_statistics_of_a_transcription_with_a_drum_that_was_not_struck() -> None:
    strokes = {"kick": Strokes(np.array([0.0, 1.0]), np.array([90, 90])), "tom": Strokes(np.empty(0), np.empty(0, int))}
    found = transcribe.heard(Transcription(strokes, "adtof"), 4.0, np.empty(0), np.empty(0))
    assert found.values == {"drum_hits": 2, "drum_density": 0.5, "drum_hits_kick": 2, "drum_hits_tom": 0}
    assert set(found.absent) == {"drum_hits_snare", "drum_hits_hat", "drum_hits_cymbal"}
    assert found.midi is not None
