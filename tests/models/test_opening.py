"""Opening weights: what is in them is read, what could run is refused."""

import fractions
import io
import logging
import os
import pickle
import struct
import zipfile
from collections import OrderedDict
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file

from small_dataset_audio.errors import EnvironmentFault, MissingWeights, ModelError, StoreError
from small_dataset_audio.models import opening
from small_dataset_audio.models.opening import checkpoint, extra, onnx_session, state_dict
from support.tiny_onnx import network, node, write

WEIGHTS = {"a.weight": torch.arange(6.0).reshape(2, 3), "b.bias": torch.tensor([1, 2])}


class Evil:
    """Runs a command wherever it is unpickled without care."""

    def __init__(self, witness: Path) -> None:
        self.witness = witness

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch {self.witness}",)


def doubling(path: Path) -> Path:
    """Return a network that doubles what comes in."""
    return write(path, network([node("Add", ["x", "x"], "y")], {}, {"x": ["n", 2]}, {"y": ["n", 2]}))


def same(found: dict[str, torch.Tensor]) -> bool:
    return set(found) == set(WEIGHTS) and all(torch.equal(found[name], WEIGHTS[name]) for name in WEIGHTS)


def test_safetensors_whatever_the_file_is_called(tmp_path: Path) -> None:
    for name in ("a.safetensors", "a.ckpt", "weights"):
        save_file(WEIGHTS, tmp_path / name)
        assert same(state_dict(tmp_path / name))


@pytest.mark.parametrize(
    "content",
    [
        WEIGHTS,
        OrderedDict(WEIGHTS),
        {"state_dict": WEIGHTS, "hyper_parameters": {"depth": 3, "names": ["x"]}, "epoch": 7},
        {"state": WEIGHTS, "other": None},
        {"model": WEIGHTS},
        {"state_dict": 3, "model": WEIGHTS},
    ],
)
@pytest.mark.parametrize("zipped", [True, False])
def test_checkpoints(tmp_path: Path, content: object, *, zipped: bool) -> None:
    path = tmp_path / "a.ckpt"
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    assert same(state_dict(path))


def test_what_stands_beside_the_weights(tmp_path: Path) -> None:
    torch.save({"state_dict": WEIGHTS, "hyper_parameters": {"depth": 3}}, tmp_path / "a.ckpt")
    assert checkpoint(tmp_path / "a.ckpt")["hyper_parameters"] == {"depth": 3}


@pytest.mark.parametrize("zipped", [True, False])
def test_a_pickle_that_would_run_something_is_refused(tmp_path: Path, *, zipped: bool) -> None:
    witness = tmp_path / "ran"
    path = tmp_path / "evil.ckpt"
    torch.save({"state_dict": WEIGHTS, "extra": Evil(witness)}, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(ModelError, match="hold more than numbers") as caught:
        state_dict(path)
    assert "safetensors" in caught.value.fix
    assert not witness.exists()
    torch.load(path, weights_only=False)
    assert witness.exists()  # what was refused was a real attack


@pytest.mark.parametrize("protocol", [0, 1, 2, 4])
def test_a_bare_pickle_that_would_run_something_is_refused(tmp_path: Path, protocol: int) -> None:
    witness = tmp_path / "ran"
    path = tmp_path / "evil.pkl"
    path.write_bytes(pickle.dumps({"a": Evil(witness)}, protocol=protocol))
    with pytest.raises(ModelError):
        checkpoint(path)
    assert not witness.exists()


def test_a_zip_with_a_hostile_pickle_is_refused(tmp_path: Path) -> None:
    witness = tmp_path / "ran"
    path = tmp_path / "evil.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Evil(witness), protocol=2))
        archive.writestr("archive/version", "3\n")
    with pytest.raises(ModelError):
        checkpoint(path)
    assert not witness.exists()


def test_classes_that_the_caller_vouches_for(tmp_path: Path) -> None:
    path = tmp_path / "a.th"
    torch.save({"state": WEIGHTS, "segment": fractions.Fraction(39, 5)}, path)
    with pytest.raises(ModelError, match="hold more than numbers"):
        state_dict(path)
    assert same(state_dict(path, classes=[fractions.Fraction]))
    with pytest.raises(ModelError, match="hold more than numbers"):
        state_dict(path)  # it was for that one time


@pytest.mark.parametrize(
    "content",
    [b"", b"<html>not found</html>", b"\x80\x02", b"PK\x03\x04", struct.pack("<Q", 2) + b"{}", b"\0" * 100,
     struct.pack("<Q", 10**9) + b"{" + b" " * 50, struct.pack("<Q", 40) + b'{"a": 1}' + b" " * 60],
)  # fmt: skip
def test_what_is_no_file_of_weights(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.ckpt"
    path.write_bytes(content)
    with pytest.raises(ModelError):
        state_dict(path)


def test_a_checkpoint_that_is_cut_short(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    torch.save(WEIGHTS, buffer, _use_new_zipfile_serialization=False)
    for size in range(2, len(buffer.getvalue()), 97):
        (tmp_path / "a.ckpt").write_bytes(buffer.getvalue()[:size])
        with pytest.raises(ModelError):
            state_dict(tmp_path / "a.ckpt")


def test_a_checkpoint_of_something_else(tmp_path: Path) -> None:
    torch.save([1, 2], tmp_path / "list.ckpt")
    with pytest.raises(ModelError, match="it holds a list"):
        state_dict(tmp_path / "list.ckpt")
    torch.save({"a": 1}, tmp_path / "number.ckpt")
    with pytest.raises(ModelError, match="holds no weights"):
        state_dict(tmp_path / "number.ckpt")


def test_what_is_not_there_or_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(MissingWeights, match="are not there"):
        state_dict(tmp_path / "missing.ckpt")
    with pytest.raises(StoreError):
        state_dict(tmp_path)


@given(st.binary(max_size=200))
def test_no_bytes_run_or_crash(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / "a.ckpt"
    path.write_bytes(content)
    with pytest.raises(ModelError):
        state_dict(path)


def test_an_extra_that_is_there() -> None:
    assert extra("safetensors.torch", "separation").__name__ == "safetensors.torch"


@pytest.mark.parametrize("module", ["no_such_package", "no_such_package.inside"])
def test_an_extra_that_is_not_installed(module: str) -> None:
    with pytest.raises(EnvironmentFault) as caught:
        extra(module, "labels")
    assert caught.value.what == "The optional part labels of sda is not installed."
    assert "no_such_package" in caught.value.why
    assert "uv sync --extra labels" in caught.value.fix
    assert '"small-dataset-audio[labels]"' in caught.value.fix


def test_an_extra_that_is_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_package.py").write_text("import something_that_it_needs\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(EnvironmentFault, match="not usable"):
        extra("broken_package", "beats")


def test_a_network_runs_on_the_cpu(tmp_path: Path) -> None:
    import numpy as np

    path = doubling(tmp_path / "double.onnx")
    session = onnx_session(path, threads=2)
    assert session.get_providers() == ["CPUExecutionProvider"]
    (doubled,) = session.run(None, {"x": np.array([[1.0, 2.5]], np.float32)})
    assert doubled.tolist() == [[2.0, 5.0]]


def test_a_device_that_onnxruntime_cannot_use_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = doubling(tmp_path / "double.onnx")
    with caplog.at_level(logging.WARNING):
        assert onnx_session(path, "mps").get_providers() == ["CPUExecutionProvider"]
    assert "cannot use mps here, so double.onnx runs on the CPU" in caplog.text
    caplog.clear()
    onnx_session(path, "cpu")
    assert caplog.text == ""


@pytest.mark.parametrize(
    ("device", "available", "wanted"),
    [
        ("cpu", ["CUDAExecutionProvider"], ["CPUExecutionProvider"]),
        ("cuda:1", ["CUDAExecutionProvider"], [("CUDAExecutionProvider", {"device_id": "1"}), "CPUExecutionProvider"]),
        ("cuda", ["CUDAExecutionProvider"], ["CUDAExecutionProvider", "CPUExecutionProvider"]),
        (
            "cuda:0",
            ["ROCMExecutionProvider", "MIGraphXExecutionProvider"],
            [
                ("MIGraphXExecutionProvider", {"device_id": "0"}),
                ("ROCMExecutionProvider", {"device_id": "0"}),
                "CPUExecutionProvider",
            ],
        ),
        ("mps", ["CoreMLExecutionProvider"], ["CoreMLExecutionProvider", "CPUExecutionProvider"]),
    ],
)
def test_what_runs_a_network_follows_from_the_device(device: str, available: list[str], wanted: list[object]) -> None:
    runtime = SimpleNamespace(get_available_providers=lambda: [*available, "CPUExecutionProvider"])
    assert opening._providers(runtime, device) == wanted  # type: ignore[arg-type]


def test_what_is_no_network(tmp_path: Path) -> None:
    with pytest.raises(MissingWeights):
        onnx_session(tmp_path / "missing.onnx")
    for content in (b"", b"<html>", os.urandom(1000)):
        (tmp_path / "bad.onnx").write_bytes(content)
        with pytest.raises(ModelError, match="damaged"):
            onnx_session(tmp_path / "bad.onnx")


def test_the_libraries_of_models_report_to_nobody_unless_the_user_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ORT_DISABLE_TELEMETRY", raising=False)
    monkeypatch.setenv("DO_NOT_TRACK", "0")
    extra("json", "labels")
    assert os.environ["ORT_DISABLE_TELEMETRY"] == "1"
    assert os.environ["DO_NOT_TRACK"] == "0"
