"""Tiny networks of the real architectures, with random weights, in the files in which the real ones are published."""

import json
import warnings
from collections.abc import Mapping, Sequence
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from typing import Any

from small_dataset_audio.config.model import Settings
from small_dataset_audio.hardware.runtime import import_torch
from small_dataset_audio.pipeline.stage import Stage
from small_dataset_audio.pipeline.steps.separate import SEPARATE
from support.tiny_models import tiny_store

FOUR = ("drums", "bass", "other", "vocals")
SIX = (*FOUR, "guitar", "piano")
SIGNATURES = {
    "htdemucs": ("955717e8",),
    "htdemucs_6s": ("5c90dfd2",),
    "htdemucs_ft": ("f7e0c4bc", "d12395a8", "92cfc3b6", "04573f0d"),
}
"""Model -> the names of its files without suffix, as they are published."""
SEGMENT = Fraction(1, 2)
"""Seconds of a piece of the tiny Demucs."""

BANDS = (*(16,) * 8, *(128,) * 6, 129)
ROFORMER: dict[str, Any] = {
    "dim": 8, "depth": 1, "stereo": True, "num_stems": 6, "time_transformer_depth": 1, "freq_transformer_depth": 1,
    "freqs_per_bands": BANDS, "dim_head": 8, "heads": 1, "attn_dropout": 0.1, "ff_dropout": 0.1, "flash_attn": True,
    "dim_freqs_in": 1025, "stft_n_fft": 2048, "stft_hop_length": 512, "stft_win_length": 2048, "stft_normalized": False,
    "mask_estimator_depth": 2, "multi_stft_resolution_loss_weight": 1.0,
    "multi_stft_resolutions_window_sizes": (4096, 2048), "multi_stft_hop_size": 147, "multi_stft_normalized": False,
}  # fmt: skip
"""The arguments of a tiny BS-RoFormer, as a description has them."""

STAGES: dict[str, Stage] = {SEPARATE.name: SEPARATE}
REGISTRY = "support.separation_models"


def stage(name: str) -> Stage:
    """Return the stage called ``name``: this module can serve as a registry."""
    return STAGES[name]


def single_threaded_torch() -> Any:  # noqa: ANN401 - a module without types
    """Return torch, set to one thread: tests share the machine's cores with each other."""
    torch = import_torch()
    torch.set_num_threads(1)
    return torch


def write_demucs(path: Path, sources: Sequence[str] = FOUR, seed: int = 0, **changes: str) -> Path:
    """Write a tiny HTDemucs as a safetensors file whose header describes it; return ``path``.

    Args:
        path: the file.
        sources: what it makes.
        seed: of its weights.
        **changes: header entries to replace.
    """
    torch = single_threaded_torch()
    from demucs.htdemucs import HTDemucs
    from safetensors.torch import save_file

    arguments = {"sources": list(sources), "channels": 8, "t_layers": 1, "t_heads": 1, "depth": 4, "bottom_channels": 8}
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = HTDemucs(**arguments, segment=SEGMENT)
    fraction = {"_type": "fraction", "numerator": SEGMENT.numerator, "denominator": SEGMENT.denominator}
    header = {
        "klass": "demucs.htdemucs.HTDemucs",
        "args": json.dumps([]),
        "kwargs": json.dumps({**arguments, "segment": fraction}),
        **changes,
    }
    state = {name: weight.contiguous() for name, weight in network.state_dict().items()}
    save_file(state, path, metadata=header)
    return path


def write_roformer(
    folder: Path,
    name: str = "tiny",
    *,
    model: Mapping[str, Any] = ROFORMER,
    instruments: Sequence[str] = ("bass", "drums", "other", "vocals", "guitar", "piano"),
    stereo: bool = True,
    **sections: Mapping[str, Any],
) -> tuple[Path, Path]:
    """Write a tiny BS-RoFormer as it is published: weights (a PyTorch checkpoint) and a description; return both paths."""
    torch = single_threaded_torch()
    from bs_roformer.bs_roformer import BSRoformer

    with torch.random.fork_rng(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.manual_seed(0)
        network = BSRoformer(**{**ROFORMER, "num_stems": len(instruments), "stereo": stereo})
    weights, described = folder / f"{name}.ckpt", folder / f"{name}.yaml"
    torch.save(network.state_dict(), weights)
    content = {
        "audio": {"chunk_size": 20480, "sample_rate": 44100, "num_channels": 2, "hop_length": 441},
        "model": {**model, "num_stems": len(instruments)},
        "training": {"instruments": list(instruments), "target_instrument": None, "use_amp": True},
        "inference": {"batch_size": 1, "dim_t": 1876, "num_overlap": 2},
        **sections,
    }
    described.write_text(
        import_module("yaml").dump(content), encoding="utf-8"
    )  # tuples become !!python/tuple, as in published files
    return weights, described


def installed(folder: Path, separation: Mapping[str, Any], **sections: Mapping[str, Any]) -> Settings:
    """Return settings under which a tiny model of the chosen kind is installed in ``folder``.

    Args:
        folder: an empty folder.
        separation: the settings of that section.
        **sections: other sections.
    """
    files = folder / "files"
    files.mkdir(parents=True)
    models: dict[str, dict[str, Path | bytes]] = {}
    if separation["backend"] == "demucs":
        name = separation.get("demucs_model", "htdemucs")
        sources = SIX if name.endswith("6s") else FOUR
        models[name] = {
            f"{one}.safetensors": write_demucs(files / f"{one}.safetensors", sources, index)
            for index, one in enumerate(SIGNATURES[name])
        }
    elif separation["backend"] == "roformer":
        weights, described = write_roformer(files)
        models["bs_roformer_sw"] = {weights.name: weights, described.name: described}
    store = tiny_store(folder / "store", models)
    return Settings.model_validate(
        {
            **sections,
            "paths": {"models": store.folder, "cache": folder, **sections.get("paths", {})},
            "models": {"registry": store.own},
            "separation": separation,
        }
    )
