"""Recordings that are named on the command line: what a look at their own track tells is what the whole library says."""

import os
import shutil
from pathlib import Path

import pytest

from small_dataset_audio.config.model import Settings
from small_dataset_audio.dataset.identity import audio_identity
from small_dataset_audio.dataset.info import StageRecord, safe_update
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.dataset.organize import assign, find_audio, organize
from small_dataset_audio.dataset.organize.holdings import Holdings, Recording
from small_dataset_audio.errors import StoreError
from small_dataset_audio.pipeline import sorting
from small_dataset_audio.pipeline.plan import Plan, Request, make_plan
from small_dataset_audio.pipeline.stage import Stage
from small_dataset_audio.pipeline.stages import ANALYZE, ORGANIZE
from small_dataset_audio.pipeline.standing import Standing
from support.dataset_library import recording

STAGES = (ORGANIZE, ANALYZE)


@pytest.fixture
def tapes(tmp_path: Path) -> Path:
    """Recordings: two with the same name, one that is measured, and others."""
    folder = tmp_path / "tapes"
    for number, name in enumerate(("a", "b", "c", "d", "deep/a", "e")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        recording(folder / f"{name}.wav", frequency=200 + 100 * number, seconds=0.05 + 0.01 * number)
    return folder


@pytest.fixture
def library(tmp_path: Path, tapes: Path) -> Path:
    """A library that holds them all; of b everything is done."""
    folder = tmp_path / "library"
    for incoming in assign(find_audio(tapes), folder):
        organize(incoming)
    done = Track(folder / "b")
    sha256 = audio_identity(done)["sha256"]
    record = StageRecord(ANALYZE.name, ANALYZE.version, ANALYZE.settings_hash(Settings()), sha256, 0.1)
    safe_update(done.info, {"lufs": -20.0}, stage=record)
    return folder


def plan(library: Path, source: Path | None, *stages: Stage) -> Plan:
    return make_plan(Request(source, stages or STAGES), library, Settings())


def told(made: Plan) -> tuple[object, ...]:
    """Return a plan, without the order of its tracks."""
    jobs = {(job.track.name, job.steps, job.incoming and job.incoming.source, job.force) for job in made.jobs}
    return jobs, sorted(made.done), made.failures, sorted(made.notes)


def both(library: Path, source: Path, monkeypatch: pytest.MonkeyPatch, *stages: Stage) -> Plan:
    """Return the plan for some recordings, after comparing it with that of a planner which never takes the short way."""
    short = plan(library, source, *stages)
    with monkeypatch.context() as patched:
        patched.setattr(sorting, "track_of", lambda _recording, _library: None)
        assert told(plan(library, source, *stages)) == told(short)
    return short


def test_what_is_there_is_planned_as_the_library_is(
    library: Path, tapes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = both(library, tapes, monkeypatch)
    assert told(made) == told(plan(library, None))
    assert made.done == ["b"]
    assert {job.track.name for job in made.jobs} == {"a", "a (2)", "c", "d", "e"}


def test_the_whole_library_is_asked_only_where_a_look_does_not_tell(
    library: Path, tapes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    real = Holdings.noted

    def noted(self: Holdings, recording: Recording) -> Track | None:
        asked.append(os.path.relpath(recording.path, tapes))
        return real(self, recording)

    monkeypatch.setattr(Holdings, "noted", noted)
    plan(library, tapes)
    assert asked == ["deep/a.wav"]
    shutil.rmtree(tapes / "deep")
    asked.clear()
    plan(library, tapes)
    assert asked == []


def test_known_moved_new_and_repeated_ones_together(
    library: Path, tapes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tapes / "c.wav").rename(tapes / "C again.wav")
    recording(tapes / "new.wav", frequency=1500, seconds=0.3)
    shutil.copyfile(tapes / "b.wav", tapes / "b once more.wav")
    os.utime(tapes / "e.wav", (1, 1))
    recording(tapes / "d.wav", frequency=1700, seconds=0.4)
    made = both(library, tapes, monkeypatch)
    steps = {job.track.name: (job.steps, job.incoming and job.incoming.source.name) for job in made.jobs}
    everything = ("organize", "analyze")
    assert steps == {
        "a": (("analyze",), None),
        "a (2)": (("analyze",), None),
        "c": (everything, "C again.wav"),
        "d (2)": (everything, "d.wav"),
        "e": (everything, "e.wav"),
        "new": (everything, "new.wav"),
    }
    assert made.done == ["b"]
    [note] = made.notes
    assert "b once more.wav has the same content as" in note


def test_without_organize_what_moved_is_not_noted(library: Path, tapes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tapes / "c.wav").rename(tapes / "C again.wav")
    made = both(library, tapes, monkeypatch, ANALYZE)
    assert {job.steps for job in made.jobs} == {("analyze",)}
    assert "c" in {job.track.name for job in made.jobs}


def test_a_track_that_cannot_be_planned_is_told_once(
    library: Path, tapes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Standing.steps

    def steps(self: Standing, track: Track) -> tuple[str, ...]:
        if track.name == "a":
            raise StoreError("It is gone.", "Somebody removed it.", "Put it back.")
        return real(self, track)

    monkeypatch.setattr(Standing, "steps", steps)
    made = plan(library, tapes)
    assert [failure.track for failure in made.failures] == ["a"]


def test_a_library_in_which_nothing_is_yet(tmp_path: Path, tapes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = both(tmp_path / "other", tapes, monkeypatch)
    assert {job.track.name for job in made.jobs} == {"a", "a (2)", "b", "c", "d", "e"}
    (tmp_path / "other").mkdir()
    assert told(both(tmp_path / "other", tapes, monkeypatch)) == told(made)
