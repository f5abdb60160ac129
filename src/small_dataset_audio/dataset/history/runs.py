"""Which run made what a stage recorded, as far as the run logs tell."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from small_dataset_audio.dataset.provenance import StageRecord

_SLACKS: Final = (0.1, 2.0)
"""Seconds that it takes to write down what was measured, which a log counts and ``.INFO`` does not: usually, and at most."""
_ROUNDING: Final = 0.002
"""Seconds: both are rounded to a thousandth."""


@dataclass(frozen=True)
class LoggedStep:
    """What a run log says of one stage on one track.

    Attributes:
        log: the run log.
        began: when the run began, in ISO 8601, UTC.
        time: when the step ended, likewise.
        sda: the version of sda that ran.
        library: the library's folder then; None where the log does not say.
        track: the track or crop.
        stage: the stage.
        seconds: how long it took; None where the log does not say.
        version: the stage's version; None likewise.
        settings_hash: over its settings; None likewise.
        failure: what went wrong, as one sentence; None if nothing did.
    """

    log: Path
    began: str
    time: str
    sda: str
    library: Path | None
    track: str
    stage: str
    seconds: float | None = None
    version: int | None = None
    settings_hash: str | None = None
    failure: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return its JSON shape."""
        shape: dict[str, Any] = {"log": str(self.log), "began": self.began, "time": self.time, "sda": self.sda}
        return shape | ({} if self.library is None else {"library": str(self.library)})


def made_by(record: StageRecord, steps: Sequence[LoggedStep], library: Path) -> LoggedStep | None:
    """Return the step that wrote a record; None where no log tells of it.

    It must have gone well, with the version and the settings of the record, and have lasted as long, but for the time that
    it takes to write it down. Of several the last one in this library counts, else the last one in a library of another
    path, since a library may have been moved.

    Args:
        record: what the stage recorded.
        steps: what logs say of this stage on tracks of this name, in order of time.
        library: where the track is now.
    """
    alike = [step for step in steps if _alike(record, step)]
    here = [step for step in alike if step.library == library]
    for among in (here, alike):
        for slack in _SLACKS:
            fitting = [step for step in among if _lasted(record, step, slack)]
            if fitting:
                return fitting[-1]
    return None


def later_failure(made: LoggedStep | None, steps: Sequence[LoggedStep], library: Path) -> LoggedStep | None:
    """Return the last step in this library if it failed, and so left an older result, or none, in place."""
    here = [step for step in steps if step.library == library]
    if not here or here[-1].failure is None or (made is not None and made.time > here[-1].time):
        return None
    return here[-1]


def _alike(record: StageRecord, step: LoggedStep) -> bool:
    return (
        step.failure is None
        and step.version in {None, record.version}
        and step.settings_hash in {None, record.settings_hash}
    )


def _lasted(record: StageRecord, step: LoggedStep, slack: float) -> bool:
    """Return whether a step lasted as long as a record says, where both say so."""
    return step.seconds is None or not record.seconds or -_ROUNDING <= step.seconds - record.seconds <= slack
