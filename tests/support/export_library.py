"""A library to export: every recording is a tone of its own, so that none can be taken for another."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from small_dataset_audio.config.export import Export
from small_dataset_audio.dataset.crops.places import crop_name, crops_folder
from small_dataset_audio.dataset.export.exporting import FormatName, Request
from small_dataset_audio.dataset.info import StageRecord, safe_update
from small_dataset_audio.dataset.layout import Track
from support.signals import Signal, tone, write_audio

RATE: Final = 44100
SECONDS: Final = 1.0
FIRST_HZ: Final = 300.0
STEP_HZ: Final = 100.0

VALUES: Final[Mapping[str, Any]] = {
    "bpm": 120.0,
    "bpm_is_defined": 1,
    "tonic": 9,
    "tonic_scale": "minor",
    "lufs": -14.5,
    "essentia_genre": {"Electronic---House": 0.5, "Electronic---Techno": 0.3},
    "music_flamingo_full": "A house track with a \"warm\" pad, voices and brass: 'café'.",
    "genres": ["House"],
}


def hertz(number: int) -> float:
    """Return the frequency of the ``number``-th recording."""
    return FIRST_HZ + STEP_HZ * number


def heard_hertz(samples: Signal, rate: int) -> float:
    """Return the frequency of the tone in ``samples`` ``[shape=(channels, n)]``."""
    mono = np.asarray(samples, dtype=np.float64).mean(axis=0)
    spectrum = np.abs(np.fft.rfft(mono * np.hanning(mono.size)))
    return float(np.argmax(spectrum) * rate / mono.size)


def add_track(
    library: Path, name: str, number: int, values: Mapping[str, Any] | None = None, *, suffix: str = ".flac"
) -> Track:
    """Return a new track that sounds at ``hertz(number)``, analyzed with ``values`` in place of some of `VALUES`."""
    folder = library / name
    folder.mkdir(parents=True)
    write_audio(folder / f"full_mix{suffix}", tone(SECONDS, RATE, hertz(number), channels=2), RATE)
    track = Track(folder)
    describe(track, {**VALUES, "bpm": 80.0 + number, **(values or {})})
    return track


def add_crops(track: Track, numbers: list[int]) -> list[Track]:
    """Return new crops of a track, the first of which sounds at ``hertz`` of the first of ``numbers``."""
    crops = []
    for place, number in enumerate(numbers, 1):
        name = crop_name(track, place)
        crops.append(add_track(crops_folder(track), name, number, {"position_in_file": (place - 1) / len(numbers)}))
    return crops


def describe(track: Track, values: Mapping[str, Any], absent: Mapping[str, str] | None = None) -> None:
    """Write what ``analyze`` found on a track; None stands for what it did not find."""
    found = {name: value for name, value in values.items() if value is not None}
    safe_update(track.info, found, stage=StageRecord("analyze", 1, "x", "y", 1.0, absent=absent or {}))


def request(form: FormatName, library: Path, output: Path, **changed: Any) -> Request:  # noqa: ANN401 - any field
    """Return a request with the usual settings, and ``changed`` in place of some."""
    usual = Export()
    fields: dict[str, Any] = {
        "format": form,
        "library": library,
        "output": output,
        "of": None,
        "share": usual.validation,
        "seed": usual.seed,
        "template": usual.template,
        "features": None,
        "root": None,
        "allow_truncated": False,
        "cache": library.parent / "cache",
    }
    return Request(**{**fields, **changed})
