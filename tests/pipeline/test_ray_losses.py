"""What the engine makes of nodes and processes that are lost, each at the moment that a real cluster hits by chance only."""

import logging
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.errors import PipelineError
from small_dataset_audio.pipeline.cluster import engine as module
from small_dataset_audio.pipeline.cluster.engine import MOST_MOVES
from small_dataset_audio.pipeline.cluster.preflight import Preflight, prepared
from small_dataset_audio.pipeline.stage import Job
from small_dataset_audio.pipeline.worker import StepResult
from support.fake_cluster import BENCH, fit, opened, usual
from support.fake_ray import FakeRay, NodeDiedError, RayTaskError, Ref, WorkerCrashedError


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.05)


@pytest.fixture
def preflight(tmp_path: Path) -> Iterator[Preflight]:
    with prepared(BENCH, ("note",), tmp_path, None) as found:
        yield found


def carried_out(
    ray: FakeRay, preflight: Preflight, *names: str, steps: tuple[str, ...] = ("note",)
) -> dict[str, list[StepResult]]:
    found: dict[str, list[StepResult]] = {}
    engine = opened(ray, preflight)
    engine.gather()
    jobs = [Job(Track(Path("/library") / name), steps) for name in names]
    engine.run(jobs, lambda one: found.setdefault(one.job.track.name, []).append(one), Event())
    return found


def test_a_process_that_dies_once_costs_nothing_and_twice_the_track(preflight: Preflight) -> None:
    deaths: Counter[str] = Counter()

    def outcome(ref: Ref) -> object:
        if ref.name == "perform":
            name = ref.arguments[1].track.name
            deaths[name] += 1
            if name == "deadly" or (name == "unlucky" and deaths[name] == 1):
                raise WorkerCrashedError
        return usual(ref)

    found = carried_out(FakeRay(["a"], outcome), preflight, "deadly", "unlucky", "fine")
    assert {name: [one.failure is None for one in results] for name, results in found.items()} == {
        "deadly": [False],
        "unlucky": [True],
        "fine": [True],
    }
    failure = found["deadly"][0].failure
    assert failure is not None
    assert "died" in failure.what
    assert deaths == {"deadly": 2, "unlucky": 2, "fine": 1}


def test_a_track_is_not_to_blame_for_nodes_that_leave(preflight: Preflight) -> None:
    left: list[str] = []

    def outcome(ref: Ref) -> object:
        if ref.name == "perform" and len(left) < 5:
            left.append(ref.node)
            raise NodeDiedError
        return usual(ref)

    found = carried_out(FakeRay(["a", "b"], outcome), preflight, "one", "two")
    assert [[one.failure for one in results] for results in found.values()] == [[None], [None]]
    assert len(left) == 5


def test_a_node_that_does_not_answer_after_a_loss_is_gone_and_its_step_goes_elsewhere(preflight: Preflight) -> None:
    ray = FakeRay(["a", "b"], usual)
    lost: list[Ref] = []

    def outcome(ref: Ref) -> object:
        if ref.node == "a" and ref.name == "perform":
            lost.append(ref)
            raise WorkerCrashedError
        if ref.node == "a" and lost:
            ray.names = ["b"]
            raise NodeDiedError
        return usual(ref)

    ray.outcome = outcome
    found = carried_out(ray, preflight, "one", "two", "three")
    assert sorted(found) == ["one", "three", "two"]
    assert all(one.failure is None and one.node == "b" for results in found.values() for one in results)
    assert len(lost) == 1


def test_a_track_that_takes_node_after_node_with_it_is_given_up(preflight: Preflight) -> None:
    def outcome(ref: Ref) -> object:
        if ref.name == "perform" and ref.arguments[1].track.name == "fatal":
            raise NodeDiedError
        return usual(ref)

    ray = FakeRay(["a", "b"], outcome)
    found = carried_out(ray, preflight, "fatal", "fine")
    assert found["fatal"][0].failure is not None
    assert found["fine"][0].failure is None
    assert sum(ref.name == "perform" and ref.arguments[1].track.name == "fatal" for ref in ray.called) == MOST_MOVES


def test_an_error_outside_of_the_stage_is_a_failure_of_the_track(preflight: Preflight) -> None:
    def outcome(ref: Ref) -> object:
        if ref.name == "perform":
            raise RayTaskError(ModuleNotFoundError("No module named 'mine'"))
        return usual(ref)

    [result] = carried_out(FakeRay(["a"], outcome), preflight, "one")["one"]
    assert result.failure is not None
    assert result.failure.why == "ModuleNotFoundError: No module named 'mine'"
    assert result.trace is not None
    assert "Traceback of the node" in result.trace


def test_a_holder_that_dies_with_its_step_is_made_anew(preflight: Preflight) -> None:
    died: list[Ref] = []

    def outcome(ref: Ref) -> object:
        if ref.name == "perform" and ref.arguments[0] == "accelerated" and not died:
            died.append(ref)
            raise WorkerCrashedError
        return usual(ref)

    found = carried_out(FakeRay(["a"], outcome), preflight, "one", steps=("note", "accelerated"))
    assert [one.stage for one in found["one"]] == ["note", "accelerated"]


def test_a_node_that_joins_and_cannot_take_part_is_named_and_left_out(
    preflight: Preflight, caplog: pytest.LogCaptureFixture
) -> None:
    ray = FakeRay(["a"], usual)

    def outcome(ref: Ref) -> object:
        if ref.name == "perform":
            ray.names = ["a", "strange", "other"]
        if ref.node == "other":
            raise RayTaskError(ImportError("no sda"))
        return {**fit(ref), "version": "0.0.1"} if ref.node == "strange" else usual(ref)

    ray.outcome = outcome
    with caplog.at_level(logging.WARNING, "small_dataset_audio"):
        found = carried_out(ray, preflight, "one", "two", "three", "four")
    assert all(one.node == "a" for results in found.values() for one in results)
    assert "The node strange cannot take part in this run. It has sda 0.0.1" in caplog.text
    assert "This sda does not run there: ImportError: no sda" in caplog.text


def test_without_a_node_the_run_says_so_and_waits_for_one(
    preflight: Preflight, caplog: pytest.LogCaptureFixture
) -> None:
    ray = FakeRay(["a"], usual)
    looked: list[int] = []

    def outcome(ref: Ref) -> object:
        if ref.name == "perform" and ref.node == "a":
            ray.names = []
            raise NodeDiedError
        return usual(ref)

    def nodes() -> list[dict[str, Any]]:
        looked.append(1)
        if len(looked) > 6:
            ray.names = ["b"]
        return FakeRay.nodes(ray)

    ray.outcome = outcome
    ray.nodes = nodes  # type: ignore[method-assign]
    with caplog.at_level(logging.WARNING, "small_dataset_audio"):
        found = carried_out(ray, preflight, "one")
    assert [one.node for one in found["one"]] == ["b"]
    assert caplog.text.count("waiting for one to join") == 1


def test_nodes_that_leave_and_join_are_told_to_the_user_and_to_the_run_log(
    preflight: Preflight, caplog: pytest.LogCaptureFixture
) -> None:
    ray = FakeRay(["a", "b"], usual)

    def outcome(ref: Ref) -> object:
        if ref.name == "perform" and ref.node == "b":
            ray.names = ["a", "c"]
            raise NodeDiedError
        return usual(ref)

    ray.outcome = outcome
    engine = opened(ray, preflight)
    noted: list[str] = []
    engine.note = noted.append
    engine.gather()
    assert noted == [], "what is there at the beginning is no news"
    results: list[StepResult] = []
    jobs = [Job(Track(Path("/library") / name), ("note",)) for name in "123456"]
    with caplog.at_level(logging.WARNING, "small_dataset_audio"):
        engine.run(jobs, results.append, Event())
    assert sorted(one.job.track.name for one in results) == list("123456")
    assert sorted(sentence.split(":")[0] for sentence in noted) == [
        "The node b has left the cluster",
        "The node c has joined the cluster.",
    ]
    assert all(sentence in caplog.text for sentence in noted)


def test_at_the_beginning_every_node_must_be_able_to_take_part(preflight: Preflight) -> None:
    def outcome(ref: Ref) -> object:
        return {**fit(ref), "probe": None} if ref.node == "b" else usual(ref)

    with pytest.raises(PipelineError) as caught:
        opened(FakeRay(["a", "b"], outcome), preflight).gather()
    assert caught.value.what == "The node b cannot take part in this run."


def test_a_node_that_does_not_answer_at_the_beginning_is_named(preflight: Preflight) -> None:
    with pytest.raises(PipelineError) as caught:
        opened(FakeRay(["a", "mute"], usual, silent={"mute"}), preflight).gather()
    assert caught.value.what.startswith("mute did not answer")


def test_a_cluster_without_nodes_is_an_error(preflight: Preflight) -> None:
    with pytest.raises(PipelineError, match="anything to work with"):
        opened(FakeRay([], usual), preflight).gather()


def test_a_fault_of_the_driver_ends_what_is_at_work(preflight: Preflight) -> None:
    ray = FakeRay(["a", "b"], usual)
    engine = opened(ray, preflight)
    engine.gather()

    def sink(_result: StepResult) -> None:
        ray.silent = {"a", "b"}
        raise KeyboardInterrupt

    jobs = [Job(Track(Path("/library") / name), (step,)) for name, step in (("a", "note"), ("b", "accelerated"))]
    jobs += [Job(Track(Path("/library") / f"{number}"), ("note",)) for number in range(4)]
    with pytest.raises(KeyboardInterrupt):
        engine.run(jobs, sink, Event())
    assert len(ray.cancelled) >= 1
