"""What services answered, kept so that nothing is asked twice: also that they know no such recording."""

import hashlib
import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from small_dataset_audio.atomic import read_whole
from small_dataset_audio.errors import StoreError
from small_dataset_audio.locks import sweep_if_free, write_in_turn

_LOG: Final = logging.getLogger(__name__)
_FORMAT: Final = 1
LARGEST: Final = 8 * 2**20
"""Bytes. What is larger than this is no answer about one recording."""
FOUND_SECONDS: Final = 180 * 86400.0
"""How long an answer is believed."""
NOTHING_SECONDS: Final = 30 * 86400.0
"""How long it is believed that there is nothing: people keep adding recordings."""


@dataclass(frozen=True)
class Remembered:
    """An answer of a service.

    Attributes:
        content: the JSON object; None where the service has nothing under that address.
    """

    content: Mapping[str, Any] | None


@dataclass(frozen=True)
class Memory:
    """The answers of one service.

    Attributes:
        folder: where they are kept, one file each.
    """

    folder: Path

    def recall(self, question: Mapping[str, Any]) -> Remembered | None:
        """Return what was answered to ``question``; None where that is not known, or too long ago."""
        file = self._file(question)
        sweep_if_free(file.parent)
        try:
            kept = json.loads(read_whole(file, LARGEST))
            content, when = kept["answer"], float(kept["when"])
        except (OSError, ValueError, LookupError, TypeError, RecursionError):
            return None
        if kept.get("format") != _FORMAT or kept.get("question") != question:
            return None
        if content is not None and not isinstance(content, dict):
            return None
        age = time.time() - when
        return Remembered(content) if 0 <= age < (FOUND_SECONDS if content else NOTHING_SECONDS) else None

    def keep(self, question: Mapping[str, Any], content: Mapping[str, Any] | None) -> None:
        """Keep an answer; where that cannot be done, it is asked again another time."""
        kept = {"format": _FORMAT, "when": time.time(), "question": question, "answer": content}
        file = self._file(question)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            write_in_turn(file, json.dumps(kept).encode())
        except (OSError, StoreError) as error:
            _LOG.warning("An answer of a service could not be kept: %s", error)

    def _file(self, question: Mapping[str, Any]) -> Path:
        digest = hashlib.sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()
        return self.folder / digest[:2] / f"{digest}.json"
