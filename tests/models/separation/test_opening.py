"""From the settings to a backend: which one, how many pieces at once, and what is refused."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from small_dataset_audio.config.model import Settings
from small_dataset_audio.errors import ConfigError, MissingWeights, ModelError
from small_dataset_audio.models.separation import opening
from small_dataset_audio.models.separation.network import Estimates, Examples, Network
from small_dataset_audio.models.separation.opening import _batch, free_memory, model_name, open_separator
from support.separation_models import installed, write_roformer
from support.tiny_models import tiny_store

GIB = 2**30


@pytest.mark.parametrize(
    ("separation", "name"),
    [
        ({}, "htdemucs"),
        ({"demucs_model": "htdemucs_6s"}, "htdemucs_6s"),
        ({"backend": "roformer"}, "bs_roformer_sw"),
        ({"backend": "roformer", "roformer_model": "mine"}, "mine"),
        ({"backend": "dsp"}, None),
    ],
)
def test_which_model(separation: dict[str, str], name: str | None) -> None:
    assert model_name(Settings.model_validate({"separation": separation})) == name


def test_the_embedded_backend_needs_nothing() -> None:
    separator = open_separator(Settings.model_validate({"separation": {"backend": "dsp"}}), "cuda:0")
    assert separator.network.backend == "dsp"
    assert (separator.network.device, separator.batches.size, separator.batches.device) == ("cpu", 1, "cpu")


def test_weights_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(MissingWeights, match="htdemucs"):
        open_separator(Settings.model_validate({"paths": {"models": tmp_path}}), "cpu")


def test_half_precision_is_for_cuda(tmp_path: Path) -> None:
    settings = installed(tmp_path, {"backend": "demucs", "half_precision": True})
    for device in ("cpu", "mps"):
        with pytest.raises(ConfigError, match=f"device {device} cannot separate in 16 bits"):
            open_separator(settings, device)


def test_a_model_that_lacks_a_stem_is_refused(tmp_path: Path) -> None:
    weights, described = write_roformer(tmp_path, instruments=("vocals", "other"))
    store = tiny_store(tmp_path / "store", {"duo": {weights.name: weights, described.name: described}})
    settings = Settings.model_validate(
        {
            "paths": {"models": store.folder},
            "models": {"registry": store.own},
            "separation": {"backend": "roformer", "roformer_model": "duo"},
        }
    )
    with pytest.raises(ModelError) as caught:
        open_separator(settings, "cpu")
    assert "It makes vocals, other; bass, drums would be missing." in caught.value.why


def network(device: str, apply: Callable[[Examples, int], Estimates]) -> Network:
    return Network("demucs", "fake", ("a",), 44100, 2, 1000, 0.25, normalise=False, apply=apply, device=device)


def silent(examples: Examples, _rate: int) -> Estimates:
    assert examples.shape == (1, 2, 1000)
    return np.zeros((1, 1, 2, 1000), dtype=np.float32)


def card(free: float, *, used: float = 0.0, reserved: float = 0.0, need: float = 1.0) -> SimpleNamespace:
    """Return a stand-in for torch with a card of which so many GiB are free, used, and held."""
    return SimpleNamespace(
        cuda=SimpleNamespace(
            mem_get_info=lambda _: (int(free * GIB), 80 * GIB),
            memory_allocated=lambda _: int(used * GIB),
            memory_reserved=lambda _: int(reserved * GIB),
            max_memory_allocated=lambda _: int((used + need) * GIB),
            reset_peak_memory_stats=lambda _: None,
        )
    )


@pytest.mark.parametrize(
    ("free", "need", "limit", "expected"),
    [(80, 1, None, 8), (4, 1, None, 3), (1, 2, None, 1), (80, 1, 4.0, 2), (80, 1, 0.5, 1), (80, 0, None, 8)],
)
def test_as_many_pieces_as_the_first_shows_to_fit(
    monkeypatch: pytest.MonkeyPatch, free: float, need: float, limit: float | None, expected: int
) -> None:
    monkeypatch.setattr(opening, "import_torch", lambda: card(free, used=1, reserved=1, need=need))
    settings = Settings.model_validate({"hardware": {"memory_limit_gb": limit}})
    assert _batch(settings, network("cuda:0", silent)) == expected


@pytest.mark.parametrize("device", ["cpu", "mps"])
def test_one_piece_at_a_time_elsewhere_unless_the_user_says_otherwise(device: str) -> None:
    assert _batch(Settings(), network(device, silent)) == 1
    settings = Settings.model_validate({"separation": {"batch_size": 5}})
    assert _batch(settings, network(device, silent)) == 5


def test_memory_that_torch_holds_and_does_not_use_is_free() -> None:
    assert free_memory(card(10, used=1, reserved=3), "cuda:0", None) == 12 * GIB  # type: ignore[arg-type]
    assert free_memory(card(10, used=1, reserved=3), "cuda:0", 4 * GIB) == 3 * GIB  # type: ignore[arg-type]
