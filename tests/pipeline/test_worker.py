"""What a worker does with one step, in this process: outcome, record, and every way to fail."""

import logging
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from small_dataset_audio.atomic import store_error
from small_dataset_audio.audio.content import file_sha256
from small_dataset_audio.config.model import Settings
from small_dataset_audio.dataset.info import read_info, read_provenance
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.dataset.provenance import stage_record
from small_dataset_audio.dataset.times import read_times
from small_dataset_audio.pipeline import worker
from small_dataset_audio.pipeline.stage import Bench, Job, Outcome, Stage, Work, stem_hashes
from support.signals import noise, write_audio

REGISTRY = "stages_of_this_test"


@pytest.fixture
def track(tmp_path: Path) -> Track:
    folder = tmp_path / "tape"
    folder.mkdir()
    write_audio(folder / "full_mix.wav", noise(0.1))
    return Track(folder)


class Bank:
    """A stage that does what a test says, with how often it was opened."""

    def __init__(self, work: Work, **declared: Any) -> None:  # noqa: ANN401 - whatever a stage declares
        self.opened = 0

        def open_(_bench: Bench) -> Work:
            self.opened += 1
            return work

        self.stage = Stage("made", 3, "", open_, **declared)


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "_opened", {})


def perform(monkeypatch: pytest.MonkeyPatch, bank: Bank, track: Track, device: str | None = None) -> worker.StepResult:
    registry = ModuleType(REGISTRY)
    registry.stage = lambda _name: bank.stage  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, REGISTRY, registry)
    return worker.perform("made", Job(track, ("made",)), Bench(Settings(), device, REGISTRY))


def test_an_outcome_is_recorded_with_where_it_comes_from(monkeypatch: pytest.MonkeyPatch, track: Track) -> None:
    outcome = Outcome(
        {"lufs": -20.0},
        {"bpm": "no beats"},
        {"ONSETS": np.array([0.5, 1.0]), "BEATS_GRID": None},
        ("careful",),
        (track.folder / "crop",),
    )
    track.sidecar("BEATS_GRID").write_text("0.1\n")
    bank = Bank(lambda _job: outcome, model_sha256=lambda _settings: "0" * 64)
    result = perform(monkeypatch, bank, track)
    assert result.failure is None
    assert result.absent == (("bpm", "no beats"),)
    assert result.warnings == ("careful",)
    assert result.follow_up == (track.folder / "crop",)
    assert result.worker == os.getpid()
    assert result.seconds > 0
    assert result.peak_bytes > 10_000_000
    assert read_info(track.info)["lufs"] == -20.0
    assert read_times(track.sidecar("ONSETS")).tolist() == [0.5, 1.0]
    assert not track.sidecar("BEATS_GRID").exists()
    record = read_provenance(track.info)["stages"]["made"]
    assert record["version"] == 3
    assert record["settings_hash"] == bank.stage.settings_hash(Settings())
    assert record["model_sha256"] == "0" * 64
    assert record["absent"] == {"bpm": "no beats"}


def test_a_stage_is_opened_once_for_each_device(monkeypatch: pytest.MonkeyPatch, track: Track) -> None:
    bank = Bank(lambda _job: Outcome())
    for device in (None, None, "cuda:0", "cuda:0"):
        assert perform(monkeypatch, bank, track, device).failure is None
    assert bank.opened == 2


def test_what_keeps_its_own_record_writes_no_info(monkeypatch: pytest.MonkeyPatch, track: Track) -> None:
    elsewhere = Track(track.folder.with_name("elsewhere"))
    result = perform(monkeypatch, Bank(lambda _job: Outcome(track=elsewhere), records=False), track)
    assert result.job.track == elsewhere
    assert not track.info.exists()


def failing(error: BaseException) -> Work:
    def work(_job: Job) -> Outcome:
        raise error

    return work


@pytest.mark.parametrize(
    ("error", "what", "fix"),
    [
        (store_error("write", Path("x"), OSError(28, "No space left on device")), "Could not write x.", "Free some"),
        (MemoryError(), "made ran out of memory on tape.", "--workers 1"),
        (ZeroDivisionError("by zero"), "in a way that sda does not know", "run log"),
    ],
)
def test_every_way_to_fail_is_a_result_and_writes_nothing(
    monkeypatch: pytest.MonkeyPatch, track: Track, error: Exception, what: str, fix: str
) -> None:
    result = perform(monkeypatch, Bank(failing(error)), track)
    assert result.failure is not None
    assert what in result.failure.what
    assert fix in result.failure.fix
    assert (result.failure.track, result.failure.stage) == ("tape", "made")
    assert "made" not in read_provenance(track.info).get("stages", {})
    assert (result.trace is not None) == isinstance(error, ZeroDivisionError)


def test_an_unknown_fault_shows_its_traceback_only_when_verbose(
    monkeypatch: pytest.MonkeyPatch, track: Track, capsys: pytest.CaptureFixture[str]
) -> None:
    for verbose in (False, True):
        worker.start(verbose)
        perform(monkeypatch, Bank(failing(ZeroDivisionError("by zero"))), track)
        assert ("Traceback" in capsys.readouterr().err) == verbose
    logging.getLogger("small_dataset_audio").setLevel(logging.WARNING)


def test_an_interrupt_is_not_kept_from_the_process(monkeypatch: pytest.MonkeyPatch, track: Track) -> None:
    with pytest.raises(KeyboardInterrupt):
        perform(monkeypatch, Bank(failing(KeyboardInterrupt())), track)


def test_a_recording_that_is_replaced_meanwhile_is_not_credited_with_the_numbers_of_the_old_one(
    monkeypatch: pytest.MonkeyPatch, track: Track
) -> None:
    def work(_job: Job) -> Outcome:
        write_audio(track.folder / "full_mix.wav", noise(0.2, seed=1))
        return Outcome({"lufs": -20.0}, times={"ONSETS": np.array([0.5])})

    result = perform(monkeypatch, Bank(work), track)
    assert result.failure is not None
    assert "was replaced while made worked on it" in result.failure.what
    assert "lufs" not in read_info(track.info)
    assert not track.sidecar("ONSETS").exists()


def test_a_stem_that_is_replaced_meanwhile_is_noticed_too_and_what_was_heard_is_recorded(
    monkeypatch: pytest.MonkeyPatch, track: Track
) -> None:
    stem = write_audio(track.folder / "bass.wav", noise(0.2, seed=2))

    def work(_job: Job) -> Outcome:
        write_audio(stem, noise(0.2, seed=3))
        return Outcome({"lufs": -20.0})

    assert perform(monkeypatch, Bank(work, inputs=stem_hashes), track).failure is not None
    assert "lufs" not in read_info(track.info)
    assert perform(monkeypatch, Bank(lambda _job: Outcome({"lufs": -20.0}), inputs=stem_hashes), track).failure is None
    [record] = read_provenance(track.info)["stages"].values()
    assert record["inputs"] == {"bass": file_sha256(stem)}


def test_what_else_is_to_be_known_of_the_values_is_recorded(monkeypatch: pytest.MonkeyPatch, track: Track) -> None:
    noted = {"contradictions": {"music_flamingo_full": ["It says 100."]}}
    perform(monkeypatch, Bank(lambda _job: Outcome({"lufs": -20.0}, notes=noted)), track)
    [record] = read_provenance(track.info)["stages"].values()
    assert record["notes"] == noted
    assert stage_record(read_provenance(track.info), "made").notes == noted  # type: ignore[union-attr]


def test_peak_memory_is_in_bytes_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    here = worker.peak_memory()
    monkeypatch.setattr(sys, "platform", "darwin" if sys.platform != "darwin" else "linux")
    elsewhere = worker.peak_memory()
    assert max(here, elsewhere) == pytest.approx(1024 * min(here, elsewhere), rel=0.5)
