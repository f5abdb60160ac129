"""The reference workload is what the documents say it is."""

from types import ModuleType

import pytest

from small_dataset_audio.errors import UsageError
from small_dataset_audio.hardware.benchmark import workloads
from small_dataset_audio.hardware.benchmark.workloads import autoencoder, names, workload
from small_dataset_audio.hardware.runtime import import_torch


@pytest.fixture(scope="module")
def torch() -> ModuleType:
    return import_torch()


@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("samples", [1, 159, 160, 1000, 4801])
def test_sound_comes_out_in_the_shape_in_which_it_went_in(torch: ModuleType, channels: int, samples: int) -> None:
    model = autoencoder.build(torch, channels)
    assert model(torch.zeros(2, channels, samples)).shape == (2, channels, samples)


@pytest.mark.parametrize("channels", [1, 2])
def test_the_number_of_weights_is_as_stated(torch: ModuleType, channels: int) -> None:
    model = autoencoder.build(torch, channels)
    assert sum(weight.numel() for weight in model.parameters()) == workload("autoencoder").parameters(channels)


@pytest.mark.parametrize(("channels", "samples"), [(1, 4800), (2, 4410), (1, 100)])
def test_the_operations_of_a_step_are_as_torch_counts_them(torch: ModuleType, channels: int, samples: int) -> None:
    from torch.utils.flop_counter import FlopCounterMode

    model = autoencoder.build(torch, channels)
    sound = torch.randn(2, channels, samples)
    with FlopCounterMode(display=False) as counter:
        (model(sound) - sound).abs().mean().backward()
    assert counter.get_total_flops() == 2 * workload("autoencoder").flops(channels, samples)


def test_the_numbers_in_the_documents() -> None:
    reference = workload("autoencoder")
    assert reference.parameters(1) == 281_393
    assert reference.flops(1, 48000) == 2_465_280_000
    assert autoencoder.HOP == 160


def test_workloads_are_found_by_their_file() -> None:
    assert names() == ["autoencoder"]
    with pytest.raises(UsageError, match="autoencoder"):
        workload("transformer")


def test_a_file_without_a_workload_is_a_fault_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(autoencoder, "WORKLOAD", "nothing")
    with pytest.raises(TypeError, match="str"):
        workloads.workload("autoencoder")
