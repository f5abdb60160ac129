"""A store of tiny networks in the places of the published ones that label, and the matrices in them."""

import json
from pathlib import Path

import numpy as np

from small_dataset_audio.models.classification.heads import EMBEDDING, ENCODER
from small_dataset_audio.models.store import Store
from support.tiny_models import tiny_store
from support.tiny_onnx import Floats, encoder, head

CLASSES: dict[str, int | list[str]] = {
    ENCODER: 400,
    "mtg_jamendo_moodtheme": 56,
    "mtg_jamendo_instrument": 40,
    "danceability": ["danceable", "not_danceable"],
    "tonal_atonal": ["tonal", "atonal"],
    "voice_instrumental": ["instrumental", "voice"],
}


def weights(model: str) -> Floats:
    """Return the last matrix of the tiny network that stands for ``model`` ``[shape=(EMBEDDING, classes)]``."""
    classes = CLASSES[model]
    width = classes if isinstance(classes, int) else len(classes)
    seed = list(CLASSES).index(model)
    return _random(seed, (EMBEDDING, width))


def mixing() -> Floats:
    """Return the encoder's first matrix ``[shape=(96, EMBEDDING)]``."""
    return _random(99, (96, EMBEDDING))


def _random(seed: int, shape: tuple[int, int]) -> Floats:
    made = np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)
    return made / np.float32(np.sqrt(shape[0]))


def network_of(model: str) -> bytes:
    """Return the tiny network that stands for ``model``."""
    if model == ENCODER:
        return encoder(mixing(), weights(model))
    return head(weights(model), softmax=not isinstance(CLASSES[model], int))


def files_of(model: str) -> dict[str, bytes]:
    """Return file name -> content of the tiny stand-in for ``model``."""
    classes = CLASSES[model]
    files = {f"{model}.onnx": network_of(model)}
    if not isinstance(classes, int):
        files[f"{model}.json"] = json.dumps({"name": model, "classes": classes}).encode()
    return files


def label_models(folder: Path) -> Store:
    """Return a store in ``folder`` with a tiny network for each of the models that labels come from."""
    return tiny_store(folder, {model: files_of(model) for model in CLASSES})
