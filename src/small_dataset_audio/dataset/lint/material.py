"""What the checks look at: a library, all that is known of its tracks, and what is to be heard in them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import log10
from pathlib import Path
from typing import Any

from small_dataset_audio.dataset.declared import Declared
from small_dataset_audio.dataset.entries import Entry
from small_dataset_audio.dataset.heard import Listened, TrackSound
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.dataset.lint.limits import Limits
from small_dataset_audio.dataset.lint.loader import Seen
from small_dataset_audio.dataset.similar import Similar
from small_dataset_audio.errors import SdaError, StoreError

Contradicts = Callable[[str, Mapping[str, Any]], list[str]]
"""A caption and the values of ``.INFO`` -> a sentence for each statement that they contradict."""


@dataclass(frozen=True)
class Material:
    """All that the checks know.

    Attributes:
        library: the folder.
        entries: what is known of each track.
        declared: name -> declaration of the numbers that are expected.
        limits: the targets of the training.
        cache: the folder paths.cache.
        listened: what was heard; nothing where no check listens.
        similar: which tracks are not independent; None where that was not asked for.
        contradicts: compares captions with values; None where the stage caption has done that.
        view: what the trainer's loader makes of every recording and crop; nothing where that was not asked for.
    """

    library: Path
    entries: Sequence[Entry]
    declared: Mapping[str, Declared]
    limits: Limits
    cache: Path
    listened: Listened
    similar: Similar | None = None
    contradicts: Contradicts | None = None
    view: Sequence[Seen] = ()

    def heard(self) -> list[tuple[Track, Path | None, TrackSound]]:
        """Return each track that could be listened to, with its recording's file and what was heard."""
        return [
            (entry.track, mix_of(entry.track), self.listened.sounds[entry.name])
            for entry in self.entries
            if entry.name in self.listened.sounds
        ]


def mix_of(track: Track) -> Path | None:
    """Return the recording of a track; None where there is none, or its folder cannot be read."""
    try:
        return track.mix
    except StoreError:
        return None


def told(error: SdaError) -> str:
    """Return what is wrong, and why, in one line."""
    return f"{error.what} {error.why}"


def clock(seconds: float) -> str:
    """Return a place in a recording, such as ``1:03.2``."""
    minutes, rest = divmod(round(seconds, 1), 60)
    return f"{int(minutes)}:{rest:04.1f}"


def decibels(ratio: float) -> float:
    """Return a ratio of amplitudes in dB, to a tenth; -120 for less than that."""
    return round(20 * log10(max(ratio, 1e-6)), 1)
