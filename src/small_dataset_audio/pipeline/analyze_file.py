"""Everything that can be heard in one file, nothing written: what ``sda analyze`` shows."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.audio.content import file_sha256
from small_dataset_audio.audio.decode import decode
from small_dataset_audio.errors import UsageError
from small_dataset_audio.features import extract
from small_dataset_audio.features.catalog import declared
from small_dataset_audio.features.measured import Measured
from small_dataset_audio.pipeline.scratch import scratch
from small_dataset_audio.pipeline.stage import Bench, Outcome, Stage
from small_dataset_audio.pipeline.stages import ANALYZE, STAGES, analysis_options, info_values
from small_dataset_audio.pipeline.steps.beats import beat_source


@dataclass
class FileAnalysis:
    """What the stages found in one file.

    Attributes:
        file: the file.
        audio: ``seconds``, ``rate``, ``channels``, ``sha256``, and ``truncated`` where the file was cut short.
        found: the measurement.
        captions: name -> what was said of it.
        known: all of it, as ``.INFO`` would hold it.
        stages: stage -> ``version``, and ``seconds`` that it took.
        warnings: sentences for the user.
        seconds: time spent, decoding included.
    """

    file: Path
    audio: Mapping[str, Any]
    found: Measured = field(default_factory=Measured)
    captions: dict[str, str] = field(default_factory=dict)
    known: dict[str, Any] = field(default_factory=dict)
    stages: dict[str, dict[str, float]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON shape of ``sda analyze --json``."""
        return {
            "file": str(self.file),
            "audio": dict(self.audio),
            "features": self.found.values,
            "declared": _declarations(self.found.values),
            "labels": self.found.labels,
            "captions": self.captions,
            "times": {name: [round(float(t), 6) for t in times] for name, times in self.found.times.items()},
            "absent": self.found.absent,
            "confidence": self.found.confidence,
            "stages": self.stages,
        }

    def measured(self, found: Measured) -> None:
        """Take in a measurement."""
        self.found.add(found)
        self.known.update(info_values(found))

    def heard(self, outcome: Outcome) -> None:
        """Take in what a stage that listens made of the file."""
        self.known.update(outcome.values)
        for name, value in outcome.values.items():
            if isinstance(value, Mapping):
                self.found.labels[name] = dict(value)
            elif isinstance(value, int | float):
                self.found.values[name] = value
            else:
                self.captions[name] = str(value)
        self.found.absent.update(outcome.absent)
        self.warnings += [one for one in outcome.warnings if one not in self.warnings]


def _declarations(names: Iterable[str]) -> dict[str, dict[str, object]]:
    """Return name -> unit and range of the features called ``names``."""
    known = declared()
    chosen = {name: known[name] for name in names}
    return {
        name: {"unit": one.unit, "low": one.low, "high": one.high, "kind": one.kind} for name, one in chosen.items()
    }


def analyze_file(file: Path, stages: tuple[Stage, ...], bench: Bench) -> FileAnalysis:
    """Return what those of ``stages`` that hear a recording find in ``file``. Nothing is written.

    Args:
        file: the recording.
        stages: what to measure, in order; those that only work in a library are passed over.
        bench: the settings, and the device of models.

    Raises:
        UsageError: none of the stages measures anything.
        AudioError: the file cannot be decoded.
        SdaError: a stage failed.
    """
    hearing = tuple(stage for stage in stages if stage == ANALYZE or stage.listen is not None)
    if not hearing:
        able = [stage.name for stage in STAGES if stage == ANALYZE or stage.listen is not None]
        raise UsageError(
            "None of the stages asked for measures a file.",
            f"Those that do: {', '.join(able)}.",
            "Leave out --stages, or name one of these among them.",
        )
    began = time.perf_counter()
    settings = bench.settings
    clip = decode(file, allow_truncated=settings.pipeline.allow_truncated, scratch=scratch(settings))
    analysis = FileAnalysis(file, _audio(file, clip))
    for stage in hearing:
        since = time.perf_counter()
        if stage.listen is not None:
            analysis.heard(stage.listen(bench)(clip, analysis.known))
        else:
            analysis.measured(_measured(clip, bench))
        analysis.stages[stage.name] = {"version": stage.version, "seconds": round(time.perf_counter() - since, 3)}
    analysis.seconds = time.perf_counter() - began
    return analysis


def _audio(file: Path, clip: Clip) -> dict[str, Any]:
    audio: dict[str, Any] = {
        "seconds": round(clip.seconds, 6),
        "rate": clip.rate,
        "channels": clip.channels,
        "sha256": file_sha256(file),
    }
    return {**audio, "truncated": True} if clip.truncated else audio


def _measured(clip: Clip, bench: Bench) -> Measured:
    options = replace(analysis_options(bench.settings), timeseries_steps=None)
    return extract.measure_clips(clip, {}, options, beat_source(bench.settings, bench.device)(clip))
