from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnxruntime
import pytest

from small_dataset_audio.errors import MissingWeights, ModelError
from small_dataset_audio.models.classification.network import Network
from support.tiny_onnx import Shape, head, network, node, write

WEIGHTS = np.array([[0.0, 0.1], [0.2, 0.3], [0.4, 0.5]], dtype=np.float32)
STATE = onnxruntime.capi.onnxruntime_pybind11_state


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write(tmp_path / "head.onnx", head(WEIGHTS))


def test_outputs_are_chosen_by_name_and_come_in_the_order_asked_for(path: Path) -> None:
    examples = np.random.default_rng(0).standard_normal((5, 3)).astype(np.float32)
    logits = examples @ WEIGHTS
    probabilities = 1 / (1 + np.exp(-logits))
    opened = Network(path, "cpu", {"activations": 2, "logits": 2})
    assert opened.providers == ["CPUExecutionProvider"]
    for expected, answer in zip((probabilities, logits), opened(examples), strict=True):
        np.testing.assert_allclose(answer, expected, atol=1e-6)
    [answer] = Network(path, "cpu", {"activations": 2})(examples)
    np.testing.assert_allclose(answer, probabilities, atol=1e-6)


def test_the_same_examples_give_the_same_bits(path: Path) -> None:
    examples = np.random.default_rng(1).standard_normal((7, 3)).astype(np.float32)
    first, second = (Network(path, "cpu", {"activations": 2})(examples)[0] for _ in range(2))
    assert first.tobytes() == second.tobytes()


@pytest.mark.parametrize(
    ("outputs", "why"),
    [
        ({"embeddings": 2}, "It gives logits, activations, but no embeddings"),
        ({"activations": 400}, "2 values instead of 400"),
    ],
)
def test_a_network_with_other_outputs_is_refused(path: Path, outputs: dict[str, int], why: str) -> None:
    with pytest.raises(ModelError) as caught:
        Network(path, "cpu", outputs)
    assert why in caught.value.why
    assert "sda models pull" in caught.value.fix


def test_a_network_with_two_inputs_is_refused(tmp_path: Path) -> None:
    content = network(
        [node("Add", ["a", "b"], "activations")], {}, {"a": ["n", 2], "b": ["n", 2]}, {"activations": ["n", 2]}
    )
    with pytest.raises(ModelError, match="not what the model") as caught:
        Network(write(tmp_path / "two.onnx", content), "cpu", {"activations": 2})
    assert "2 inputs" in caught.value.why


def test_missing_and_damaged_files_are_errors(path: Path, tmp_path: Path) -> None:
    with pytest.raises(MissingWeights):
        Network(tmp_path / "none.onnx", "cpu", {"activations": 2})
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(ModelError):
        Network(path, "cpu", {"activations": 2})


def tiny(path: Path, operator: str, shape: Shape) -> Path:
    """A network of one operation, which claims an output of ``shape``."""
    content = network(
        [node(operator, ["examples"], "activations")], {}, {"examples": ["n", "m"]}, {"activations": shape}
    )
    return write(path, content)


def test_answers_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    opened = Network(tiny(tmp_path / "log.onnx", "Log", ["n", "m"]), "cpu", {"activations": 2})
    with pytest.raises(ModelError) as caught:
        opened(np.zeros((1, 2), dtype=np.float32))
    assert "not finite" in caught.value.why


def test_answers_of_another_shape_are_refused(tmp_path: Path) -> None:
    opened = Network(tiny(tmp_path / "same.onnx", "Identity", ["n", "m"]), "cpu", {"activations": 3})
    with pytest.raises(ModelError) as caught:
        opened(np.zeros((4, 2), dtype=np.float32))
    assert "(4, 2) instead of (4, 3)" in caught.value.why


def test_examples_of_another_shape_are_refused(path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        Network(path, "cpu", {"activations": 2})(np.zeros((4, 7), dtype=np.float32))
    assert "onnxruntime says" in caught.value.why


@pytest.mark.parametrize(
    "said",
    [
        "BFCArena::AllocateRawInternal Failed to allocate memory for requested buffer of size 4294967296",
        "CUDA failure 2: out of memory ; GPU=0",
    ],
)
@pytest.mark.parametrize("kind", [STATE.RuntimeException, STATE.Fail])
def test_memory_that_runs_out_in_onnxruntime_is_told_as_such(
    path: Path, monkeypatch: pytest.MonkeyPatch, said: str, kind: type[Exception]
) -> None:
    opened = Network(path, "cpu", {"activations": 2})

    def run(*_arguments: object) -> None:
        raise kind(said)

    monkeypatch.setattr(opened, "_session", SimpleNamespace(run=run))
    with pytest.raises(MemoryError, match="memory"):
        opened(np.zeros((1, 3), dtype=np.float32))
