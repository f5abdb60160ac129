"""From the settings to a backend that is ready to work."""

from types import ModuleType
from typing import Final

import numpy as np

from small_dataset_audio.config.model import Settings
from small_dataset_audio.errors import ConfigError, ModelError
from small_dataset_audio.hardware.memory import GIB
from small_dataset_audio.hardware.oom import guard
from small_dataset_audio.hardware.runtime import import_torch
from small_dataset_audio.models.batches import Batches
from small_dataset_audio.models.separation.demucs import open_demucs
from small_dataset_audio.models.separation.dsp import open_dsp
from small_dataset_audio.models.separation.engine import Separator
from small_dataset_audio.models.separation.network import Network
from small_dataset_audio.models.separation.roformer import open_roformer
from small_dataset_audio.models.separation.stems import STEMS
from small_dataset_audio.models.store import Store

EXTRA: Final = "separation"
"""The optional part of sda that brings the packages."""
PACKAGES: Final = {"demucs": "demucs", "roformer": "bs_roformer"}
"""Backend -> the package that it needs."""
_MOST_AT_ONCE: Final = 8
"""The host holds the pieces too, several times over; ``separation.batch_size`` may ask for more."""
_SHARE_OF_FREE: Final = 0.8
"""Of the free memory that batches may take: memory comes in pieces, and other programs want some."""


def model_name(settings: Settings) -> str | None:
    """Return the name of the model that the settings choose; None for the embedded backend."""
    chosen = settings.separation
    return {"demucs": chosen.demucs_model, "roformer": chosen.roformer_model}.get(chosen.backend)


def open_separator(settings: Settings, device: str) -> Separator:
    """Return the chosen backend with its weights on ``device``, and how many pieces it takes at once.

    Raises:
        MissingWeights: the weights are not there.
        EnvironmentFault: the optional part separation is not installed.
        ModelError: the weights cannot be used.
        ConfigError: 16 bits are asked for where they are not to be had.
        OutOfMemory: the model does not fit.
    """
    chosen = settings.separation
    name = model_name(settings)
    if name is None:
        return Separator(open_dsp(), Batches(1, "cpu"))
    if chosen.half_precision and not device.startswith("cuda"):
        raise ConfigError(
            f"The device {device} cannot separate in 16 bits.",
            "separation.half_precision is for CUDA and ROCm devices.",
            "Set separation.half_precision to false, or use another device.",
        )
    store = Store.of(settings)
    model = store.model(name)
    folder = store.require(model)
    with guard(f"loading {name}", device=device):
        if chosen.backend == "demucs":
            network = open_demucs(name, folder, device, half=chosen.half_precision)
        else:
            network = open_roformer(
                name, folder, tuple(file.name for file in model.files), device, half=chosen.half_precision
            )
    lacking = [stem for stem in STEMS if stem not in network.sources]
    if lacking:
        raise ModelError(
            f"The model {name} does not take a mix apart into the stems of sda.",
            f"It makes {', '.join(network.sources)}; {', '.join(lacking)} would be missing.",
            "Choose a model that makes bass, drums, other and vocals, such as bs_roformer_sw.",
        )
    return Separator(network, Batches(_batch(settings, network), device))


def _batch(settings: Settings, network: Network) -> int:
    """Return how many pieces to take at once.

    The batch sizes of the machine's profile are those of training another network and say nothing about this one. So a
    first piece is separated, and as many are taken as its need lets expect to fit.
    """
    if settings.separation.batch_size is not None:
        return settings.separation.batch_size
    if not network.device.startswith("cuda"):
        return 1
    torch = import_torch()
    need = _need(network, torch)
    limit = settings.hardware.memory_limit_gb
    room = free_memory(torch, network.device, None if limit is None else int(limit * GIB))
    return int(np.clip(room * _SHARE_OF_FREE // max(need, 1), 1, _MOST_AT_ONCE))


def _need(network: Network, torch: ModuleType) -> int:
    """Return the bytes of device memory that one piece takes while it is separated."""
    piece = np.zeros((1, network.channels or 1, network.segment), dtype=np.float32)
    before = int(torch.cuda.memory_allocated(network.device))
    torch.cuda.reset_peak_memory_stats(network.device)
    with guard("separating a first piece", device=network.device, batch=1):
        network.apply(piece, network.rate or 1)
    return int(torch.cuda.max_memory_allocated(network.device)) - before


def free_memory(torch: ModuleType, device: str, limit: int | None) -> int:
    """Return the bytes that batches can take on a CUDA or ROCm device, what torch holds without using it included.

    Args:
        torch: the torch module.
        device: the device.
        limit: bytes that sda may use there in all; None for all of it.
    """
    free, _ = torch.cuda.mem_get_info(device)
    used = int(torch.cuda.memory_allocated(device))
    room = int(free) + int(torch.cuda.memory_reserved(device)) - used
    return room if limit is None else min(room, limit - used)
