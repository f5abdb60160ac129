"""BS-RoFormer from a description and weights as they are published: strict, and computed as the network does."""

import logging
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.errors import ModelError
from small_dataset_audio.hardware.runtime import import_torch
from small_dataset_audio.models.separation.engine import Separator
from small_dataset_audio.models.separation.opening import open_separator
from small_dataset_audio.models.separation.roformer import open_roformer
from support.separation_models import ROFORMER, installed, write_roformer
from support.signals import noise

FILES = ("tiny.ckpt", "tiny.yaml")
SOURCES = ("bass", "drums", "other", "vocals", "guitar", "piano")


@pytest.fixture(scope="module")
def settings_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("roformer")


@pytest.fixture(scope="module")
def separator(settings_folder: Path) -> Separator:
    return open_separator(installed(settings_folder / "installed", {"backend": "roformer"}), "cpu")


def test_the_published_form_opens(separator: Separator) -> None:
    network = separator.network
    assert (network.sources, network.rate, network.channels) == (SOURCES, 44100, 2)
    assert network.segment == 20480
    assert not network.normalise
    assert network.model == "bs_roformer_sw"


def test_a_piece_is_what_the_network_makes_of_it(separator: Separator) -> None:
    torch = import_torch()
    piece = noise(20480 / 44100, channels=2)[np.newaxis]
    with torch.inference_mode(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = separator.network.module(torch.from_numpy(piece)).numpy()
    np.testing.assert_array_equal(separator.network.apply(piece, 44100), expected)


def test_stems_are_as_long_as_the_mix_and_the_same_twice(separator: Separator) -> None:
    mix = Clip(noise(1.234, 48000), 48000)
    first = separator.separate(mix, "separating", None, [])
    again = separator.separate(mix, "separating", None, [])
    for source in SOURCES:
        assert first[source].shape == mix.samples.shape
        np.testing.assert_array_equal(first[source], again[source])


def test_a_piece_is_whole_hops_and_what_a_transform_loses_is_silent(tmp_path: Path) -> None:
    write_roformer(tmp_path, audio={"chunk_size": 20500, "sample_rate": 32000})
    network = open_roformer("tiny", tmp_path, FILES, "cpu", half=False)
    assert (network.segment, network.rate) == (20480, 32000)
    made = network.apply(noise(20500 / 44100, channels=2)[np.newaxis], 32000)
    assert made.shape == (1, 6, 2, 20500)
    assert not made[..., 20480:].any()


def test_a_network_of_one_channel(tmp_path: Path) -> None:
    write_roformer(tmp_path, model={**ROFORMER, "stereo": False}, stereo=False)
    network = open_roformer("tiny", tmp_path, FILES, "cpu", half=False)
    assert network.channels == 1


def test_normalising_and_chunks_in_the_other_section(tmp_path: Path) -> None:
    write_roformer(tmp_path, audio={}, inference={"normalize": True, "chunk_size": 30000})
    network = open_roformer("tiny", tmp_path, FILES, "cpu", half=False)
    assert network.normalise
    assert network.segment == 30000 // 512 * 512
    write_roformer(tmp_path, audio={}, inference={})
    network = open_roformer("tiny", tmp_path, FILES, "cpu", half=False)
    assert (network.segment, network.rate) == (588800, 44100)


def test_keys_without_effect_at_their_neutral_value_are_accepted(tmp_path: Path) -> None:
    neutral = {
        "linear_transformer_depth": 0,
        "mlp_expansion_factor": 4,
        "skip_connection": False,
        "use_torch_checkpoint": True,
    }
    write_roformer(tmp_path, model={**ROFORMER, **neutral})
    assert open_roformer("tiny", tmp_path, FILES, "cpu", half=False).sources == SOURCES


@pytest.mark.parametrize(
    ("model", "why"),
    [
        ({"skip_connection": True}, "skip_connection: True"),
        ({"mlp_expansion_factor": 2, "num_bands": 60}, "mlp_expansion_factor: 2, num_bands: 60"),
        ({"dpeth": 1}, "dpeth: 1"),
        ({"dim": "wide"}, "does not hold together"),
        ({"freqs_per_bands": [1, 2]}, "does not hold together"),
        ({"dim": 16}, "of another shape"),
        ({"depth": 2}, "missing"),
        ({"mask_estimator_depth": 1}, "unknown"),
        ({"stft_hop_length": 0}, "cannot be"),
        ({"stft_hop_length": "long"}, "whole number"),
    ],
)
def test_descriptions_of_another_network(tmp_path: Path, model: dict[str, Any], why: str) -> None:
    write_roformer(tmp_path, model={**ROFORMER, **model})
    with pytest.raises(ModelError) as caught:
        open_roformer("tiny", tmp_path, FILES, "cpu", half=False)
    assert why in str(caught.value)


@pytest.mark.parametrize(
    ("sections", "why"),
    [
        ({"training": {"instruments": "vocals"}}, "no list of names"),
        ({"training": {"instruments": ["a", 1]}}, "no list of names"),
        ({"training": {}}, "no list of names"),
        ({"training": {"instruments": ["a", "b"]}}, "names a, b for a network that makes 6 stems"),
        ({"training": {"instruments": ["a", "b"], "target_instrument": "a"}}, "names a for a network that makes 6"),
        ({"training": {"instruments": ["a", "A", "b", "c", "d", "e"]}}, "no names of stems"),
        ({"training": {"instruments": ["../a", "b", "c", "d", "e", "f"]}}, "no names of stems"),
        ({"training": None}, "section training"),
        ({"model": [1]}, "section model"),
        ({"audio": 5}, "section audio"),
        ({"audio": {"sample_rate": -1}}, "cannot be"),
        ({"audio": {"chunk_size": 100}}, "cannot be"),
    ],
)
def test_descriptions_that_do_not_fit(tmp_path: Path, sections: dict[str, Any], why: str) -> None:
    write_roformer(tmp_path, **{key: value for key, value in sections.items() if key != "model"})
    if "model" in sections:
        (tmp_path / "tiny.yaml").write_text("model: [1]\ntraining: {}\n")
    with pytest.raises(ModelError) as caught:
        open_roformer("tiny", tmp_path, FILES, "cpu", half=False)
    assert why in caught.value.why


@pytest.mark.parametrize(
    "text",
    [
        "- 1\n",
        "",
        "model: [",
        "model: !!python/object/apply:os.system ['true']\n",
        "model: !!python/name:os.system\n",
        "\x00",
    ],
)
def test_yaml_that_is_none_or_would_run_something(tmp_path: Path, text: str) -> None:
    write_roformer(tmp_path)
    (tmp_path / "tiny.yaml").write_text(text)
    with pytest.raises(ModelError, match="does not describe a BS-RoFormer"):
        open_roformer("tiny", tmp_path, FILES, "cpu", half=False)


def test_keys_that_mean_nothing_are_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_roformer(tmp_path, inference={"batch_size": 1, "denoise": True}, extras={})
    with caplog.at_level(logging.WARNING):
        open_roformer("tiny", tmp_path, FILES, "cpu", half=False)
    assert "extras, inference.denoise" in caplog.text


@pytest.mark.parametrize(
    "files", [("tiny.ckpt",), ("tiny.yaml",), ("a.ckpt", "b.ckpt", "c.yaml"), ("a.yaml", "b.yml", "c.ckpt")]
)
def test_one_description_and_one_file_of_weights_are_needed(tmp_path: Path, files: tuple[str, ...]) -> None:
    with pytest.raises(ModelError, match="does not describe"):
        open_roformer("tiny", tmp_path, files, "cpu", half=False)


def test_what_a_package_prints_stays_off_stdout(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    from small_dataset_audio.models.separation.running import loaded

    torch = import_torch()

    def build() -> object:
        sys.stdout.write("GPU detected")
        return torch.nn.Linear(1, 1)

    with caplog.at_level(logging.DEBUG, logger="small_dataset_audio"):
        loaded(build, torch.nn.Linear(1, 1).state_dict(), tmp_path / "a.ckpt", "cpu")
    assert capsys.readouterr().out == ""
    assert "GPU detected" in caplog.text
