"""The stage separate, as a worker carries it out: stems, provenance, settings, and what it leaves alone."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from small_dataset_audio.audio.decode import decode
from small_dataset_audio.config.model import Settings
from small_dataset_audio.dataset.info import read_provenance
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.errors import MissingWeights
from small_dataset_audio.pipeline import stages, worker
from small_dataset_audio.pipeline.plan import Request, make_plan
from small_dataset_audio.pipeline.stage import Bench, Job
from small_dataset_audio.pipeline.steps import obstacles
from small_dataset_audio.pipeline.steps.separate import SEPARATE
from small_dataset_audio.pipeline.worker import StepResult, perform
from support import separation_models
from support.separation_models import REGISTRY, installed
from support.signals import Signal, clicks, noise, silence, tone, write_audio

BEATS = np.arange(0.25, 3, 0.5)


@pytest.fixture(autouse=True)
def _fresh_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "_opened", {})
    monkeypatch.setitem(separation_models.STAGES, "analyze", stages.ANALYZE)


def music(seconds: float = 3, rate: int = 44100, channels: int = 2) -> Signal:
    mix = clicks(BEATS, seconds, rate, peak=0.4, channels=channels)
    mix += tone(seconds, rate, 70, peak=0.1, channels=channels)
    mix += tone(seconds, rate, 880, peak=0.05, channels=channels)
    return mix


def track_of(library: Path, mix: Signal, rate: int = 44100, name: str = "tape") -> Track:
    folder = library / name
    folder.mkdir(parents=True)
    write_audio(folder / "full_mix.flac", mix, rate, subtype="PCM_24")
    return Track(folder)


def dsp(**separation: object) -> Settings:
    return Settings.model_validate({"separation": {"backend": "dsp", **separation}})


def separate(track: Track, settings: Settings, name: str = "separate") -> StepResult:
    worker._opened.clear()  # a worker opens a stage once, for one set of settings
    result = perform(name, Job(track, (name,)), Bench(settings, registry=REGISTRY))
    assert result.trace is None, result.trace
    return result


def part_of(track: Track) -> dict[str, Any]:
    part: dict[str, Any] = read_provenance(track.info)["separation"]
    return part


@pytest.mark.parametrize(("rate", "channels"), [(44100, 2), (22050, 1), (48000, 6)])
def test_the_embedded_backend_end_to_end(tmp_path: Path, rate: int, channels: int) -> None:
    track = track_of(tmp_path, music(rate=rate, channels=channels), rate)
    result = separate(track, dsp())
    assert result.failure is None
    assert dict(result.absent) == {"vocals": "the backend dsp does not know vocals: it is part of other"}
    assert set(track.stems()) == {"bass", "drums", "other"}
    assert track.mix is not None
    mix = decode(track.mix)
    total = sum(decode(path).samples for path in track.stems().values())
    error = np.sqrt(np.mean((total - mix.samples) ** 2) / np.mean(mix.samples**2))
    assert 20 * np.log10(error) < -60
    part = part_of(track)
    assert part["backend"] == "dsp"
    assert "model" not in part
    assert part["residual_db"] < -120


def test_the_numbers_of_the_stems_follow(tmp_path: Path) -> None:
    track = track_of(tmp_path, music())
    separate(track, dsp())
    assert separate(track, dsp(), "analyze").failure is None
    info = json.loads(track.info.read_text())
    for stem in ("bass", "drums", "other"):
        assert -70 < info[f"lufs_{stem}"] < 0
    assert "lufs_vocals" not in info
    assert set(info["_sda"]["stages"]["analyze"]["inputs"]) == {"bass", "drums", "other"}


def test_the_planner_knows_what_is_done(tmp_path: Path) -> None:
    track = track_of(tmp_path, music())
    settings = dsp()
    request = Request(None, (SEPARATE,))
    assert [job.steps for job in make_plan(request, tmp_path, settings).jobs] == [("separate",)]
    separate(track, settings)
    assert make_plan(request, tmp_path, settings).done == ["tape"]
    assert make_plan(request, tmp_path, dsp(batch_size=4)).done == ["tape"]
    assert make_plan(request, tmp_path, dsp(demucs_model="htdemucs_6s")).done == ["tape"]
    for change in ({"format": "wav"}, {"weak_stems": "keep"}, {"instrumental": True}, {"clipping": "clamp"}):
        assert len(make_plan(request, tmp_path, dsp(**change)).jobs) == 1, change


@pytest.mark.parametrize(
    "separation",
    [
        {"backend": "demucs"},
        {"backend": "demucs", "demucs_model": "htdemucs_6s", "keep_extra_stems": True},
        {"backend": "roformer", "format": "wav", "instrumental": True},
    ],
)
def test_networks_end_to_end(tmp_path: Path, separation: dict[str, Any]) -> None:
    settings = installed(tmp_path / "models", {**separation, "weak_stems": "keep"})
    assert SEPARATE.obstacle(settings) is None
    track = track_of(tmp_path / "library", music(1, 48000), 48000)
    result = separate(track, settings)
    assert result.failure is None
    suffix = f".{settings.separation.format}"
    extra = ["guitar", "piano"] if settings.separation.keep_extra_stems else []
    more = ["instrumental"] if settings.separation.instrumental else []
    assert set(track.stems()) == {"bass", "drums", "other", "vocals"}
    for name in (*track.stems(), *extra, *more):
        clip = decode(track.folder / f"{name}{suffix}")
        assert (clip.rate, clip.samples.shape) == (48000, (2, 48000))
    part = part_of(track)
    model = settings.separation.demucs_model if settings.separation.backend == "demucs" else "bs_roformer_sw"
    assert (part["backend"], part["model"]) == (settings.separation.backend, model)
    assert part["model_sha256"] == SEPARATE.model_sha256(settings)
    assert read_provenance(track.info)["stages"]["separate"]["model_sha256"] == part["model_sha256"]
    assert "residual_db" in part
    assert SEPARATE.memory_gb(settings) in {3, 6}


def test_the_instrumental_of_a_network_and_its_vocals_make_the_mix(tmp_path: Path) -> None:
    settings = installed(
        tmp_path / "models", {"backend": "roformer", "format": "wav", "instrumental": True, "weak_stems": "keep"}
    )
    track = track_of(tmp_path / "library", music(1))
    assert separate(track, settings).failure is None
    assert track.mix is not None
    total = sum(decode(track.folder / f"{name}.wav").samples for name in ("vocals", "instrumental"))
    np.testing.assert_allclose(total, decode(track.mix).samples, atol=1e-6)


def test_a_stem_that_would_clip_turns_all_down_and_that_is_noted(tmp_path: Path) -> None:
    loud = np.clip(1.5 * tone(2, frequency=70, channels=2, peak=1.0), -0.9, 0.9) + 0.5 * clicks(BEATS, 2, channels=2)
    track = track_of(tmp_path, np.clip(loud, -1, 1))
    assert separate(track, dsp()).failure is None
    scale = part_of(track)["scale"]
    assert 0.5 < scale < 1
    rescaled = decode(track.stems()["bass"]).samples
    assert np.abs(rescaled).max() == pytest.approx(1, abs=1e-3)
    assert separate(track, dsp(clipping="clamp", format="wav")).failure is None
    assert "scale" not in part_of(track)
    np.testing.assert_allclose(decode(track.stems()["bass"]).samples * scale, rescaled, atol=1e-6)


def test_weak_stems_are_absent_with_the_reason_and_noted(tmp_path: Path) -> None:
    swell = np.hanning(3 * 44100).astype(np.float32)
    hum = 1e-4 * tone(3, frequency=60, channels=2)
    track = track_of(tmp_path, 0.3 * swell * tone(3, frequency=880, channels=2) + hum)
    result = separate(track, dsp())
    assert set(track.stems()) == {"other"}
    assert "below that of the mix" in dict(result.absent)["bass"]
    assert set(part_of(track)["weak"]) == {"bass", "drums"}
    assert read_provenance(track.info)["stages"]["separate"]["absent"]["bass"] == part_of(track)["weak"]["bass"]


def test_silence_has_no_stems_and_is_done(tmp_path: Path) -> None:
    track = track_of(tmp_path, silence(1, channels=2))
    result = separate(track, dsp())
    assert result.failure is None
    assert track.stems() == {}
    assert "residual_db" not in part_of(track)


def test_stems_from_the_studio_stay_and_are_reported(tmp_path: Path) -> None:
    track = track_of(tmp_path, music())
    theirs = write_audio(track.folder / "drums.wav", noise(3, channels=2)).read_bytes()
    result = separate(track, dsp())
    assert result.failure is None
    assert "stems that sda did not make (drums.wav)" in result.warnings[0]
    assert set(track.stems()) == {"drums"}
    assert (track.folder / "drums.wav").read_bytes() == theirs
    request = Request(None, (SEPARATE,))
    assert make_plan(request, tmp_path, dsp()).done == ["tape"]
    (track.folder / "drums.wav").unlink()
    assert len(make_plan(request, tmp_path, dsp()).jobs) == 1


def test_a_format_that_does_not_take_the_mix_is_known_before_it_is_separated(tmp_path: Path) -> None:
    track = track_of(tmp_path, music(rate=96000), 96000)
    result = separate(track, dsp(format="mp3"))
    assert result.failure is not None
    assert "does not take 2 channels at 96000 Hz" in result.failure.why
    assert track.stems() == {}
    assert "separation" not in read_provenance(track.info)


def test_a_mix_that_is_cut_short(tmp_path: Path) -> None:
    track = track_of(tmp_path, noise(3, channels=2))
    assert track.mix is not None
    data = track.mix.read_bytes()
    track.mix.write_bytes(data[: len(data) // 2])
    refused = separate(track, dsp())
    assert refused.failure is not None
    assert "incomplete" in refused.failure.what
    allowing = Settings.model_validate({"separation": {"backend": "dsp"}, "pipeline": {"allow_truncated": True}})
    allowed = separate(track, allowing)
    assert allowed.failure is None
    assert any("cut short" in warning for warning in allowed.warnings)


def test_what_keeps_the_stage_from_running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = Settings.model_validate({"paths": {"models": tmp_path}})
    found = SEPARATE.obstacle(missing)
    assert isinstance(found, MissingWeights)
    assert "sda models pull htdemucs" in found.fix
    assert SEPARATE.model_sha256(missing) is None
    assert SEPARATE.memory_gb(missing) is None
    unknown = Settings.model_validate({"separation": {"backend": "roformer", "roformer_model": "nobody"}})
    assert SEPARATE.obstacle(unknown) is not None
    assert SEPARATE.model_sha256(unknown) is None
    monkeypatch.setattr(obstacles, "find_spec", lambda _: None)
    lacking = SEPARATE.obstacle(missing)
    assert lacking is not None
    assert "--extra separation" in lacking.fix


def test_the_embedded_backend_has_no_obstacle_and_no_weights() -> None:
    assert SEPARATE.obstacle(dsp()) is None
    assert SEPARATE.model_sha256(dsp()) is None
    assert SEPARATE.memory_gb(dsp()) is None
    assert SEPARATE.load(dsp()).gflop is None


def test_finer_models_are_expected_to_take_longer() -> None:
    loads = [
        SEPARATE.load(dsp(backend=backend, demucs_model=model)).gflop
        for backend, model in (("demucs", "htdemucs"), ("demucs", "htdemucs_ft"), ("roformer", "htdemucs"))
    ]
    assert None not in loads
    assert loads == sorted(loads, key=lambda gflop: gflop or 0)
