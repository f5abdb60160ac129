import json
import logging
import socket
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.errors import EnvironmentFault, MissingWeights, ModelError
from small_dataset_audio.features.catalog import BY_NAME
from small_dataset_audio.hardware.oom import OutOfMemory
from small_dataset_audio.models import aesthetics, registry
from small_dataset_audio.models.aesthetics import AXES, RATE, WINDOW, Aesthetics, open_aesthetics
from small_dataset_audio.models.store import Store
from support.signals import Signal, noise, silence, tone
from support.tiny_aesthetics import DESCRIPTION, MODEL, TRANSFORM, aesthetics_model, shrink, tiny_network


@pytest.fixture(scope="module", autouse=True)
def _small() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        shrink(patch)
        yield
    torch.set_num_threads(threads)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return aesthetics_model(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def judge(models: Store) -> Aesthetics:
    return open_aesthetics(models)


def theirs(tmp_path: Path, samples: Signal, rate: int) -> dict[str, float]:
    """What the library's own predictor says, with the same weights from a checkpoint as its authors publish it."""
    infer = pytest.importorskip("audiobox_aesthetics.infer")
    path = tmp_path / "checkpoint.pt"
    torch.save(
        {
            "state_dict": {f"model.{name}": value for name, value in tiny_network().state_dict().items()},
            "model_cfg": DESCRIPTION,
            "target_transform": TRANSFORM,
        },
        path,
    )
    predictor = infer.initialize_predictor(str(path))
    [scores] = predictor.forward([{"path": torch.from_numpy(samples), "sample_rate": rate}])
    return dict(scores)


def mixed(seconds: float, rate: int = RATE, channels: int = 2) -> Signal:
    """Noise, then a tone: windows that differ."""
    half = seconds / 2
    return np.concatenate([noise(half, rate, channels=channels), tone(half, rate, channels=channels)], axis=1)


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning", "ignore:Using .TqdmExperimental")
def test_the_scores_are_those_of_the_librarys_own_predictor(judge: Aesthetics, tmp_path: Path) -> None:
    for seconds, windows in ((3.0, 1), (10.0, 1), (20.0, 2), (34.5, 4)):
        samples = mixed(seconds)
        expected = theirs(tmp_path, samples, RATE)
        scores = judge(Clip(samples, RATE))
        assert scores.windows == windows
        for axis, name in AXES.items():
            assert scores.values[name] == pytest.approx(expected[axis], abs=2e-4)


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning", "ignore:Using .TqdmExperimental")
def test_another_rate_gives_nearly_the_same_scores(judge: Aesthetics, tmp_path: Path) -> None:
    samples = mixed(12, 44100)
    expected = theirs(tmp_path, samples, 44100)
    scores = judge(Clip(samples, 44100))
    for axis, name in AXES.items():
        assert scores.values[name] == pytest.approx(expected[axis], abs=0.05)


def test_the_last_window_counts_as_much_as_it_holds(judge: Aesthetics) -> None:
    samples = mixed(25)
    parts = [judge(Clip(samples[:, start : start + WINDOW], RATE)).values for start in (0, WINDOW, 2 * WINDOW)]
    whole = judge(Clip(samples, RATE)).values
    for name in AXES.values():
        expected = np.average([part[name] for part in parts], weights=[1.0, 1.0, 0.5])
        assert whole[name] == pytest.approx(expected, abs=1e-4)


def test_the_axes_are_the_catalogs_numbers() -> None:
    assert set(AXES.values()) == {feature.name for feature in BY_NAME.values() if feature.stage == "aesthetics"}
    assert registry.models()[MODEL].extra == "aesthetics"
    assert {file.name for file in registry.models()[MODEL].files} == {"model.safetensors", "config.json"}


def test_a_second_run_gives_the_same_to_the_last_bit(models: Store, judge: Aesthetics) -> None:
    clip = Clip(mixed(12), RATE)
    assert judge(clip) == open_aesthetics(models)(clip)


def test_silence_has_no_scores(judge: Aesthetics) -> None:
    for clip in (Clip(silence(3), 44100), Clip(np.zeros((1, 1), dtype=np.float32), 96000)):
        scores = judge(clip)
        assert not scores.values
        assert set(scores.absent) == set(AXES.values())
        assert "silent" in scores.absent["production_quality"]


def test_memory_that_runs_out_halves_the_batch(
    models: Store, judge: Aesthetics, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    clip = Clip(mixed(24), RATE)
    usual = judge(clip)
    limited = open_aesthetics(models)
    network = limited._network

    def run(batch: dict[str, torch.Tensor]) -> object:
        if batch["wav"].shape[0] > 1:
            raise torch.OutOfMemoryError("MPS backend out of memory")
        return network(batch)

    monkeypatch.setattr(limited, "_network", run)
    with caplog.at_level(logging.WARNING):
        scores = limited(clip)
    assert scores.values == pytest.approx(dict(usual.values), abs=1e-4)
    assert "from 2 to 1" in scores.warnings[0]
    monkeypatch.setattr(limited, "_network", lambda _batch: (_ for _ in ()).throw(MemoryError("none left")))
    with pytest.raises(OutOfMemory, match="judging"):
        limited(clip)


def test_scores_that_are_no_numbers_are_refused(models: Store) -> None:
    broken = open_aesthetics(models)
    for parameter in broken._network.parameters():
        parameter.data.fill_(float("nan"))
    with pytest.raises(ModelError) as caught:
        broken(Clip(noise(1), RATE))
    assert "not finite" in caught.value.why


def altered(folder: Path, models: Store, description: object = None, **changes: object) -> Store:
    """The model with another description, or a description with changes."""
    text = json.dumps({**DESCRIPTION, **changes} if description is None else description)
    return aesthetics_model(folder, models.path(MODEL, "model.safetensors").read_bytes(), text.encode())


@pytest.mark.parametrize(
    ("description", "why"),
    [
        ({}, "no mean and std for CE"),
        ({"target_transform": {**TRANSFORM, "PQ": {"mean": 1}}}, "no mean and std for PQ"),
        ({"target_transform": {**TRANSFORM, "PC": {"mean": "x", "std": 1}}}, "no mean and std for PC"),
        ({"target_transform": {**TRANSFORM, "CU": {"mean": 1, "std": 0}}}, "not the numbers of a scale"),
        ({"target_transform": TRANSFORM, "precision": "8"}, "cannot build it"),
        ({"target_transform": TRANSFORM, "proj_num_layer": 2, "proj_act_fn": "relu"}, "cannot build it"),
    ],
)
def test_a_description_that_does_not_fit_is_refused(
    tmp_path: Path, models: Store, description: object, why: str
) -> None:
    with pytest.raises(ModelError) as caught:
        open_aesthetics(altered(tmp_path, models, description))
    assert why in caught.value.why
    assert "sda models pull" in caught.value.fix


def test_what_the_library_does_not_know_is_passed_over(tmp_path: Path, models: Store, judge: Aesthetics) -> None:
    clip = Clip(noise(1), RATE)
    assert open_aesthetics(altered(tmp_path, models, added="later"))(clip) == judge(clip)


def test_weights_of_another_size_are_refused(tmp_path: Path, models: Store) -> None:
    with pytest.raises(ModelError) as caught:
        open_aesthetics(altered(tmp_path, models, proj_num_layer=3))
    assert "proj_layer.CE" in caught.value.why


def test_weights_with_a_part_missing_or_too_many_are_refused(tmp_path: Path, models: Store) -> None:
    tensors = load_file(models.path(MODEL, "model.safetensors"))
    fewer = save({name: value for name, value in tensors.items() if name != "layer_weights.CE"})
    with pytest.raises(ModelError, match=r"model\.safetensors") as caught:
        open_aesthetics(aesthetics_model(tmp_path / "fewer", fewer))
    assert "layer_weights.CE" in caught.value.why
    with pytest.raises(ModelError) as caught:
        open_aesthetics(aesthetics_model(tmp_path / "more", save({**tensors, "more": torch.zeros(1)})))
    assert "more" in caught.value.why


def test_missing_weights_are_an_error_and_nothing_is_fetched(tmp_path: Path, models: Store) -> None:
    store = altered(tmp_path, models)
    store.path(MODEL, "model.safetensors").unlink()
    with pytest.raises(MissingWeights, match=MODEL):
        open_aesthetics(store)


def test_a_missing_library_is_told_with_the_way_to_get_it(models: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aesthetics, "LIBRARY", "audiobox_that_is_not_there")
    with pytest.raises(EnvironmentFault) as caught:
        open_aesthetics(models)
    assert "--extra aesthetics" in caught.value.fix
