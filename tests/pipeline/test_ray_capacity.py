"""How much the engine takes on, of whatever there is to do, and what it waits for."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any, cast

import pytest

from small_dataset_audio.config.model import Settings
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.errors import PipelineError
from small_dataset_audio.pipeline.agenda import LOOK_AHEAD
from small_dataset_audio.pipeline.cluster import opening
from small_dataset_audio.pipeline.cluster.preflight import Preflight, prepared
from small_dataset_audio.pipeline.stage import Bench, Job
from small_dataset_audio.pipeline.worker import StepResult
from support.fake_cluster import BENCH, opened, usual
from support.fake_ray import FakeRay
from support.fake_stages import REGISTRY

if TYPE_CHECKING:
    from types import ModuleType

ON_GPUS = Bench(Settings(), "cuda:0", REGISTRY)


@pytest.fixture
def preflight(tmp_path: Path) -> Iterator[Preflight]:
    with prepared(BENCH, ("note",), tmp_path, None) as found:
        yield found


@dataclass
class Plan:
    """A plan that counts what is taken of it before how much is done."""

    length: int
    stage: str
    taken: int = 0
    done: int = 0
    ahead: int = 0

    def jobs(self) -> Iterator[Job]:
        for number in range(self.length):
            self.taken += 1
            yield Job(Track(Path("/library") / str(number)), (self.stage,))

    def sink(self, _result: StepResult) -> None:
        self.done += 1
        self.ahead = max(self.ahead, self.taken - self.done)


def carried_out(ray: FakeRay, preflight: Preflight, plan: Plan, bench: Bench = BENCH) -> None:
    engine = opened(ray, preflight, bench)
    engine.gather()
    engine.run(plan.jobs(), plan.sink, Event())
    assert plan.taken == plan.done == plan.length


def test_of_a_large_plan_as_much_is_in_flight_as_there_are_processors_and_little_is_taken_ahead(
    preflight: Preflight,
) -> None:
    ray, plan = FakeRay(["a", "b", "c"], usual), Plan(20_000, "note")
    carried_out(ray, preflight, plan)
    assert ray.most_open == 3
    assert plan.ahead <= LOOK_AHEAD + 3, "those among which one for an accelerator was looked for"


def test_where_only_models_are_left_to_wait_for_a_bounded_part_of_the_plan_is_laid_aside(preflight: Preflight) -> None:
    ray, plan = FakeRay(["a"], usual, gpus=1.0), Plan(3 * LOOK_AHEAD, "accelerated")
    carried_out(ray, preflight, plan, ON_GPUS)
    assert ray.most_open == 1
    assert plan.ahead <= LOOK_AHEAD + 1
    assert ray.holders == [("a", 1)], "one process for the GPU, from the first track to the last"


def test_every_gpu_has_one_process_of_its_own_to_the_end(preflight: Preflight) -> None:
    ray = FakeRay(["a", "b"], usual, gpus=2.0)
    carried_out(ray, preflight, Plan(40, "accelerated"), ON_GPUS)
    assert sorted(ray.holders) == [("a", 1), ("a", 1), ("b", 1), ("b", 1)]
    assert ray.most_open == 4


def test_a_cluster_whose_first_node_takes_its_time_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(opening, "LOOK_SECONDS", 0.0)
    ray = FakeRay([], usual)
    looked: list[int] = []

    def nodes() -> list[dict[str, Any]]:
        looked.append(1)
        ray.names = ["late"] if len(looked) > 3 else []
        return FakeRay.nodes(ray)

    ray.nodes = nodes  # type: ignore[method-assign]
    with caplog.at_level(logging.WARNING, "small_dataset_audio"):
        [node] = opening.joined(cast("ModuleType", ray))
    assert node.name == "late"
    assert caplog.text.count("waiting for one to join") == 1


def test_a_cluster_that_no_node_joins_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(opening, "JOIN_SECONDS", 0.0)
    with pytest.raises(PipelineError, match="anything to work with"):
        opening.joined(cast("ModuleType", FakeRay([], usual)))
