"""A device that computes wrongly is found out, whatever it does wrong."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from small_dataset_audio.hardware.failures import first_line
from small_dataset_audio.hardware.runtime import import_torch
from small_dataset_audio.hardware.smoke import TOLERANCE, smoke_test
from support.hardware_torch import Card, Machine, fake_torch

SHAPES = {"matmul": (128, 128), "conv1d": (1, 8, 4088), "STFT": (257, 33, 2)}


def returning(name: str, make: Callable[[tuple[int, ...]], NDArray[Any]]) -> Callable[[str], NDArray[Any] | None]:
    """Return a fault: what is read after computation ``name`` is made from its shape."""
    return lambda computed: make(SHAPES[computed]) if computed == name else None


def test_a_good_device_passes() -> None:
    result = smoke_test("cuda:0", fake_torch(Machine(cards=(Card(),))))
    assert result.passed
    assert result.reason is None
    assert set(result.errors) == set(SHAPES)
    assert max(result.errors.values()) < 1e-5
    assert result.seconds > 0


@pytest.mark.parametrize("name", SHAPES)
def test_numbers_that_are_wrong_are_told(name: str) -> None:
    card = Card(fault=returning(name, lambda shape: np.zeros(shape, np.float32)))
    result = smoke_test("cuda:0", fake_torch(Machine(cards=(card,))))
    assert not result.passed
    assert result.reason == f"its {name} is wrong: it differs from the CPU's by 100.00%"
    assert result.errors[name] == pytest.approx(1)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_numbers_that_are_none_are_told(value: float) -> None:
    card = Card(fault=returning("conv1d", lambda shape: np.full(shape, value, np.float32)))
    result = smoke_test("cuda:0", fake_torch(Machine(cards=(card,))))
    assert not result.passed
    assert result.errors == {"matmul": result.errors["matmul"], "conv1d": np.inf}


def test_another_shape_is_wrong() -> None:
    card = Card(fault=returning("STFT", lambda shape: np.zeros(shape[:-1], np.float32)))
    assert not smoke_test("cuda:0", fake_torch(Machine(cards=(card,)))).passed


def test_an_error_of_the_driver_is_the_reason() -> None:
    def fault(computed: str) -> None:
        if computed == "conv1d":
            raise RuntimeError("CUDA error: no kernel image is available for execution on the device\nCompile with …")

    result = smoke_test("cuda:0", fake_torch(Machine(cards=(Card(fault=fault),))))
    assert not result.passed
    assert result.reason == "its conv1d failed: CUDA error: no kernel image is available for execution on the device"
    assert set(result.errors) == {"matmul"}


def test_the_first_line_of_an_error() -> None:
    assert first_line(RuntimeError("  one.\ntwo")) == "one"
    assert first_line(AssertionError()) == "AssertionError"


def test_the_cpu_of_this_machine_computes_rightly() -> None:
    torch = import_torch()
    state = torch.get_rng_state()
    result = smoke_test("cpu", torch)
    assert result.passed, result.reason
    assert max(result.errors.values()) < 1e-5 < TOLERANCE
    assert torch.equal(torch.get_rng_state(), state)


def test_a_device_that_torch_does_not_have_fails_in_words() -> None:
    result = smoke_test("cuda:99", import_torch())
    assert not result.passed
    assert result.reason is not None
    assert result.reason.startswith("its matmul failed: ")


def test_the_tests_own_torch_agrees_with_torch() -> None:
    card = Card()
    ours = smoke_test("cuda:0", fake_torch(Machine(cards=(card,))))
    theirs = smoke_test("cpu", import_torch())
    assert ours.errors.keys() == theirs.errors.keys()
