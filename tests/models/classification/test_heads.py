import json
from pathlib import Path

import numpy as np
import pytest

from small_dataset_audio.errors import MissingWeights, ModelError
from small_dataset_audio.features.catalog import BY_NAME
from small_dataset_audio.models import registry
from small_dataset_audio.models.classification.heads import (
    DECIDERS,
    EMBEDDING,
    MODELS,
    TAGGERS,
    file_of,
    open_decider,
    open_tagger,
)
from support.label_models import CLASSES, label_models, network_of, weights
from support.tiny_models import tiny_store

VOICE = DECIDERS[2]


def test_the_registry_knows_every_model_and_its_weights() -> None:
    known = registry.models()
    for name in MODELS:
        assert known[name].extra == "labels"
        assert [file.name for file in known[name].files if file.name.endswith(".onnx")]
    for head in DECIDERS:
        assert [file.name for file in known[head.model].files if file.name.endswith(".json")]


def test_every_number_is_in_the_catalog() -> None:
    numbers = [number for head in DECIDERS for number, _ in head.numbers]
    assert sorted(numbers) == sorted(feature.name for feature in BY_NAME.values() if feature.stage == "classify")


def test_heads_answer_with_their_classes(tmp_path: Path) -> None:
    store = label_models(tmp_path)
    embeddings = np.random.default_rng(5).standard_normal((3, EMBEDDING)).astype(np.float32)
    mood = open_tagger(TAGGERS[0], store, "cpu")
    [answer] = mood.network(embeddings)
    assert len(mood.classes) == 56
    np.testing.assert_allclose(answer, 1 / (1 + np.exp(-embeddings @ weights(TAGGERS[0].model))), atol=1e-5)
    voice = open_decider(VOICE, store, "cpu")
    assert voice.classes == ("instrumental", "voice")
    [answer] = voice.network(embeddings)
    np.testing.assert_allclose(answer.sum(axis=1), 1, atol=1e-6)


def test_a_head_that_is_not_installed_is_an_error(tmp_path: Path) -> None:
    store = label_models(tmp_path)
    store.path(VOICE.model, f"{VOICE.model}.json").unlink()
    with pytest.raises(MissingWeights, match=VOICE.model):
        open_decider(VOICE, store, "cpu")


def test_the_description_of_another_head_is_refused(tmp_path: Path) -> None:
    other = json.dumps({"classes": ["danceable", "voice"]}).encode()
    store = tiny_store(tmp_path, {VOICE.model: {"head.onnx": network_of(VOICE.model), "head.json": other}})
    with pytest.raises(ModelError) as caught:
        open_decider(VOICE, store, "cpu")
    assert "danceable, voice; there is no instrumental" in caught.value.why


def test_a_list_of_models_without_a_description_is_refused(tmp_path: Path) -> None:
    store = tiny_store(tmp_path, {VOICE.model: {"head.onnx": network_of(VOICE.model)}})
    assert file_of(store.model(VOICE.model), store, ".onnx") == store.path(VOICE.model, "head.onnx")
    with pytest.raises(ModelError) as caught:
        open_decider(VOICE, store, "cpu")
    assert "no .json file" in caught.value.what
    assert "head.onnx" in caught.value.why


def test_weights_that_were_changed_are_refused(tmp_path: Path) -> None:
    store = label_models(tmp_path)
    path = store.path(TAGGERS[1].model, f"{TAGGERS[1].model}.onnx")
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelError, match="not what they must be"):
        open_tagger(TAGGERS[1], store, "cpu")


def test_the_tiny_models_stand_for_all() -> None:
    assert tuple(CLASSES) == MODELS
