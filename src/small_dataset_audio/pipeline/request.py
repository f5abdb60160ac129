"""What the user asked for, and what could not be done about it: shapes that planning and running share."""

from dataclasses import dataclass
from pathlib import Path

from small_dataset_audio.errors import SdaError
from small_dataset_audio.pipeline.stage import Stage


@dataclass(frozen=True)
class Failure:
    """One track (or recording) that one stage could not deal with: the JSON shape of a run's failures."""

    track: str
    stage: str
    what: str
    why: str
    fix: str

    @classmethod
    def of(cls, track: str, stage: str, error: SdaError) -> "Failure":
        """Return the failure of ``stage`` on ``track`` that ``error`` describes."""
        return cls(track, stage, error.what, error.why, error.fix)


@dataclass(frozen=True)
class Request:
    """What the user asked for.

    Attributes:
        source: a folder or file of recordings to bring in, or None for what is in the library.
        stages: the stages to run, in order.
        force: names of stages to run again even where they are done.
        crop_stages: the stages that the crops of a track go through, in order (`pipeline.follow_up`).
    """

    source: Path | None
    stages: tuple[Stage, ...]
    force: frozenset[str] = frozenset()
    crop_stages: tuple[Stage, ...] = ()

    @property
    def every_stage(self) -> tuple[Stage, ...]:
        """The stages that run, be it on tracks or on their crops."""
        names = {stage.name for stage in self.stages}
        return (*self.stages, *(stage for stage in self.crop_stages if stage.name not in names))

    def of_crops(self) -> "Request":
        """Return what is asked for of crops."""
        return Request(None, self.crop_stages, self.force)
