"""Tracks to be cut, whose cuts follow from their definition."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from small_dataset_audio.config.model import Settings
from small_dataset_audio.dataset.info import StageRecord, safe_update
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.dataset.times import write_times
from small_dataset_audio.pipeline.stage import Bench, Job, Outcome
from small_dataset_audio.pipeline.steps.crop import CROP
from support.signals import Signal, noise, write_audio

RATE = 8000
BAR = 0.5
"""Seconds: four beats at 480 BPM, so that pieces can be short."""


def crop_settings(folder: Path, **crops: object) -> Settings:
    """Return settings with everything in ``folder``, and ``crops`` in the section of that name."""
    names = ("library", "reports", "cache", "datasets", "models", "generated")
    asked = {"stages": ["organize", "analyze", "crop"]}
    return Settings.model_validate(
        {"paths": {name: folder / name for name in names}, "pipeline": asked, "crops": crops}
    )


def cuttable(
    library: Path,
    samples: Signal | None = None,
    *,
    bars: float | None = 12,
    subtype: str = "PCM_16",
    stems: Iterable[str] = (),
    rate: int = RATE,
    **values: object,
) -> Track:
    """Return the track "tape" in ``library``: noise of so many bars, or ``samples``, with beats unless ``bars`` is None."""
    folder = library / "tape"
    folder.mkdir(parents=True)
    if samples is None:
        samples = noise((bars or 12) * BAR, rate, channels=2)
    write_audio(folder / "full_mix.flac", samples, rate, subtype)
    for number, stem in enumerate(stems):
        write_audio(folder / f"{stem}.flac", noise(samples.shape[1] / rate, rate, seed=number + 1), rate, subtype)
    track = Track(folder)
    analyzed: dict[str, Any] = {"bpm_is_defined": 0, "lufs": -20.0}
    if bars is not None:
        beats = np.arange(0, bars * BAR, BAR / 4)
        write_times(track.sidecar("BEATS_GRID"), beats)
        write_times(track.sidecar("DOWNBEATS"), beats[::4])
        write_times(track.sidecar("ONSETS"), beats + 0.01)
        analyzed |= {"bpm": 480.0, "bpm_is_defined": 1}
    safe_update(track.info, analyzed, stage=StageRecord("analyze", 1, "x", "y", 1.0))
    if values:
        safe_update(track.info, values)
    return track


def carried_out(track: Track, settings: Settings, *, force: bool = False) -> Outcome:
    """Return what the stage made of a track."""
    work = CROP.open(Bench(settings))
    return work(Job(track, (CROP.name,), force=frozenset({CROP.name} if force else ())))
