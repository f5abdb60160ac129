"""A run foresees what it will take, and says in its log how far off that was."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from small_dataset_audio.config.model import Settings
from small_dataset_audio.pipeline import run as run_module
from small_dataset_audio.pipeline.plan import Failure, Plan, Request, make_plan
from small_dataset_audio.pipeline.run import RunOptions, Summary, carry_out
from small_dataset_audio.pipeline.runlog import read_events
from small_dataset_audio.pipeline.stage import Job
from small_dataset_audio.pipeline.stages import ANALYZE, ORGANIZE
from small_dataset_audio.pipeline.worker import StepResult
from support.signals import noise, write_audio

if TYPE_CHECKING:
    from small_dataset_audio.pipeline.forecast.estimate import Estimate

pytestmark = pytest.mark.process


class Unseen:
    """A display that shows nothing."""

    def begin(self, plan: Plan, workers: int) -> None: ...

    def step(self, result: StepResult) -> None: ...

    def finish_track(self, job: Job, failure: Failure | None) -> None: ...

    def stopping(self) -> None: ...


def go(home: Path, force: frozenset[str] = frozenset()) -> tuple[Summary, list[dict[str, Any]]]:
    """Run what is in ``home/tapes``; return the summary and the log."""
    paths = {"library": home / "library", "reports": home / "reports"}
    settings = Settings.model_validate({"paths": paths})
    request = Request(home / "tapes", (ORGANIZE, ANALYZE), force)
    plan = make_plan(request, settings.paths.library, settings)
    summary = carry_out(plan, request, settings, RunOptions(workers=1), Unseen())
    assert summary.log is not None
    return summary, list(read_events(summary.log))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "tapes").mkdir()
    for index in range(2):
        write_audio(tmp_path / "tapes" / f"tape {index}.wav", noise(1.0 + index, seed=index))
    return tmp_path


def steps_of(events: list[dict[str, Any]], stage: str) -> Mapping[str, dict[str, Any]]:
    return {event["track"]: event for event in events if event.get("stage") == stage}


def test_a_second_run_is_foreseen_by_the_first(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, events = go(home)
    first = events[0]["estimate"]
    assert [one["basis"] for one in first["stages"]] == ["none", "none"]
    assert first["seconds"] is None
    assert events[-1]["estimate"] == {"stages": {}, "run": None}
    assert steps_of(events, "analyze")["tape 1"]["audio_seconds"] == pytest.approx(2.0)

    monkeypatch.setattr(run_module, "remark", lambda foreseen, seconds: f"{foreseen.tracks} in {seconds > 0}")
    summary, events = go(home, frozenset({"analyze"}))
    [one] = events[0]["estimate"]["stages"]
    assert (one["stage"], one["basis"], one["known_from"]) == ("analyze", "run logs", 2)
    off = events[-1]["estimate"]
    took = sum(event["seconds"] - event["opening"] for event in steps_of(events, "analyze").values())
    assert off["stages"]["analyze"]["took"] == pytest.approx(took, abs=0.01)
    assert off["stages"]["analyze"]["foreseen"] == pytest.approx(one["work_seconds"], abs=0.01)
    assert off["run"]["took"] == pytest.approx(summary.seconds, abs=0.5)
    assert off["run"]["ratio"] == pytest.approx(off["run"]["took"] / off["run"]["foreseen"], abs=0.01)
    assert summary.remark == "2 in True"
    assert "remark" not in summary.as_dict()


def test_a_run_that_failed_in_part_does_not_count_as_a_whole(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go(home)
    (home / "tapes" / "broken.wav").write_text("no audio")
    said: list[Estimate] = []
    monkeypatch.setattr(run_module, "remark", lambda foreseen, _: said.append(foreseen))
    summary, events = go(home, frozenset({"analyze"}))
    assert [failure.track for failure in summary.failures] == ["broken"]
    assert set(events[-1]["estimate"]["stages"]) == {"analyze"}
    assert events[-1]["estimate"]["run"] is None
    assert said == []


def test_logs_of_another_machine_or_version_say_nothing(home: Path) -> None:
    _, events = go(home)
    [log] = (home / "reports").glob("run-*.jsonl")
    events[0]["likeness"]["analyze"] += " of another machine"
    log.write_text("".join(json.dumps(event) + "\n" for event in events))
    _, events = go(home, frozenset({"analyze"}))
    assert [one["basis"] for one in events[0]["estimate"]["stages"]] == ["none"]
