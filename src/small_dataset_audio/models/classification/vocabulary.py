"""What the networks' answers are called: the lists of classes that come with sda, and those beside the weights."""

import json
from importlib.resources import files
from pathlib import Path

from small_dataset_audio.models.descriptions import described, unfitting


def known_classes(name: str) -> tuple[str, ...]:
    """Return the classes ``genre`` (400), ``mood`` (56) or ``instrument`` (40), in the order of the network's outputs.

    Source: the descriptions published with the Essentia models.
    """
    text = files("small_dataset_audio.models.classification").joinpath("labels", f"{name}.json").read_text("utf-8")
    return tuple(json.loads(text)["classes"])


def described_classes(path: Path) -> tuple[str, ...]:
    """Return the classes that the description beside a network lists, in the order of its outputs.

    Args:
        path: the ``.json`` file that is published with the weights.

    Raises:
        ModelError: it lists none.
        StoreError: it cannot be read.
    """
    classes = described(path).get("classes")
    if not isinstance(classes, list) or not all(isinstance(one, str) for one in classes) or not classes:
        raise unfitting(path, "It has no list of texts under `classes`.")
    if len(set(classes)) < len(classes):
        raise unfitting(path, "A class stands in its list twice.")
    return tuple(classes)
