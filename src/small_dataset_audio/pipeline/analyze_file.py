"""Every feature of one file, nothing written: what ``sda analyze`` shows."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from small_dataset_audio.audio.content import file_sha256
from small_dataset_audio.audio.decode import decode
from small_dataset_audio.config.model import Settings
from small_dataset_audio.errors import UsageError
from small_dataset_audio.features import extract
from small_dataset_audio.features.catalog import declared
from small_dataset_audio.features.measured import Measured
from small_dataset_audio.pipeline.scratch import scratch
from small_dataset_audio.pipeline.stage import Stage
from small_dataset_audio.pipeline.stages import ANALYZE, analysis_options
from small_dataset_audio.pipeline.steps.beats import beat_source


@dataclass(frozen=True)
class FileAnalysis:
    """What the stages found in one file.

    Attributes:
        file: the file.
        audio: ``seconds``, ``rate``, ``channels``, ``sha256``, and ``truncated`` where the file was cut short.
        found: the measurement.
        seconds: time spent, decoding included.
    """

    file: Path
    audio: dict[str, Any]
    found: Measured
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON shape of ``sda analyze --json``."""
        return {
            "file": str(self.file),
            "audio": self.audio,
            "features": self.found.values,
            "declared": _declarations(self.found.values),
            "labels": self.found.labels,
            "captions": {},
            "times": {name: [round(float(t), 6) for t in times] for name, times in self.found.times.items()},
            "absent": self.found.absent,
            "confidence": self.found.confidence,
            "stages": {ANALYZE.name: {"version": ANALYZE.version, "seconds": round(self.seconds, 3)}},
        }


def _declarations(names: Iterable[str]) -> dict[str, dict[str, object]]:
    """Return name -> unit and range of the features called ``names``."""
    known = declared()
    chosen = {name: known[name] for name in names}
    return {
        name: {"unit": one.unit, "low": one.low, "high": one.high, "kind": one.kind} for name, one in chosen.items()
    }


def analyze_file(file: Path, settings: Settings, stages: tuple[Stage, ...], device: str | None = None) -> FileAnalysis:
    """Return what ``stages`` find in ``file``. Nothing is written.

    Args:
        file: the recording.
        settings: how to measure.
        stages: what to measure.
        device: where a beat tracker with weights computes; None for the processor.

    Raises:
        UsageError: none of the stages measures anything.
        AudioError: the file cannot be decoded.
    """
    if ANALYZE not in stages:
        raise UsageError(
            "None of the stages asked for measures a file.",
            f"Only {ANALYZE.name} does.",
            f"Leave out --stages, or name {ANALYZE.name} among them.",
        )
    began = time.perf_counter()
    clip = decode(file, allow_truncated=settings.pipeline.allow_truncated, scratch=scratch(settings))
    given_beats = beat_source(settings, device)(clip)
    found = extract.measure_clips(clip, {}, replace(analysis_options(settings), timeseries_steps=None), given_beats)
    audio: dict[str, Any] = {
        "seconds": round(clip.seconds, 6),
        "rate": clip.rate,
        "channels": clip.channels,
        "sha256": file_sha256(file),
    }
    if clip.truncated:
        audio["truncated"] = True
    return FileAnalysis(file, audio, found, time.perf_counter() - began)
