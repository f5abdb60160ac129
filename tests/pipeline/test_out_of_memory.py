"""Memory that runs out on the accelerator, through a whole run: half the batch once, then that track alone is given up."""

from pathlib import Path

import pytest

from small_dataset_audio.config.model import Settings
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.pipeline import run as run_module
from small_dataset_audio.pipeline.plan import Failure, Plan, Request
from small_dataset_audio.pipeline.run import RunOptions, carry_out
from small_dataset_audio.pipeline.runlog import read_events
from small_dataset_audio.pipeline.stage import Bench, Job
from small_dataset_audio.pipeline.worker import StepResult
from support.fake_stages import REGISTRY, notes, stage

pytestmark = pytest.mark.process


class Silent:
    """A display that shows nothing."""

    def begin(self, plan: Plan, workers: int) -> None: ...

    def step(self, result: StepResult) -> None: ...

    def finish_track(self, job: Job, failure: Failure | None) -> None: ...

    def stopping(self) -> None: ...


def test_a_batch_is_halved_once_and_said_so_and_a_hopeless_track_is_given_up_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_module, "Bench", lambda settings, device: Bench(settings, device, REGISTRY))
    library = tmp_path / "library"
    names = ["first", "hopeless", "later", "last"]
    for name in names:
        (library / name).mkdir(parents=True)
    settings = Settings.model_validate({"paths": {"library": str(library), "reports": str(tmp_path / "reports")}})
    plan = Plan(library, [Job(Track(library / name), ("note", "hungry", "again")) for name in names])
    request = Request(None, tuple(map(stage, ("note", "hungry", "again"))))
    summary = carry_out(plan, request, settings, RunOptions(workers=1, device="cuda:0"), Silent())

    assert sorted(summary.done) == ["first", "last", "later"]
    [failure] = summary.failures
    assert (failure.track, failure.stage) == ("hopeless", "hungry")
    assert failure.what == "Memory ran out while hearing hopeless."
    assert "GPU" in failure.fix
    assert notes(library / "hopeless")[-1].startswith("note")

    heard = {name: notes(library / name)[1].split(" ", 2) for name in summary.done}
    assert len({process for _, process, _ in heard.values()}) == 1, "the process that holds the device lives on"
    halved = [warning for warning in summary.warnings if "halved" in warning]
    assert halved[0].startswith("Memory ran out while hearing first: the batch was halved, from 4 to 2.")
    assert heard["first"][2] == str([2, 2, 2, 2])
    assert summary.log is not None
    steps = [event for event in read_events(summary.log) if event.get("stage") == "hungry"]
    assert [event["ok"] for event in steps if event["track"] == "hopeless"] == [False]
    assert sum(bool(event["warnings"]) for event in steps) == 1
