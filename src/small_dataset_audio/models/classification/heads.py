"""The heads: small networks that turn the encoder's embeddings into labels and probabilities."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from small_dataset_audio.errors import ModelError
from small_dataset_audio.models.classification.network import Network
from small_dataset_audio.models.classification.vocabulary import described_classes, known_classes
from small_dataset_audio.models.descriptions import unfitting
from small_dataset_audio.models.registry import Model
from small_dataset_audio.models.store import Store

ENCODER: Final = "discogs_effnet"
"""The registry's name for the encoder; its own activations are the genres."""
EMBEDDING: Final = 1280
"""Values in an embedding."""
GENRES: Final = "essentia_genre"


@dataclass(frozen=True)
class Tagger:
    """A head whose classes each have a probability of their own; they become one label dictionary.

    Attributes:
        model: the registry's name.
        label: the name of the dictionary.
        classes: which list of classes it answers with (`vocabulary.known_classes`).
    """

    model: str
    label: str
    classes: str


@dataclass(frozen=True)
class Decider:
    """A head that decides between two classes; the probabilities of one or both become numbers.

    Attributes:
        model: the registry's name.
        numbers: (name of the number, class whose probability it is).
    """

    model: str
    numbers: tuple[tuple[str, str], ...]


TAGGERS: Final = (
    Tagger("mtg_jamendo_moodtheme", "essentia_mood", "mood"),
    Tagger("mtg_jamendo_instrument", "essentia_instrument", "instrument"),
)
DECIDERS: Final = (
    Decider("danceability", (("danceability", "danceable"),)),
    Decider("tonal_atonal", (("atonality", "atonal"),)),
    Decider("voice_instrumental", (("voice_probability", "voice"), ("instrumental_probability", "instrumental"))),
)
MODELS: Final = (ENCODER, *(head.model for head in (*TAGGERS, *DECIDERS)))
"""All the models that labels can come from, by the registry's names."""


@dataclass(frozen=True, eq=False)
class OpenHead:
    """A head that is ready to work.

    Attributes:
        network: takes embeddings ``[shape=(n, EMBEDDING)]``; its only output are the activations.
        classes: the names of the activations, in their order.
    """

    network: Network
    classes: tuple[str, ...]


def open_tagger(head: Tagger, store: Store, device: str) -> OpenHead:
    """Return a tagging head, ready to work.

    Raises:
        MissingWeights: its weights are not installed.
        ModelError: they are not what they must be.
    """
    store.require(head.model)
    return _opened(file_of(store.model(head.model), store, ".onnx"), known_classes(head.classes), device)


def open_decider(head: Decider, store: Store, device: str) -> OpenHead:
    """Return a deciding head, ready to work; the order of its classes is read from the description beside it.

    Raises:
        MissingWeights: its weights are not installed.
        ModelError: they are not what they must be, or answer with other classes.
    """
    store.require(head.model)
    model = store.model(head.model)
    description = file_of(model, store, ".json")
    classes = described_classes(description)
    for _, wanted in head.numbers:
        if wanted not in classes:
            raise unfitting(description, f"Its classes are {', '.join(classes)}; there is no {wanted}.")
    return _opened(file_of(model, store, ".onnx"), classes, device)


def file_of(model: Model, store: Store, suffix: str) -> Path:
    """Return where the file of ``model`` with that suffix lies.

    Raises:
        ModelError: the list of models gives it none.
    """
    for file in model.files:
        if file.name.endswith(suffix):
            return store.path(model, file.name)
    raise ModelError(
        f"The list of models gives {model.name} no {suffix} file.",
        f"Its files are {', '.join(file.name for file in model.files)}.",
        f"Add the {suffix} file that is published with the weights to your own list of models.",
    )


def _opened(path: Path, classes: tuple[str, ...], device: str) -> OpenHead:
    return OpenHead(Network(path, device, {"activations": len(classes)}), classes)
