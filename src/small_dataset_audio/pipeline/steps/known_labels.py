"""What the networks said of a recording, kept in paths.cache: choosing more or fewer of its labels needs no network.

Kept is every class with its full probability, by the recording's content, the weights and the version of the stage. All of it may be
deleted at any time: the recording is then listened to again.
"""

import gzip
import json
import logging
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from small_dataset_audio.atomic import read_whole
from small_dataset_audio.errors import StoreError
from small_dataset_audio.locks import write_in_turn
from small_dataset_audio.models.classification import Labels

_LOGGER = logging.getLogger(__name__)

FOLDER: Final = "labels"
_LARGEST: Final = 1 << 20
"""Bytes of one file, packed or unpacked; 496 classes have less."""
_UNREADABLE: Final = (OSError, EOFError, ValueError, LookupError, TypeError, AttributeError, RecursionError, zlib.error)
_SHARD: Final = 2
"""Leading characters of a hash that name its folder: no folder then holds every recording of a large library."""


class KnownLabels:
    """The folder of what networks said; where it cannot be written, nothing is kept, and everything works.

    Args:
        cache: the folder paths.cache.
        version: of the stage.
        weights: digest of the weights.
    """

    def __init__(self, cache: Path, version: int, weights: str) -> None:
        self._folder = cache / FOLDER / f"{version}-{weights[:16]}"

    def find(self, sha256: str) -> Labels | None:
        """Return what was said of the recording with this content; None where that is not known."""
        try:
            packed = read_whole(self._path(sha256), _LARGEST)
            text = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(packed, _LARGEST)
            found = json.loads(text)
            return Labels(
                {label: _numbers(classes) for label, classes in found["dictionaries"].items()},
                _numbers(found["numbers"]),
                {str(name): str(why) for name, why in found["absent"].items()},
                int(found["patches"]),
            )
        except _UNREADABLE:
            return None

    def keep(self, sha256: str, labels: Labels) -> None:
        """Keep what was said of the recording with this content."""
        parts = ("dictionaries", "numbers", "absent", "patches")
        text = json.dumps({name: getattr(labels, name) for name in parts})
        path = self._path(sha256)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_in_turn(path, gzip.compress(text.encode(), mtime=0))
        except (OSError, StoreError) as error:
            _LOGGER.debug("Not kept in %s: %s", self._folder, error)

    def _path(self, sha256: str) -> Path:
        return self._folder / sha256[:_SHARD] / f"{sha256}.json.gz"


def _numbers(values: Mapping[str, Any]) -> dict[str, float]:
    """Return the probabilities by their names.

    Raises:
        ValueError: one of them is none.
    """
    found = {str(name): float(value) for name, value in values.items()}
    if not all(0.0 <= value <= 1.0 for value in found.values()):
        raise ValueError("no probability")
    return found
