import json
import os
import signal
import threading
from pathlib import Path

import pytest

from small_dataset_audio.config.model import Settings
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.errors import StoreError
from small_dataset_audio.hardware.memory import Memory
from small_dataset_audio.pipeline import run as run_module
from small_dataset_audio.pipeline import workers
from small_dataset_audio.pipeline.plan import Failure, Plan, Request, make_plan
from small_dataset_audio.pipeline.run import RunOptions, Summary, carry_out
from small_dataset_audio.pipeline.runlog import read_events
from small_dataset_audio.pipeline.stage import Job
from small_dataset_audio.pipeline.stages import ANALYZE, ORGANIZE
from small_dataset_audio.pipeline.worker import StepResult
from support.signals import noise, write_audio


class Watcher:
    """A display that remembers what it was told."""

    def __init__(self) -> None:
        self.began: list[int] = []
        self.steps: list[tuple[str, str]] = []
        self.finished: list[str] = []
        self.stopped = 0

    def begin(self, plan: Plan, workers: int) -> None:
        self.began.append(workers)

    def step(self, result: StepResult) -> None:
        self.steps.append((result.job.track.name, result.stage))

    def finish_track(self, job: Job, failure: Failure | None) -> None:
        self.finished.append(job.track.name)

    def stopping(self) -> None:
        self.stopped += 1


def settings_in(folder: Path) -> Settings:
    return Settings.model_validate({"paths": {"library": folder / "library", "reports": folder / "reports"}})


def go(folder: Path, source: Path | None, force: frozenset[str] = frozenset()) -> tuple[Summary, Watcher]:
    settings = settings_in(folder)
    request = Request(source, (ORGANIZE, ANALYZE), force)
    watcher = Watcher()
    plan = make_plan(request, settings.paths.library, settings)
    return carry_out(plan, request, settings, RunOptions(workers=2), watcher), watcher


@pytest.fixture
def tapes(tmp_path: Path) -> Path:
    folder = tmp_path / "tapes"
    folder.mkdir()
    for index in range(3):
        write_audio(folder / f"tape {index}.wav", noise(1.5, seed=index, channels=2))
    (folder / "broken.wav").write_text("no audio")
    return folder


@pytest.mark.process
def test_a_run_and_a_second_one_and_a_forced_one(tmp_path: Path, tapes: Path) -> None:
    summary, watcher = go(tmp_path, tapes)
    assert sorted(summary.done) == ["tape 0", "tape 1", "tape 2"]
    assert [failure.track for failure in summary.failures] == ["broken"]
    assert summary.exit_status == 1
    assert watcher.began == [2]
    assert sorted(watcher.finished) == ["broken", "tape 0", "tape 1", "tape 2"]
    assert summary.log is not None
    events = list(read_events(summary.log))
    assert [events[0]["event"], events[-1]["event"]] == ["start", "end"]
    assert events[-1]["tracks"] == {"done": 3, "skipped": 0, "failed": 1, "unfinished": 0}
    step = next(event for event in events if event.get("stage") == "analyze")
    assert "lufs_bass" in step["absent"]
    assert step["peak_bytes"] > 10_000_000
    assert step["lane"] == "processor"
    assert 0 <= step["began"] <= step["at"]
    timeline = events[-1]["timeline"]
    assert timeline["processor"]["work_seconds"] >= timeline["processor"]["busy_seconds"] > 0
    assert timeline["accelerator"]["busy_seconds"] == 0
    assert timeline["overlap"] is None

    infos = {path.name: path.read_bytes() for path in (tmp_path / "library").glob("*/*.INFO")}
    again, watcher = go(tmp_path, tapes)
    assert sorted(again.skipped) == sorted(summary.done)
    assert again.done == []
    assert {path.name: path.read_bytes() for path in (tmp_path / "library").glob("*/*.INFO")} == infos

    forced, _ = go(tmp_path, None, frozenset({"analyze"}))
    assert sorted(forced.done) == sorted(summary.done)
    assert forced.exit_status == 0
    for path in (tmp_path / "library").glob("*/*.INFO"):
        before, after = json.loads(infos[path.name]), json.loads(path.read_bytes())
        assert {k: v for k, v in before.items() if k != "_sda"} == {k: v for k, v in after.items() if k != "_sda"}


def test_nothing_to_do_starts_nothing_and_writes_no_log(tmp_path: Path) -> None:
    summary, watcher = go(tmp_path, None)
    assert summary.log is None
    assert watcher.began == []
    assert summary.exit_status == 0
    assert list(tmp_path.iterdir()) == []


def test_a_library_that_cannot_be_made_is_one_error_before_any_work(tmp_path: Path, tapes: Path) -> None:
    (tmp_path / "library").touch()
    settings = settings_in(tmp_path)
    plan = Plan(settings.paths.library, [Job(Track(tmp_path / "x"), ("analyze",))])
    with pytest.raises(StoreError) as caught:
        carry_out(plan, Request(None, (ORGANIZE, ANALYZE)), settings, RunOptions(), Watcher())
    assert "--library" in caught.value.fix
    assert not (tmp_path / "reports").exists()


def test_the_first_ctrl_c_asks_and_the_second_ends() -> None:
    told: list[str] = []
    before = signal.getsignal(signal.SIGINT)
    with run_module._interruptible(lambda: told.append("stopping")) as stop:
        os.kill(os.getpid(), signal.SIGINT)
        assert stop.wait(1)
        assert told == ["stopping"]
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGINT) is before


def test_outside_the_main_thread_signals_are_left_alone() -> None:
    seen: list[bool] = []

    def inside() -> None:
        with run_module._interruptible(lambda: None) as stop:
            seen.append(stop.is_set())

    thread = threading.Thread(target=inside)
    thread.start()
    thread.join()
    assert seen == [False]


def test_an_interrupted_summary_has_the_shells_status() -> None:
    assert Summary(Path("x"), interrupted=True, unfinished=2).exit_status == 130


@pytest.mark.parametrize(
    ("free", "cores", "jobs", "asked", "expected"),
    [
        (64e9, 8, 100, None, 8),
        (2.5e9, 8, 100, None, 2),
        (1e8, 8, 100, None, 1),
        (64e9, 8, 3, None, 3),
        (64e9, 2, 100, 6, 6),
        (64e9, 2, 4, 6, 4),
    ],
)
def test_workers_fit_cores_memory_and_jobs_unless_the_user_says(
    monkeypatch: pytest.MonkeyPatch, free: float, cores: int, jobs: int, asked: int | None, expected: int
) -> None:
    memory = Memory(total=int(64e9), free=int(free), limit=None, limited_by=None)
    monkeypatch.setattr(workers, "host_memory", lambda: memory)
    monkeypatch.setattr(workers, "usable_cores", lambda: cores)
    assert workers.worker_count(jobs, asked) == expected
