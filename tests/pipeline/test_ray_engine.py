import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

from small_dataset_audio.config.model import Settings
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.pipeline import agenda
from small_dataset_audio.pipeline.cluster.opening import cluster_engine
from small_dataset_audio.pipeline.stage import Job
from small_dataset_audio.pipeline.worker import StepResult
from support.fake_stages import REGISTRY, notes
from support.ray_cluster import Machines, Node, machines

pytest.importorskip("ray")
pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def cluster() -> Iterator[Machines]:
    with machines() as found:
        found.add()
        found.add()
        yield found


def jobs_for(folder: Path, names: list[str], steps: tuple[str, ...]) -> list[Job]:
    for name in names:
        (folder / name).mkdir()
    return [Job(Track(folder / name), steps) for name in names]


def settings_for(cluster: Machines, **hardware: object) -> Settings:
    return Settings.model_validate({"pipeline": {"address": cluster.address}, "hardware": hardware})


def run(cluster: Machines, folder: Path, jobs: list[Job], stop: Event | None = None) -> list[StepResult]:
    results: list[StepResult] = []
    names = sorted({step for job in jobs for step in job.steps})
    with cluster_engine(settings_for(cluster), names, folder, registry=REGISTRY) as engine:
        engine.run(jobs, results.append, stop or Event(), lambda made: Job(Track(made), ("note",)))
    assert not list(folder.glob(".sda-*"))
    return results


def test_every_step_is_carried_out_in_order_on_both_nodes_and_a_stage_opens_once_per_worker(
    cluster: Machines, tmp_path: Path
) -> None:
    jobs = jobs_for(tmp_path, list("abcdef"), ("slow", "note", "again"))
    results = run(cluster, tmp_path, jobs)
    assert sorted((one.job.track.name, one.stage) for one in results) == sorted(
        (name, step) for name in "abcdef" for step in ("slow", "note", "again")
    )
    assert all(one.failure is None and one.node for one in results)
    for job in jobs:
        assert [line.split()[0] for line in notes(job.track.folder)] == ["begun", "ended", "note", "again"]
    processes = {line.split()[1] for job in jobs for line in notes(job.track.folder)[2:]}
    assert 1 <= len(processes) <= 2


def test_accelerated_steps_share_one_process_on_each_node_that_keeps_what_it_opened(
    cluster: Machines, tmp_path: Path
) -> None:
    jobs = jobs_for(tmp_path, list("abcdef"), ("note", "accelerated", "again"))
    run(cluster, tmp_path, jobs)
    owners = {tuple(notes(job.track.folder)[1].split()[1:]) for job in jobs}
    assert 1 <= len(owners) <= 2
    assert {device for _, device in owners} == {"cpu"}
    assert all(len(notes(job.track.folder)) == 3 for job in jobs)


def test_on_a_cluster_with_gpus_models_run_where_these_are(cluster: Machines, tmp_path: Path) -> None:
    node = cluster.add(processors=1, gpus=1)
    try:
        jobs = jobs_for(tmp_path, list("abc"), ("note", "accelerated"))
        run(cluster, tmp_path, jobs)
    finally:
        cluster.kill(node)
    owners = {tuple(notes(job.track.folder)[1].split()[1:]) for job in jobs}
    assert [device for _, device in owners] == ["cuda:0"]


def test_memory_that_runs_out_on_a_gpu_halves_the_batch_once_and_then_costs_that_track_alone(
    cluster: Machines, tmp_path: Path
) -> None:
    node = cluster.add(processors=1, gpus=1)
    try:
        results = run(cluster, tmp_path, jobs_for(tmp_path, ["first", "hopeless", "later", "last"], ("hungry",)))
    finally:
        cluster.kill(node)
    outcome = {one.job.track.name: one for one in results}
    assert [name for name, one in outcome.items() if one.failure is not None] == ["hopeless"]
    failure = outcome["hopeless"].failure
    assert failure is not None
    assert failure.what == "Memory ran out while hearing hopeless."
    assert len({one.worker for one in results}) == 1, "the process that holds the GPU lives on"
    assert [one.job.track.name for one in results if any("halved" in said for said in one.warnings)] == ["first"]


def test_a_failure_ends_its_track_alone_and_says_why(cluster: Machines, tmp_path: Path) -> None:
    jobs = [
        *jobs_for(tmp_path, ["refused"], ("refuse", "note")),
        *jobs_for(tmp_path, ["faulty"], ("fault", "note")),
        *jobs_for(tmp_path, ["huge"], ("memory", "note")),
        *jobs_for(tmp_path, ["fine"], ("note",)),
    ]
    results = {one.job.track.name: one for one in run(cluster, tmp_path, jobs)}
    assert results["refused"].failure is not None
    assert results["refused"].failure.why == "It always is."
    assert results["faulty"].failure is not None
    assert "ValueError: a fault in faulty" in results["faulty"].failure.why
    assert results["huge"].failure is not None
    assert results["fine"].failure is None
    assert notes(tmp_path / "refused") == []


def test_a_killed_worker_costs_only_the_track_that_killed_it_and_ray_says_nothing(
    cluster: Machines, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    names = ["a", "deadly 1", "b", "c", "deadly 2", "d", "e"]
    results = run(cluster, tmp_path, jobs_for(tmp_path, names, ("die",)))
    outcome = {one.job.track.name: one.failure for one in results}
    assert set(outcome) == set(names)
    assert len(results) == len(names)
    for name in names:
        failure = outcome[name]
        assert (failure is not None and "died" in failure.what) == name.startswith("deadly")
        assert failure is not None or notes(tmp_path / name) == ["survived"]
    time.sleep(0.5)  # what Ray has to say comes from a thread of its own
    assert capfd.readouterr() == ("", "")


def test_a_holder_that_dies_is_replaced(cluster: Machines, tmp_path: Path) -> None:
    jobs = jobs_for(tmp_path, ["a", "deadly", "b"], ("note", "die on accelerator"))
    outcome = {one.job.track.name: one.failure for one in run(cluster, tmp_path, jobs) if one.stage != "note"}
    assert [name for name, failure in outcome.items() if failure is not None] == ["deadly"]


def test_nodes_leave_and_join_in_the_middle_and_every_track_is_done(cluster: Machines, tmp_path: Path) -> None:
    leaving = cluster.add()
    names = [f"{number:02}" for number in range(24)]
    jobs = jobs_for(tmp_path, names, ("slow", "note"))
    joined: list[Node] = []
    results: list[StepResult] = []

    def sink(result: StepResult) -> None:
        results.append(result)
        if len(results) == 4:
            cluster.kill(leaving)
        if len(results) == 8:
            joined.append(cluster.add())

    with cluster_engine(settings_for(cluster), ["slow", "note"], tmp_path, registry=REGISTRY) as engine:
        assert engine.width == 3
        engine.run(jobs, sink, Event())
    cluster.kill(joined[0])
    assert all(one.failure is None for one in results)
    assert sorted(one.job.track.name for one in results if one.stage == "note") == names
    assert all(notes(tmp_path / name)[-2] == "ended" for name in names)


def test_stop_finishes_what_is_in_flight_and_starts_nothing_new(cluster: Machines, tmp_path: Path) -> None:
    stop = Event()
    jobs = jobs_for(tmp_path, [f"{i}" for i in range(6)], ("slow", "note"))
    results: list[StepResult] = []

    def sink(result: StepResult) -> None:
        results.append(result)
        stop.set()

    with cluster_engine(settings_for(cluster), ["slow", "note"], tmp_path, registry=REGISTRY) as engine:
        engine.run(jobs, sink, stop)
    begun = [job for job in jobs if notes(job.track.folder)]
    assert 1 <= len(begun) <= 3
    assert all("ended" in notes(job.track.folder) for job in begun)
    assert len(results) == len(begun)


def test_jobs_are_taken_as_there_is_room_for_them(
    cluster: Machines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agenda, "LOOK_AHEAD", 3)
    taken: list[str] = []
    done: list[str] = []
    ahead: list[int] = []

    def source() -> Iterator[Job]:
        for job in jobs_for(tmp_path, [f"{i:02}" for i in range(12)], ("note",)):
            taken.append(job.track.name)
            yield job

    def sink(result: StepResult) -> None:
        done.append(result.job.track.name)
        ahead.append(len(taken) - len(done))

    with cluster_engine(settings_for(cluster), ["note"], tmp_path, workers=2, registry=REGISTRY) as engine:
        engine.run(source(), sink, Event())
    assert len(done) == 12
    assert engine.width == 2
    assert max(ahead) <= 3 + 2


def test_tracks_that_a_stage_makes_become_jobs(cluster: Machines, tmp_path: Path) -> None:
    results = run(cluster, tmp_path, jobs_for(tmp_path, ["whole"], ("split", "note")))
    assert sorted((one.job.track.name, one.stage) for one in results) == [
        ("whole", "note"),
        ("whole", "split"),
        ("whole part 1", "note"),
        ("whole part 2", "note"),
    ]


def test_an_error_in_the_sink_ends_the_engine(cluster: Machines, tmp_path: Path) -> None:
    def sink(_result: StepResult) -> None:
        raise RuntimeError("the run log's disk is full")

    jobs = jobs_for(tmp_path, ["a", "b", "c"], ("slow",))
    with (
        cluster_engine(settings_for(cluster), ["slow"], tmp_path, registry=REGISTRY) as engine,
        pytest.raises(RuntimeError, match="disk is full"),
    ):
        engine.run(jobs, sink, Event())
