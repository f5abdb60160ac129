"""Labels for a recording: the encoder's genres, and what the heads make of its embeddings, averaged over time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.models.batches import Batches
from small_dataset_audio.models.classification.heads import (
    DECIDERS,
    EMBEDDING,
    ENCODER,
    GENRES,
    MODELS,
    TAGGERS,
    OpenHead,
    file_of,
    open_decider,
    open_tagger,
)
from small_dataset_audio.models.classification.melspectrogram import BANDS, RATE, Frames, log_mel
from small_dataset_audio.models.classification.network import Network
from small_dataset_audio.models.classification.patches import PATCH, patches
from small_dataset_audio.models.classification.vocabulary import known_classes
from small_dataset_audio.models.heard import SILENT, Heard
from small_dataset_audio.models.store import Store

Activations = NDArray[np.float64]
"""Mean probabilities ``[shape=(classes,)]``."""

_CPU_BATCH: Final = 16
_ACCELERATOR_BATCH: Final = 64
"""Patches at once; the authors' own predictor takes 64."""


@dataclass(frozen=True)
class Labels:
    """What the networks say about one recording.

    Attributes:
        dictionaries: name -> {class: mean probability}, every class, in the order of the network.
        numbers: name -> mean probability.
        absent: name -> why there is none.
        patches: how many patches were looked at.
        warnings: sentences for the user.
    """

    dictionaries: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    numbers: Mapping[str, float] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)
    patches: int = 0
    warnings: tuple[str, ...] = ()


def installed(store: Store) -> tuple[str, ...]:
    """Return which of the models that labels can come from are there; nothing is read."""
    return tuple(name for name in MODELS if not store.missing(name))


def open_classifier(store: Store, device: str = "cpu") -> "Classifier":
    """Return a classifier with the encoder and all the heads whose weights are installed.

    Raises:
        EnvironmentFault: onnxruntime is not installed.
        MissingWeights: the encoder is not installed.
        ModelError: weights are not what they must be.
    """
    store.require(ENCODER)
    genres = known_classes("genre")
    outputs = {"activations": len(genres), "embeddings": EMBEDDING}
    encoder = Network(file_of(store.model(ENCODER), store, ".onnx"), device, outputs)
    there = installed(store)
    taggers = {head.label: open_tagger(head, store, device) for head in TAGGERS if head.model in there}
    deciders = {head.model: open_decider(head, store, device) for head in DECIDERS if head.model in there}
    batch = _CPU_BATCH if device == "cpu" else _ACCELERATOR_BATCH
    return Classifier(encoder, genres, taggers, deciders, Batches(batch, device))


class Classifier:
    """The encoder and the heads, opened once.

    Args:
        encoder: gives activations and embeddings of patches ``[shape=(n, PATCH, BANDS)]``.
        genres: the names of its activations.
        taggers: label -> head.
        deciders: model -> head.
        batches: how many patches are looked at together.
    """

    def __init__(
        self,
        encoder: Network,
        genres: tuple[str, ...],
        taggers: Mapping[str, OpenHead],
        deciders: Mapping[str, OpenHead],
        batches: Batches,
    ) -> None:
        self._encoder = encoder
        self._genres = genres
        self._taggers = taggers
        self._deciders = deciders
        self._batches = batches

    def __call__(self, clip: Clip) -> Labels:
        """Return what the networks say about ``clip``: the mean of their probabilities over its patches.

        The clip is read in blocks: memory does not grow with its length.

        Raises:
            OutOfMemory: memory ran out, and again with half the batch.
            ModelError: a network does not work on it.
        """
        heard = Heard(clip, RATE)
        warnings: list[str] = []
        sums: dict[str, Activations] = {}
        seen = 0
        answers = self._batches.run("labelling the recording", patches(log_mel(heard)), self._looked_at, warnings)
        for count, totals in answers:
            seen += count
            for name, total in totals.items():
                sums[name] = sums[name] + total if name in sums else total
        if heard.silent:
            return Labels(absent=dict.fromkeys(_all_names(), SILENT), warnings=tuple(warnings))
        return self._labels({name: total / seen for name, total in sums.items()}, seen, warnings)

    def _looked_at(self, batch: list[Frames]) -> tuple[int, dict[str, Activations]]:
        """Return how many patches there are, and the sum of the activations of the encoder and of each head."""
        count = len(batch)
        activations, embeddings = self._encoder(self._stacked(batch))
        totals = {GENRES: activations[:count].sum(axis=0, dtype=np.float64)}
        for name, head in (*self._taggers.items(), *self._deciders.items()):
            [answer] = head.network(embeddings)
            totals[name] = answer[:count].sum(axis=0, dtype=np.float64)
        return count, totals

    def _stacked(self, batch: list[Frames]) -> NDArray[np.float32]:
        """Return the patches as one array ``[shape=(n, PATCH, BANDS)]``.

        For an accelerator it is filled up to the full batch: MIGraphX and Core ML compile the network anew for every size.
        """
        rows = len(batch) if self._batches.device == "cpu" else self._batches.size
        stacked = np.zeros((rows, PATCH, BANDS), dtype=np.float32)
        np.stack(batch, out=stacked[: len(batch)])
        return stacked

    def _labels(self, means: Mapping[str, Activations], seen: int, warnings: list[str]) -> Labels:
        named = {GENRES: self._genres, **{label: head.classes for label, head in self._taggers.items()}}
        dictionaries = {
            label: dict(zip(classes, means[label].tolist(), strict=True)) for label, classes in named.items()
        }
        numbers = {
            number: float(means[head.model][self._deciders[head.model].classes.index(wanted)])
            for head in DECIDERS
            if head.model in self._deciders
            for number, wanted in head.numbers
        }
        return Labels(dictionaries, numbers, self._not_installed(), seen, tuple(warnings))

    def _not_installed(self) -> dict[str, str]:
        """Return the names that heads would give whose weights are not there, and how to get them."""
        left_out = {head.label: head.model for head in TAGGERS if head.label not in self._taggers}
        left_out |= {
            number: head.model for head in DECIDERS if head.model not in self._deciders for number, _ in head.numbers
        }
        return {
            name: f"the weights of {model} are not installed: `sda models pull {model}`"
            for name, model in left_out.items()
        }


def _all_names() -> tuple[str, ...]:
    """Return the names of everything that labels consist of."""
    numbers = (number for head in DECIDERS for number, _ in head.numbers)
    return (GENRES, *(head.label for head in TAGGERS), *numbers)
