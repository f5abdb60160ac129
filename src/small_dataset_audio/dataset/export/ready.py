"""A recording that is ready to be written down: its sound is in place, and all that is said of it is known."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from small_dataset_audio.atomic import write_bytes
from small_dataset_audio.dataset.export.conditioning import Conditioning
from small_dataset_audio.dataset.export.items import Item, Of
from small_dataset_audio.dataset.export.names import readable
from small_dataset_audio.dataset.export.sound import Placed
from small_dataset_audio.dataset.export.split import Split
from small_dataset_audio.errors import StoreError

_SURROGATE: Final = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Ready:
    """One recording of an export.

    Attributes:
        item: what it is.
        placed: its sound.
        split: which part it is in.
        prompt: what it is called in words.
    """

    item: Item
    placed: Placed
    split: Split
    prompt: str

    @property
    def file_name(self) -> str:
        """Its file's name."""
        return self.placed.path.name

    @property
    def values(self) -> dict[str, Any]:
        """The values of its ``.INFO``, as JSON has them."""
        return {name: plain(value) for name, value in self.item.entry.values.items()}

    def told(self) -> dict[str, Any]:
        """Return what the export itself knows of it."""
        return {
            "track": readable(self.item.name),
            "song": readable(self.item.song.name),
            "prompt": self.prompt,
            "seconds": self.placed.seconds,
            "rate": self.placed.rate,
            "channels": self.placed.channels,
        }


@dataclass(frozen=True)
class Layout:
    """What the formats need to know besides the recordings.

    Attributes:
        name: that of the export's folder.
        root: where the trainer will find the export.
        of: whether it holds crops or whole tracks.
        conditioning: what recordings are conditioned on.
        seed: what order and split come from.
    """

    name: str
    root: Path
    of: Of
    conditioning: Conditioning
    seed: int


def plain(value: Any) -> Any:  # noqa: ANN401 - whatever an .INFO file holds
    """Return ``value`` as every reader of JSON takes it.

    Numbers that are too large for a float become text, and what stands for bytes that are no text becomes a question mark.
    """
    if isinstance(value, str):
        return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return {plain(name): plain(one) for name, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list) else value


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Write a JSON document in ASCII, which every program reads alike, whatever the locale.

    Raises:
        StoreError: it cannot be written.
    """
    write_bytes(path, (json.dumps(document, indent=2) + "\n").encode("ascii"))


def require_equal(path: Path, found: object, expected: object) -> None:
    """Return if what was read back from ``path`` is what was to be written.

    Raises:
        StoreError: it is not.
    """
    if found != expected:
        raise mismatch(path)


def parsed(path: Path, text: bytes) -> Any:  # noqa: ANN401 - JSON is what it is
    """Return the JSON document that was read back from ``path``.

    Raises:
        StoreError: it is none.
    """
    try:
        return json.loads(text)
    except ValueError as error:
        raise mismatch(path) from error


def mismatch(path: Path) -> StoreError:
    """Return the error for a file that does not hold what was written to it."""
    return StoreError(
        f"The export was not put in place: {path.name} does not hold what was written to it.",
        "What was read back is something else: a disk, its cable or the memory is failing, or the disk was full.",
        "Check the disk's health and free space, then export again.",
    )
