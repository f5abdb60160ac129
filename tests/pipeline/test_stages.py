from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from small_dataset_audio.config.model import Settings
from small_dataset_audio.config.order import STAGES as PLANNED
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.dataset.organize import assign
from small_dataset_audio.errors import SdaError, StoreError
from small_dataset_audio.features.measured import Measured
from small_dataset_audio.pipeline import stages
from small_dataset_audio.pipeline.stage import Bench, Job, Stage
from small_dataset_audio.pipeline.stages import ANALYZE, ORGANIZE, STAGES, analysis_options, info_values, pick, stage
from support.signals import clicks, noise, silence, tone, write_audio

BENCH = Bench(Settings())


def test_the_stages_stand_in_the_order_of_the_plan() -> None:
    names = [one.name for one in STAGES]
    assert names == list(PLANNED)
    for one in STAGES:
        assert one.version >= 1
        assert one.summary
        assert all(PLANNED.index(need) < PLANNED.index(one.name) for need in one.needs)
        assert stage(one.name) is one
        assert BENCH.stage(one.name) is one


def chosen(stages: list[str] | None, *skip: str) -> Settings:
    return Settings.model_validate({"pipeline": {"stages": stages, "skip": list(skip)}})


def kept(name: str) -> Stage:
    return replace(
        ANALYZE,
        name=name,
        essential=False,
        obstacle=lambda _: SdaError(f"no {name}", "Its weights are not here.", "Get them."),
    )


def test_stages_that_cannot_run_here_are_left_out_unless_they_were_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert pick(chosen(["organize", "analyze"])).note() is None
    monkeypatch.setattr(stages, "STAGES", (ORGANIZE, kept("separate"), ANALYZE, kept("caption")))
    picked = pick(Settings())
    assert picked.stages == (ORGANIZE, ANALYZE)
    assert [one.name for one, _ in picked.left_out] == ["separate", "caption"]
    note = picked.note()
    assert note is not None
    assert "separate, caption." in note
    assert "sda run --stages separate" in note
    with pytest.raises(SdaError, match="no caption"):
        pick(chosen(["organize", "caption"]))
    assert pick(chosen(["organize", "caption"], "caption")).stages == (ORGANIZE,)
    assert pick(chosen(None, "separate", "caption")).left_out == ()
    monkeypatch.setattr(stages, "STAGES", (ORGANIZE, replace(kept("analyze"), essential=True)))
    with pytest.raises(SdaError, match="no analyze"):
        pick(Settings())
    assert pick(chosen(None, "analyze")).stages == (ORGANIZE,)


def test_organize_brings_a_recording_in(tmp_path: Path) -> None:
    recording = write_audio(tmp_path / "tape.wav", noise(0.2))
    [incoming] = assign([recording], tmp_path / "library")
    outcome = ORGANIZE.open(BENCH)(Job(incoming.track, ("organize",), incoming))
    assert outcome.track == Track(tmp_path / "library" / "tape")
    assert outcome.track.mix is not None
    assert outcome.track.mix.read_bytes() == recording.read_bytes()
    with pytest.raises(StoreError, match="no recording to bring in"):
        ORGANIZE.open(BENCH)(Job(incoming.track, ("organize",)))


@pytest.fixture
def track(tmp_path: Path) -> Track:
    folder = tmp_path / "library" / "tape"
    folder.mkdir(parents=True)
    return Track(folder)


def test_analyze_measures_the_mix_and_the_stems(track: Track) -> None:
    beats = np.arange(0.25, 4, 0.5)
    drums = clicks(beats, 4)
    bass = 0.2 * tone(4, frequency=80)
    write_audio(track.folder / "full_mix.flac", drums + bass)
    alone = ANALYZE.open(BENCH)(Job(track, ("analyze",)))
    assert "lufs_drums" in alone.absent
    assert alone.warnings == ()
    assert set(alone.times) == {"BEATS_GRID", "DOWNBEATS", "ONSETS"}
    write_audio(track.folder / "drums.flac", drums)
    write_audio(track.folder / "bass.wav", bass)
    outcome = ANALYZE.open(BENCH)(Job(track, ("analyze",)))
    assert {"lufs_drums", "lufs_bass", "onset_density_average_drums"} <= set(outcome.values)
    assert {"lufs_other", "lufs_vocals"} <= set(outcome.absent)
    assert outcome.values["lufs"] == alone.values["lufs"]


def test_a_mix_that_is_cut_short_is_measured_with_a_warning_where_that_is_allowed(track: Track) -> None:
    write_audio(track.folder / "full_mix.flac", noise(2))
    data = (track.folder / "full_mix.flac").read_bytes()
    (track.folder / "full_mix.flac").write_bytes(data[: len(data) // 2])
    allowing = Bench(Settings.model_validate({"pipeline": {"allow_truncated": True}}))
    outcome = ANALYZE.open(allowing)(Job(track, ("analyze",)))
    assert "cut short" in outcome.warnings[0]


def test_moments_that_were_not_found_have_their_files_removed(track: Track) -> None:
    write_audio(track.folder / "full_mix.wav", silence(1))
    outcome = ANALYZE.open(BENCH)(Job(track, ("analyze",)))
    assert "lufs" in outcome.absent
    for name, suffix in (("beats", "BEATS_GRID"), ("downbeats", "DOWNBEATS")):
        times = outcome.times[suffix]
        assert times is None or len(times) == 0, name


def test_a_track_without_audio_is_an_error(track: Track) -> None:
    with pytest.raises(StoreError, match="no audio"):
        ANALYZE.open(BENCH)(Job(track, ("analyze",)))


def test_of_each_label_the_best_answer_is_kept() -> None:
    found = Measured(values={"lufs": -20.0}, labels={"tonic_scale": {"minor": 0.4, "major": 0.6}, "empty": {}})
    assert info_values(found) == {"lufs": -20.0, "tonic_scale": "major"}


def test_the_options_are_those_of_the_settings() -> None:
    electronic = Settings.model_validate({"features": {"key_profile": "electronic"}})
    assert analysis_options(electronic).key_profile == "electronic"
    assert ANALYZE.settings_hash(electronic) != ANALYZE.settings_hash(Settings())
    assert ORGANIZE.settings_hash(electronic) == ORGANIZE.settings_hash(Settings())


def test_a_name_in_the_registry_that_is_no_stage_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("small_dataset_audio.pipeline.stages.stage", lambda _name: "analyze")
    with pytest.raises(TypeError, match="str"):
        BENCH.stage("analyze")


def test_weights_are_part_of_a_stages_settings() -> None:
    def nothing(_bench: Bench) -> object:
        raise NotImplementedError

    plain = Stage("one", 1, "", nothing)  # type: ignore[arg-type]
    weighted = Stage("one", 1, "", nothing, model_sha256=lambda _settings: "0" * 64)  # type: ignore[arg-type]
    assert plain.settings_hash(Settings()) != weighted.settings_hash(Settings())
    assert len(plain.settings_hash(Settings())) == 16
