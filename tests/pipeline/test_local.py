from pathlib import Path
from threading import Event

import pytest

from small_dataset_audio.config.model import Settings
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.pipeline.local import LocalEngine
from small_dataset_audio.pipeline.stage import Bench, Job
from small_dataset_audio.pipeline.worker import StepResult
from support.fake_stages import REGISTRY, notes

pytestmark = pytest.mark.process


def jobs_for(folder: Path, names: list[str], steps: tuple[str, ...]) -> list[Job]:
    made = []
    for name in names:
        (folder / name).mkdir()
        made.append(Job(Track(folder / name), steps))
    return made


def run(jobs: list[Job], workers: int = 2, stop: Event | None = None) -> list[StepResult]:
    results: list[StepResult] = []
    engine = LocalEngine(Bench(Settings(), "cuda:7", REGISTRY), workers)
    engine.run(jobs, results.append, stop or Event(), lambda folder: Job(Track(folder), ("note",)))
    return results


def test_every_step_of_every_job_is_carried_out_in_order_and_each_stage_opens_once_per_worker(tmp_path: Path) -> None:
    jobs = jobs_for(tmp_path, ["a", "b", "c", "d"], ("note", "again"))
    results = run(jobs)
    assert sorted((r.job.track.name, r.stage) for r in results) == sorted(
        (name, step) for name in "abcd" for step in ("note", "again")
    )
    assert all(r.failure is None and r.absent == (("bpm", "nothing was heard"),) for r in results)
    processes: set[str] = set()
    for job in jobs:
        written = [line.split() for line in notes(job.track.folder)]
        assert [stage for stage, _ in written] == ["note", "again"]
        processes.update(opened for _, opened in written)
    assert 1 <= len(processes) <= 2


def test_accelerated_steps_share_one_process_that_knows_the_device(tmp_path: Path) -> None:
    jobs = jobs_for(tmp_path, ["a", "b", "c"], ("note", "accelerated", "again"))
    run(jobs)
    owners = {tuple(notes(job.track.folder)[1].split()[1:]) for job in jobs}
    assert len(owners) == 1
    assert next(iter(owners))[1] == "cuda:7"
    assert all(len(notes(job.track.folder)) == 3 for job in jobs)


def test_processor_and_accelerator_are_at_work_at_the_same_time(tmp_path: Path) -> None:
    jobs = [*jobs_for(tmp_path, ["a"], ("accelerated meet",)), *jobs_for(tmp_path, ["b"], ("meet",))]
    results = run(jobs, workers=1)
    assert [one.failure for one in results] == [None, None]
    assert {one.stage: one.accelerated for one in results} == {"meet": False, "accelerated meet": True}


def test_a_failure_ends_its_track_alone_and_says_why(tmp_path: Path) -> None:
    jobs = [
        *jobs_for(tmp_path, ["refused"], ("refuse", "note")),
        *jobs_for(tmp_path, ["faulty"], ("fault", "note")),
        *jobs_for(tmp_path, ["huge"], ("memory", "note")),
        *jobs_for(tmp_path, ["fine"], ("note",)),
    ]
    results = {result.job.track.name: result for result in run(jobs)}
    assert results["refused"].failure is not None
    assert results["refused"].failure.why == "It always is."
    assert results["faulty"].failure is not None
    assert "ValueError: a fault in faulty" in results["faulty"].failure.why
    assert results["faulty"].trace is not None
    assert "support/fake_stages.py" in results["faulty"].trace
    assert results["huge"].failure is not None
    assert "--workers 1" in results["huge"].failure.fix
    assert results["fine"].failure is None
    assert notes(tmp_path / "refused") == []


def test_a_killed_worker_costs_only_the_track_that_killed_it(tmp_path: Path) -> None:
    names = ["a", "deadly 1", "b", "c", "deadly 2", "d", "e"]
    results = run(jobs_for(tmp_path, names, ("die",)))
    outcome = {result.job.track.name: result.failure for result in results}
    assert set(outcome) == set(names)
    assert len(results) == len(names)
    for name in names:
        if name.startswith("deadly"):
            failure = outcome[name]
            assert failure is not None
            assert "died" in failure.what
        else:
            assert outcome[name] is None
            assert "survived" in notes(tmp_path / name)


def test_stop_finishes_what_is_in_flight_and_starts_nothing_new(tmp_path: Path) -> None:
    stop = Event()
    jobs = jobs_for(tmp_path, [f"{i}" for i in range(6)], ("slow", "note"))
    results: list[StepResult] = []

    def sink(result: StepResult) -> None:
        results.append(result)
        stop.set()

    LocalEngine(Bench(Settings(), None, REGISTRY), 2).run(jobs, sink, stop)
    begun = [job for job in jobs if notes(job.track.folder)]
    assert 1 <= len(begun) <= 3
    assert all("ended" in notes(job.track.folder) for job in begun)
    assert len(results) == len(begun)


def test_tracks_that_a_stage_makes_become_jobs(tmp_path: Path) -> None:
    results = run(jobs_for(tmp_path, ["whole"], ("split", "note")))
    assert sorted((r.job.track.name, r.stage) for r in results) == [
        ("whole", "note"),
        ("whole", "split"),
        ("whole part 1", "note"),
        ("whole part 2", "note"),
    ]


def test_an_error_in_the_sink_ends_the_engine_and_its_processes(tmp_path: Path) -> None:
    def sink(_result: StepResult) -> None:
        raise RuntimeError("the run log's disk is full")

    engine = LocalEngine(Bench(Settings(), None, REGISTRY), 2)
    with pytest.raises(RuntimeError, match="disk is full"):
        engine.run(jobs_for(tmp_path, ["a", "b", "c"], ("slow",)), sink, Event())


def test_without_follow_up_new_tracks_are_left_alone(tmp_path: Path) -> None:
    results: list[StepResult] = []
    engine = LocalEngine(Bench(Settings(), None, REGISTRY), 1)
    engine.run(jobs_for(tmp_path, ["whole"], ("split",)), results.append, Event())
    assert [result.stage for result in results] == ["split"]
