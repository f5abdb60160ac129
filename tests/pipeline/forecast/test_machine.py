"""What is known of the machine before a run."""

from pathlib import Path

import pytest

from small_dataset_audio.config.model import Settings
from small_dataset_audio.hardware.limit import SETTING
from small_dataset_audio.hardware.memory import GIB, Memory
from small_dataset_audio.pipeline.forecast import machine as machines
from small_dataset_audio.pipeline.forecast.machine import Machine, likenesses, look_around
from small_dataset_audio.pipeline.runlog import RunLog
from small_dataset_audio.pipeline.stages import ANALYZE
from support.benchmark_profiles import probe, profile
from support.fake_stages import stage

HOST = Memory(24 * GIB, 20 * GIB)
CARD = Memory(8 * GIB, 7 * GIB)
STEMS = stage("stems")


def settings_in(folder: Path, **hardware: object) -> Settings:
    return Settings.model_validate({"paths": {"reports": folder}, "hardware": hardware})


def test_a_new_machine_is_known_by_its_memory_alone(tmp_path: Path) -> None:
    found = look_around(settings_in(tmp_path), [ANALYZE])
    assert found.host.free > 0
    assert (found.device, found.memory, found.profile, found.notes) == (None, None, None, ())
    assert found.history.steps == {}
    assert list(tmp_path.iterdir()) == [], "nothing is written"


def test_the_limit_of_the_settings_binds_the_device_and_the_host_where_it_is_the_device(tmp_path: Path) -> None:
    found = look_around(settings_in(tmp_path, device="cuda:0", memory_limit_gb=0.5), [ANALYZE, STEMS], "cuda:0", CARD)
    assert found.memory == Memory(GIB // 2, GIB // 2, GIB // 2, SETTING)
    assert found.host.limited_by != SETTING
    found = look_around(settings_in(tmp_path, device="cpu", memory_limit_gb=0.1), [ANALYZE])
    assert found.host.limited_by == SETTING


def test_profile_and_logs_are_read(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    profile().save(tmp_path)
    with RunLog(tmp_path) as log:
        log.write("start", {"likeness": likenesses([ANALYZE, STEMS], settings, "cuda:0")})
        for name in ("analyze", "stems"):
            log.write("step", {"stage": name, "ok": True, "seconds": 1.0, "audio_seconds": 10.0, "peak_bytes": 5})
    found = look_around(settings, [ANALYZE, STEMS], "cuda:0", CARD)
    assert found.profile is not None
    assert set(found.history.steps) == {"analyze", "stems"}
    other = look_around(settings, [ANALYZE, STEMS], "cpu", HOST)
    assert set(other.history.steps) == {"analyze"}, "what the card took says nothing of the processor"


def test_what_is_damaged_is_a_note(tmp_path: Path) -> None:
    (tmp_path / "benchmark.json").write_text("{")
    (tmp_path / "run-20260102-000000-bbbb.jsonl").write_text("rubbish\n{}\n")
    found = look_around(settings_in(tmp_path), [ANALYZE])
    assert found.profile is None
    first, second = found.notes
    assert "benchmark.json is damaged. Measure again" in first
    assert "is damaged in line 1." in second


def test_stages_run_on_the_host_or_on_the_device() -> None:
    machine = Machine(HOST, "cuda:0", CARD)
    assert (machine.where(ANALYZE), machine.memory_for(ANALYZE)) == ("cpu", HOST)
    assert (machine.where(STEMS), machine.memory_for(STEMS)) == ("cuda:0", CARD)
    without = Machine(HOST)
    assert (without.where(STEMS), without.memory_for(STEMS)) == (None, None)
    assert Machine(HOST, "cpu", HOST).memory_for(STEMS) == HOST


def test_operations_are_those_that_training_really_reached_on_this_device() -> None:
    known = profile()
    best = max(point.audio_seconds_per_second.median for point in known.points)
    machine = Machine(HOST, "cpu", HOST, known)
    assert machine.operations_per_second(STEMS) == pytest.approx(2_465_280_000 * best)
    assert Machine(HOST, "cuda:0", CARD, known).operations_per_second(STEMS) is None
    assert Machine(HOST, "cpu", HOST).operations_per_second(STEMS) is None
    nothing = profile([probe(1, ended="oom")])
    assert Machine(HOST, "cpu", HOST, nothing).operations_per_second(STEMS) is None


def test_the_decoding_rate_is_the_profiles() -> None:
    assert Machine(HOST, profile=profile()).decode_rate() == 600.0
    assert Machine(HOST, profile=profile(rates={})).decode_rate() is None
    assert Machine(HOST).decode_rate() is None


def test_the_processor_is_named_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machines, "processor_name", lambda: "A processor")
    found = likenesses([ANALYZE, STEMS], Settings(), None)
    assert found["analyze"].endswith(" A processor")
    assert found["stems"].endswith(" None")
