"""Demucs from safetensors files: as its own package computes it, and nothing but Demucs."""

import json
import logging
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.errors import ModelError
from small_dataset_audio.hardware.runtime import import_torch
from small_dataset_audio.models.separation import demucs as backend
from small_dataset_audio.models.separation.demucs import open_demucs
from small_dataset_audio.models.separation.engine import Separator
from small_dataset_audio.models.separation.opening import open_separator
from support.separation_models import FOUR, SEGMENT, SIGNATURES, SIX, installed, write_demucs
from support.signals import noise


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


def opened(folder: Path, model: str) -> tuple[Separator, Path]:
    settings = installed(folder / model, {"backend": "demucs", "demucs_model": model})
    return open_separator(settings, "cpu"), settings.paths.models / model


def of_the_package(model: str, home: Path, mix: np.ndarray) -> dict[str, np.ndarray]:
    """Return the stems that the package demucs makes, in its own way of applying a model."""
    torch = import_torch()
    from demucs import __file__ as package
    from demucs.apply import BagOfModels, apply_model
    from demucs.hf import load_safetensors_model

    bag = import_module("yaml").safe_load((Path(package).parent / "remote" / f"{model}.yaml").read_text())
    members = [load_safetensors_model(home / f"{name}.safetensors") for name in bag["models"]]
    network = BagOfModels(members, bag.get("weights"), bag.get("segment")).eval()
    sound = torch.from_numpy(mix)
    mono = sound.mean(0)
    level = mono.std() + 1e-8
    made = apply_model(network, ((sound - mono.mean()) / level)[None], shifts=0, split=True, overlap=0.25)[0] * level
    return {source: made[index].numpy() for index, source in enumerate(network.sources)}


@pytest.mark.parametrize("model", list(SIGNATURES))
def test_stems_are_those_of_the_package_itself(folder: Path, model: str) -> None:
    separator, home = opened(folder, model)
    assert separator.network.sources == (SIX if model.endswith("6s") else FOUR)
    assert separator.network.segment == int(SEGMENT * 44100)
    mix = noise(1.3, channels=2)
    stems = separator.separate(Clip(mix, 44100), "separating", None, [])
    expected = of_the_package(model, home, mix)
    assert set(stems) == set(expected)
    for source, stem in stems.items():
        np.testing.assert_allclose(stem, expected[source], atol=1e-6)
    again = separator.separate(Clip(mix, 44100), "separating", None, [])
    for source, stem in stems.items():
        np.testing.assert_array_equal(again[source], stem)


def test_a_bag_takes_each_stem_from_the_network_that_was_tuned_for_it(folder: Path) -> None:
    home = folder / "bag"
    home.mkdir()
    for seed, name in enumerate(SIGNATURES["htdemucs_ft"]):
        write_demucs(home / f"{name}.safetensors", seed=seed)
    torch = import_torch()
    piece = noise(float(SEGMENT), channels=2)[np.newaxis]
    network = open_demucs("htdemucs_ft", home, "cpu", half=False)
    made = network.apply(piece, 44100)
    for index, member in enumerate(network.module):
        with torch.inference_mode():
            alone = member(torch.from_numpy(piece)).numpy()
        np.testing.assert_array_equal(made[:, index], alone[:, index])


def test_half_precision_is_close_and_not_the_same(folder: Path) -> None:
    home = folder / "half"
    home.mkdir()
    write_demucs(home / "955717e8.safetensors")
    piece = noise(float(SEGMENT), channels=2)[np.newaxis]
    exact = open_demucs("htdemucs", home, "cpu", half=False).apply(piece, 44100)
    half = open_demucs("htdemucs", home, "cpu", half=True).apply(piece, 44100)
    error = float(np.sqrt(np.mean((half - exact) ** 2) / np.mean(exact**2)))
    assert half.dtype == np.float32
    assert 0 < error < 0.03


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"klass": "os.system"}, "'os.system'"),
        ({"klass": "demucs.htdemucs.DConv"}, "builds only demucs.htdemucs.HTDemucs"),
        ({"klass": ""}, "no network"),
        ({"kwargs": "{"}, "cannot be used"),
        ({"kwargs": "[]"}, "cannot be used"),
        ({"args": "[1, 2, 3]", "kwargs": json.dumps({"sources": []})}, "cannot be used"),
        (
            {
                "kwargs": json.dumps(
                    {"sources": ["a"], "segment": {"_type": "fraction", "numerator": 1, "denominator": 0}}
                )
            },
            "used",
        ),
        ({"kwargs": json.dumps({"sources": ["a"], "segment": {"_type": "fraction"}})}, "used"),
        (
            {"kwargs": json.dumps({"sources": list(FOUR), "channels": 8, "kernel_size": "wide"})},
            "does not hold together",
        ),
        ({"kwargs": json.dumps({"sources": list(FOUR), "channels": 16, "bottom_channels": 8})}, "of another shape"),
        ({"kwargs": json.dumps({"sources": list(FOUR), "channels": 8})}, "unknown"),
    ],
)
def test_headers_that_describe_something_else(tmp_path: Path, changes: dict[str, str], why: str) -> None:
    write_demucs(tmp_path / "955717e8.safetensors", FOUR, 0, **changes)
    with pytest.raises(ModelError) as caught:
        open_demucs("htdemucs", tmp_path, "cpu", half=False)
    assert why in str(caught.value)


def test_arguments_of_old_training_code_are_left_out_and_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    arguments = {"sources": list(FOUR), "channels": 8, "t_layers": 1, "t_heads": 1, "depth": 4, "bottom_channels": 8}
    segment = {"_type": "fraction", "numerator": 1, "denominator": 2}
    write_demucs(tmp_path / "955717e8.safetensors", kwargs=json.dumps({**arguments, "segment": segment, "t_old": [1]}))
    with caplog.at_level(logging.WARNING):
        assert open_demucs("htdemucs", tmp_path, "cpu", half=False).sources == FOUR
    assert "t_old" in caplog.text


def test_a_pickle_is_no_demucs_file(tmp_path: Path) -> None:
    torch = import_torch()
    torch.save({"weight": torch.zeros(1)}, tmp_path / "955717e8.safetensors")
    with pytest.raises(ModelError, match="cannot be used as Demucs"):
        open_demucs("htdemucs", tmp_path, "cpu", half=False)


def test_the_networks_of_a_bag_must_belong_together(tmp_path: Path) -> None:
    names = SIGNATURES["htdemucs_ft"]
    for name in names[:3]:
        write_demucs(tmp_path / f"{name}.safetensors")
    write_demucs(tmp_path / f"{names[3]}.safetensors", SIX)
    with pytest.raises(ModelError, match="cannot be used as Demucs"):
        open_demucs("htdemucs_ft", tmp_path, "cpu", half=False)


def test_a_bag_for_other_stems_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_demucs(tmp_path / "one.safetensors")
    monkeypatch.setattr(backend, "_bag", lambda _: (["one"], [[1.0, 0.0]]))
    with pytest.raises(ModelError) as caught:
        open_demucs("htdemucs", tmp_path, "cpu", half=False)
    assert "(1, 2) weights" in caught.value.why


def test_a_model_that_the_package_does_not_know(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="does not know htdemucs_9s"):
        open_demucs("htdemucs_9s", tmp_path, "cpu", half=False)


def test_a_list_in_a_header_is_decoded_through() -> None:
    fraction: dict[str, Any] = {"_type": "fraction", "numerator": 39, "denominator": 5}
    assert backend._decoded([fraction, {"a": fraction}, 1]) == [Fraction(39, 5), {"a": Fraction(39, 5)}, 1]
