"""A tiny network of AudioBox Aesthetics' own architecture, in the files that its authors publish."""

import json
import warnings
from pathlib import Path

import pytest
import torch
from safetensors.torch import save

from small_dataset_audio.models.store import Store
from support.tiny_models import tiny_store

MODEL = "audiobox_aesthetics"
TRANSFORM = {
    "CE": {"mean": 5.4, "std": 1.2},
    "CU": {"mean": 6.1, "std": 1.4},
    "PC": {"mean": 3.2, "std": 1.3},
    "PQ": {"mean": 7.0, "std": 0.9},
}
DESCRIPTION = {
    "proj_num_layer": 2,
    "proj_ln": True,
    "proj_act_fn": "gelu",
    "proj_dropout": 0,
    "nth_layer": 3,
    "use_weighted_layer_sum": True,
    "precision": "32",
    "normalize_embed": True,
    "output_dim": 1,
    "target_transform": TRANSFORM,
    "freeze_encoder": True,
}
SMALL = {
    "encoder_layers": 2,
    "encoder_embed_dim": 32,
    "encoder_ffn_embed_dim": 64,
    "encoder_attention_heads": 4,
    "conv_feature_layers": "[(16,10,5)] + [(16,3,2)] * 4 + [(16,2,2)] * 2",
    "conv_pos": 16,
    "conv_pos_groups": 4,
}
"""The encoder's sizes, where they differ from the published ones."""


def shrink(patch: pytest.MonkeyPatch) -> None:
    """Let the library build its encoder in a small size."""
    from audiobox_aesthetics.model import aes

    for name, value in SMALL.items():
        patch.setattr(aes.DEFAULT_AUDIO_CFG, name, value)


def tiny_network() -> torch.nn.Module:
    """Return the network with random weights; `shrink` must be in force."""
    from audiobox_aesthetics.model.aes import AesMultiOutput

    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        network: torch.nn.Module = AesMultiOutput(**DESCRIPTION).eval()
    for name, parameter in network.named_parameters():
        if name.startswith("layer_weights."):  # all equal in a new network, which would hide how layers are mixed
            parameter.data = torch.randn(parameter.shape, generator=torch.Generator().manual_seed(len(name)))
    return network


def weights_of(network: torch.nn.Module) -> bytes:
    """Return the weights as a safetensors file."""
    return save({name: value.contiguous() for name, value in network.state_dict().items()})


def aesthetics_model(folder: Path, weights: bytes | None = None, description: bytes | None = None) -> Store:
    """Return a store in ``folder`` with the tiny network, or with other files; `shrink` must be in force."""
    return tiny_store(
        folder,
        {
            MODEL: {
                "model.safetensors": weights_of(tiny_network()) if weights is None else weights,
                "config.json": json.dumps(DESCRIPTION).encode() if description is None else description,
            }
        },
    )
