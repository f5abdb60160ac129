"""How many crops there will be, and how long: estimated from the length of recordings, before any is decoded."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from small_dataset_audio.config.crops import Crops
from small_dataset_audio.dataset.crops.origin import STAGE as CROP
from small_dataset_audio.dataset.crops.places import crops_folder
from small_dataset_audio.dataset.crops.plan import sequential
from small_dataset_audio.pipeline.cropping import rules_of
from small_dataset_audio.pipeline.stage import Job

_RATE: Final = 44_100
"""Samples a second, where crops are so many samples long: planning knows no recording's own rate."""


@dataclass(frozen=True, slots=True)
class Expected:
    """The crops that one track will have.

    Attributes:
        count: about so many.
        seconds: of audio in all of them together, about.
    """

    count: int
    seconds: float

    @property
    def each(self) -> float:
        """Seconds of one of them."""
        return self.seconds / self.count


class _Nowhere:
    """The wave of a recording that was not looked at: it crosses zero nowhere."""

    def first(self, low: int, high: int) -> None:
        """Return None."""

    def nearest(self, place: int, low: int, high: int) -> None:
        """Return None."""


def expected(seconds: float, crops: Crops) -> Expected | None:
    """Return the crops of a recording, None where it is too short for one.

    All are taken to have the longest length: aligned to downbeats they are a little shorter and more, and silent ones are
    left out, as are bars that are no multiple of four where these are asked for.

    Args:
        seconds: length of the recording.
        crops: the settings.
    """
    spans = sequential(round(seconds * _RATE), rules_of(crops, _RATE), _Nowhere())
    return Expected(len(spans), sum(span.length for span in spans) / _RATE) if spans else None


def expected_of(jobs: Sequence[Job], audio: Mapping[Path, float], crops: Crops) -> dict[Path, Expected]:
    """Return track folder -> the crops that its job will make and that do not exist yet; those that do are jobs themselves.

    Args:
        jobs: what is left to do.
        audio: track folder -> seconds of its recording.
        crops: the settings.
    """
    of_length = cache(lambda seconds: expected(seconds, crops))
    found = {}
    for job in jobs:
        if CROP not in job.steps:
            continue
        seconds = audio.get(job.track.folder)
        there = CROP not in job.force and os.path.isdir(crops_folder(job.track))  # noqa: PTH112 - it never raises
        if seconds is not None and not there and (made := of_length(seconds)) is not None:
            found[job.track.folder] = made
    return found
