"""Real architectures with random weights, loaded from what transformers saves, with the network switched off."""

import shutil
import socket
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

from small_dataset_audio.config.captions import Captions
from small_dataset_audio.errors import DeviceError, EnvironmentFault, ModelError
from small_dataset_audio.models.captioning import native
from small_dataset_audio.models.captioning.native import NativeModel
from support.caption_models import Kind, tiny_model

SOUND = 0.1 * np.random.default_rng(0).standard_normal(16000 * 31).astype(np.float32)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {kind: tiny_model(tmp_path_factory.mktemp(kind), kind) for kind in get_args(Kind)}


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        pytest.fail("the network was used")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.mark.parametrize("kind", get_args(Kind))
def test_a_model_hears_and_answers_the_same_every_time(
    kind: str, folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = NativeModel(folders[kind], Captions(), "cpu")
    assert model.seconds == {"audioflamingo3": 600, "musicflamingo": 1200}[kind]
    given: list[dict[str, Any]] = []
    generate = model._model.generate

    def watched(**inputs: Any) -> Any:  # noqa: ANN401 - a library without types
        given.append(inputs)
        return generate(**inputs)

    monkeypatch.setattr(model._model, "generate", watched)
    first = model.ask("What is it?", SOUND, 12)
    assert model.ask("What is it?", SOUND, 12) == first
    assert not first.complete
    assert given[0]["input_features"].shape[0] == 2  # windows of 30 s
    assert given[0]["do_sample"] is False
    model.ask("And without a sound?", None, 2)
    assert "input_features" not in given[-1]
    model.close()


def test_a_higher_temperature_draws_lots_in_the_same_way_every_time(folders: dict[str, Path]) -> None:
    model = NativeModel(folders["audioflamingo3"], Captions(temperature=1.5), "cpu")
    assert model.ask("What is it?", None, 12) == model.ask("What is it?", None, 12)
    calm = NativeModel(folders["audioflamingo3"], Captions(), "cpu")
    assert model.ask("What is it?", None, 12) != calm.ask("What is it?", None, 12)


def test_what_is_no_model_is_told(folders: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be loaded"):
        NativeModel(tmp_path, Captions(), "cpu")
    damaged = tmp_path / "damaged"
    shutil.copytree(folders["audioflamingo3"], damaged)
    (damaged / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(Exception, match=r"cannot be loaded|deserializing"):
        NativeModel(damaged, Captions(), "cpu")


@pytest.mark.parametrize(
    ("settings", "device", "build", "match"),
    [
        (Captions(weight_bits=4), "cpu", "cpu", "4 bits"),
        (Captions(weight_bits=8), "cuda:0", "rocm", "8 bits"),
        (Captions(attention="flash_attention_2"), "mps", "mac", "flash_attention_2"),
    ],
)
def test_what_a_device_cannot_do_is_refused(
    settings: Captions, device: str, build: str, match: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(native, "torch_build", lambda: build)
    with pytest.raises(DeviceError, match=match):
        NativeModel(tmp_path, settings, device)


@pytest.mark.parametrize("settings", [Captions(weight_bits=4), Captions(attention="flash_attention_2")])
def test_what_is_not_installed_is_told(settings: Captions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(module: str, _extra: str) -> None:
        raise EnvironmentFault(f"{module} is not installed.", "It is optional.", "Install it.")

    monkeypatch.setattr(native, "torch_build", lambda: "cuda")
    monkeypatch.setattr(native, "extra", missing)
    with pytest.raises(EnvironmentFault, match="is not installed"):
        NativeModel(tmp_path, settings, "cuda:0")
