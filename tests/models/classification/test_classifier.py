from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.errors import MissingWeights
from small_dataset_audio.hardware.oom import OutOfMemory
from small_dataset_audio.models.batches import Batches
from small_dataset_audio.models.classification import ENCODER, Classifier, installed, open_classifier
from small_dataset_audio.models.classification.melspectrogram import RATE, log_mel
from small_dataset_audio.models.classification.network import Array, Network
from small_dataset_audio.models.classification.patches import patches
from small_dataset_audio.models.heard import Heard
from small_dataset_audio.models.store import Store
from support.label_models import CLASSES, label_models, mixing, weights
from support.signals import noise, silence, tone

NUMBERS = {"danceability", "atonality", "voice_probability", "instrumental_probability"}
LABELS = {"essentia_genre", "essentia_mood", "essentia_instrument"}
SOUND = Clip(np.concatenate([noise(15, channels=2), tone(15, channels=2)], axis=1), 44100)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return label_models(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def classifier(models: Store) -> Classifier:
    return open_classifier(models)


def expected(clip: Clip) -> dict[str, NDArray[np.float64]]:
    """What the tiny networks must say about ``clip``, computed without onnxruntime: model -> mean activations."""
    embeddings = np.stack([patch.mean(axis=0) for patch in patches(log_mel(Heard(clip, RATE)))]) @ mixing()
    means = {}
    for model, classes in CLASSES.items():
        logits = (embeddings @ weights(model)).astype(np.float64)
        if isinstance(classes, int):
            activations = 1 / (1 + np.exp(-logits))
        else:
            activations = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        means[model] = activations.mean(axis=0)
    return means


def test_the_labels_are_the_mean_over_time_of_what_the_networks_say(classifier: Classifier) -> None:
    labels = classifier(SOUND)
    means = expected(SOUND)
    assert labels.patches == (1 + 30 * RATE // 256 - 128) // 62 + 1
    assert set(labels.dictionaries) == LABELS
    for label, model in (
        ("essentia_genre", ENCODER),
        ("essentia_mood", "mtg_jamendo_moodtheme"),
        ("essentia_instrument", "mtg_jamendo_instrument"),
    ):
        np.testing.assert_allclose(list(labels.dictionaries[label].values()), means[model], atol=1e-5)
    assert set(labels.numbers) == NUMBERS
    assert labels.numbers["danceability"] == pytest.approx(means["danceability"][0], abs=1e-5)
    assert labels.numbers["atonality"] == pytest.approx(means["tonal_atonal"][1], abs=1e-5)
    assert labels.numbers["voice_probability"] == pytest.approx(means["voice_instrumental"][1], abs=1e-5)
    assert labels.numbers["instrumental_probability"] == pytest.approx(means["voice_instrumental"][0], abs=1e-5)
    assert labels.absent == {}
    assert labels.warnings == ()


def test_every_probability_has_the_name_of_its_class(classifier: Classifier) -> None:
    labels = classifier(SOUND)
    assert list(labels.dictionaries["essentia_genre"])[:2] == ["Blues---Boogie Woogie", "Blues---Chicago Blues"]
    assert {label: len(found) for label, found in labels.dictionaries.items()} == {
        "essentia_genre": 400,
        "essentia_mood": 56,
        "essentia_instrument": 40,
    }


def test_a_second_run_says_the_same_to_the_last_bit(models: Store, classifier: Classifier) -> None:
    assert classifier(SOUND) == open_classifier(models)(SOUND)


@pytest.mark.parametrize("seconds", [0.01, 0.5, 2.0])
def test_short_sounds_are_repeated(classifier: Classifier, seconds: float) -> None:
    clip = Clip(noise(seconds), 44100)
    labels = classifier(clip)
    assert labels.patches == 1
    assert labels.numbers["danceability"] == pytest.approx(expected(clip)["danceability"][0], abs=1e-5)


def test_silence_has_no_labels(classifier: Classifier) -> None:
    for clip in (Clip(silence(3), 44100), Clip(np.zeros((1, 1), dtype=np.float32), 96000)):
        labels = classifier(clip)
        assert not labels.dictionaries
        assert not labels.numbers
        assert set(labels.absent) == LABELS | NUMBERS
        assert "silent" in labels.absent["danceability"]


def test_heads_that_are_not_installed_are_left_out_with_the_reason(tmp_path: Path) -> None:
    store = label_models(tmp_path)
    for model in ("mtg_jamendo_moodtheme", "voice_instrumental"):
        store.path(model, f"{model}.onnx").unlink()
    assert installed(store) == (ENCODER, "mtg_jamendo_instrument", "danceability", "tonal_atonal")
    labels = open_classifier(store)(SOUND)
    assert set(labels.dictionaries) == {"essentia_genre", "essentia_instrument"}
    assert set(labels.numbers) == {"danceability", "atonality"}
    assert set(labels.absent) == {"essentia_mood", "voice_probability", "instrumental_probability"}
    assert "sda models pull voice_instrumental" in labels.absent["voice_probability"]


def test_without_the_encoder_there_is_nothing(tmp_path: Path) -> None:
    store = label_models(tmp_path)
    store.path(ENCODER, f"{ENCODER}.onnx").unlink()
    with pytest.raises(MissingWeights, match=ENCODER):
        open_classifier(store)


def test_memory_that_runs_out_halves_the_batch(models: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    classifier = open_classifier(models)
    usual = Network.__call__
    sizes = []

    def limited(self: Network, examples: Array) -> list[Array]:
        sizes.append(examples.shape[0])
        if examples.shape[0] > 8:
            raise torch.OutOfMemoryError("out of memory")
        return usual(self, examples)

    monkeypatch.setattr(Network, "__call__", limited)
    labels = classifier(SOUND)
    assert max(sizes) == 16
    assert sizes.count(16) == 1
    assert "from 16 to 8" in labels.warnings[0]
    assert labels.numbers["danceability"] == pytest.approx(expected(SOUND)["danceability"][0], abs=1e-5)
    monkeypatch.setattr(Network, "__call__", lambda *_: (_ for _ in ()).throw(MemoryError("none left")))
    with pytest.raises(OutOfMemory, match="labelling"):
        classifier(SOUND)


def test_an_accelerator_gets_batches_of_one_size_and_answers_the_same(
    models: Store, classifier: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = Network.__call__
    sizes = set()

    def watched(self: Network, examples: Array) -> list[Array]:
        sizes.add(examples.shape[0])
        return usual(self, examples)

    monkeypatch.setattr(Network, "__call__", watched)
    expected_labels = classifier(SOUND)
    assert sizes == {16, 29 % 16}
    sizes.clear()
    accelerated = open_classifier(models)
    monkeypatch.setattr(accelerated, "_batches", Batches(16, "cuda:0"))
    labels = accelerated(SOUND)
    assert sizes == {16}
    assert labels.patches == expected_labels.patches == 29
    assert labels.numbers == pytest.approx(dict(expected_labels.numbers), abs=1e-6)
