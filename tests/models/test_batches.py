import logging

import pytest
import torch

from small_dataset_audio.hardware.oom import OutOfMemory
from small_dataset_audio.models.batches import Batches


class Model:
    """Sums its examples; takes only so many at once."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.asked: list[int] = []

    def __call__(self, examples: list[int]) -> int:
        self.asked.append(len(examples))
        if len(examples) > self.most:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return sum(examples)


def test_examples_are_taken_batch_by_batch() -> None:
    model, said = Model(4), list[str]()
    batches = Batches(4, "cpu")
    assert list(batches.run("adding", range(10), model, said)) == [6, 22, 17]
    assert model.asked == [4, 4, 2]
    assert said == []
    assert list(batches.run("adding", [], model, said)) == []


def test_a_batch_that_does_not_fit_is_halved_once_and_stays_so(caplog: pytest.LogCaptureFixture) -> None:
    model, said = Model(2), list[str]()
    batches = Batches(4, "cuda:0")
    with caplog.at_level(logging.WARNING):
        assert list(batches.run("adding", range(6), model, said)) == [1, 5, 9]
    assert model.asked == [4, 2, 2, 2]
    assert said == ["Memory ran out while adding: the batch was halved, from 4 to 2."]
    assert caplog.messages == said
    assert list(batches.run("adding", range(2), model, said)) == [1]
    assert batches.size == 2
    assert len(said) == 1


def test_half_a_batch_that_does_not_fit_either_is_an_error_with_advice() -> None:
    model, said = Model(1), list[str]()
    with pytest.raises(OutOfMemory) as caught:
        list(Batches(4, "cuda:0").run("adding", range(4), model, said))
    assert model.asked == [4, 2]
    assert "adding" in caught.value.what
    assert "cuda:0" in caught.value.why
    assert "from 2 to 1" in caught.value.fix
    assert len(said) == 1


def test_memory_that_runs_out_a_second_time_later_is_an_error() -> None:
    model, said = Model(2), list[str]()
    running = Batches(4, "cpu").run("adding", range(8), model, said)
    assert [next(running), next(running)] == [1, 5]
    model.most = 1
    with pytest.raises(OutOfMemory):
        next(running)


def test_one_example_cannot_be_halved() -> None:
    said: list[str] = []
    with pytest.raises(OutOfMemory):
        list(Batches(4, "cpu").run("adding", [1], Model(0), said))
    assert said == []


def test_other_faults_pass_through() -> None:
    def broken(_examples: list[int]) -> int:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        list(Batches(4, "cpu").run("adding", [1], broken, []))
