"""The child process, with the real torch."""

import json
import os
import sys
from collections.abc import Callable
from typing import Any

import pytest

from small_dataset_audio.errors import EnvironmentFault
from small_dataset_audio.hardware.benchmark import child
from small_dataset_audio.hardware.benchmark.child import Worker, load_torch, main
from small_dataset_audio.hardware.benchmark.nursery import Nursery
from support.benchmark_child import environ

GIB = 2**30
BEGIN = {
    "do": "begin",
    "device": "cpu",
    "kind": "cpu",
    "threads": 1,
    "allowance": {"host_bytes": 64 * GIB, "headroom": 0.1, "limit_bytes": None},
}
PREPARE = {"do": "prepare", "workload": "autoencoder", "channels": 1, "samples": 400, "precision": "fp32"}
TRAIN = {"do": "train", "batch": 2, "steps": {"warmup": 1, "least": 2, "seconds": 0.0}}


@pytest.fixture
def threads() -> Any:  # noqa: ANN401 - a generator of nothing
    import torch

    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("threads")
def test_a_worker_describes_begins_prepares_trains_and_rates(monkeypatch: pytest.MonkeyPatch) -> None:
    from small_dataset_audio.hardware.benchmark.inside import meters

    # The line is drawn for processes of their own: a test process must be able to allocate.
    monkeypatch.setattr(meters, "_limit_data", lambda _: None)
    worker = Worker()
    assert worker.answer({"do": "fresh"}) == {"ok": {"pid": os.getpid()}}
    described = worker.answer({"do": "describe", "device": "cpu"})["ok"]
    assert described["device"]["id"] == "cpu"
    assert described["line"].startswith("Device: CPU")
    assert set(described["choice"]) == {"chosen", "why", "warning", "devices"}
    begun = worker.answer(BEGIN)["ok"]
    assert 0 < begun["budget_bytes"] <= 64 * GIB
    assert begun["free_bytes"] > 0
    assert worker.answer(PREPARE) == {"ok": {}}
    trained = worker.answer(TRAIN)["ok"]
    assert trained["ended"] == "ok"
    assert trained["steps"] == 3
    rated = worker.answer({"do": "rate", "rate": "copy", "least": 2, "seconds": 0.0})["ok"]
    assert len(rated["values"]) == 2
    json.dumps([described, begun, trained, rated])


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({"do": "describe", "device": "cuda:99"}, "error"),
        ({"do": "rate", "rate": "copy", "least": 1, "seconds": 0.0}, "failed"),
    ],
)
def test_what_goes_wrong_is_an_answer(request_: dict[str, Any], expected: str) -> None:
    answer = Worker().answer(request_)
    assert list(answer) == [expected]
    if expected == "error":
        assert answer["error"]["kind"] == "DeviceError"
        assert all(answer["error"][part] for part in ("what", "why", "fix"))


def test_a_rate_that_the_device_does_not_have_is_an_error_with_its_reason() -> None:
    worker = Worker()
    worker.answer({**BEGIN, "threads": __import__("torch").get_num_threads()})
    answer = worker.answer({"do": "rate", "rate": "host_to_device", "least": 1, "seconds": 0.0})
    assert answer["error"]["why"] == "the CPU works in the host's own memory"


def breaks(error: BaseException) -> Callable[[], None]:
    def load() -> None:
        raise error

    return load


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (EnvironmentFault("Torch is not installed.", "b", "c"), "error"),
        (RuntimeError("CUDA driver is broken"), "failed"),
        (MemoryError(), "failed"),
    ],
)
def test_a_torch_that_cannot_be_loaded_is_the_answer_to_everything(
    monkeypatch: pytest.MonkeyPatch, error: BaseException, expected: str
) -> None:
    monkeypatch.setattr(child, "import_torch", breaks(error))
    answer = load_torch()
    assert answer is not None
    assert list(answer) == [expected]


def test_loading_freezes_what_children_share(monkeypatch: pytest.MonkeyPatch) -> None:
    frozen: list[bool] = []
    monkeypatch.setattr(child.gc, "freeze", lambda: frozen.append(True))  # type: ignore[attr-defined]
    assert load_torch() is None
    assert frozen == [True]


class Pipe:
    """A channel that is fed by a test."""

    def __init__(self, *requests: dict[str, Any]) -> None:
        self.requests = list(requests)
        self.sent: list[dict[str, Any]] = []

    def receive(self) -> dict[str, Any] | None:
        return self.requests.pop(0) if self.requests else None

    def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)

    def end_with_parent(self) -> None:
        """Nobody ends."""


def test_serving_ends_when_it_is_told_to() -> None:
    pipe = Pipe({"do": "fresh"}, {"do": "end"}, {"do": "fresh"})
    child.serve(pipe, Worker())  # type: ignore[arg-type]
    assert len(pipe.sent) == 1


def test_a_process_that_cannot_load_says_so_every_time() -> None:
    pipe = Pipe({"do": "fresh"}, {"do": "fresh"})
    child.serve_forks(pipe, Worker, lambda: {"failed": "no torch"})  # type: ignore[arg-type]
    assert pipe.sent == [{"failed": "no torch"}] * 2


def test_main_serves_as_it_was_called(monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[str] = []
    monkeypatch.setattr(child, "Channel", Pipe)
    monkeypatch.setattr(child, "serve", lambda *_: served.append("one"))
    monkeypatch.setattr(child, "serve_forks", lambda *_: served.append("forks"))
    assert main([]) == 0
    assert main(["--forks"]) == 0
    monkeypatch.setattr(sys, "argv", ["child"])
    assert main() == 0
    assert served == ["one", "forks", "one"]


@pytest.mark.process
def test_a_real_child_that_is_not_forked_trains() -> None:
    with Nursery(forks=False, environ=environ()) as children:
        children.fresh(timeout=60)
        for request in (BEGIN, PREPARE):
            children.ask(request, timeout=60)
        trained = children.ask(TRAIN, timeout=60)
    assert trained["ended"] == "ok"
    assert trained["spare_bytes"] > 0


def test_a_request_that_nobody_read_makes_no_child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fork", lambda: pytest.fail("no child was wanted"))
    pipe = Pipe(TRAIN, {"do": "end"})
    child.serve_forks(pipe, Worker, lambda: None)  # type: ignore[arg-type]
    assert pipe.sent == []


@pytest.mark.parametrize(("peak", "platform", "expected"), [(7, "linux", 7 * 1024), (7, "darwin", 7)])
def test_the_kernels_unit_of_memory(monkeypatch: pytest.MonkeyPatch, peak: int, platform: str, expected: int) -> None:
    monkeypatch.setattr(child.sys, "platform", platform)  # type: ignore[attr-defined]
    assert child._bytes(peak) == expected
