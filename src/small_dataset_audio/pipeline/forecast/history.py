"""What the run logs know: how long each stage took per second of audio, and how much memory its workers held."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from typing import Any, Final

from small_dataset_audio.config.model import Settings
from small_dataset_audio.errors import SdaError
from small_dataset_audio.pipeline.runlog import read_events
from small_dataset_audio.pipeline.stage import Stage

NEWEST: Final = 20
"""So many run logs are read, the newest first: older ones tell of older times."""
ENOUGH: Final = 200
"""So many tracks of every stage are enough to know its pace."""
LEAST_SPREAD: Final = 1.2
"""A machine is this much faster or slower from one day to the next: bounds are never closer than that."""
_TENTHS: Final = 10


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a stage works, by what it did.

    Attributes:
        seconds: of work per second of audio, over all tracks together.
        low: exceeded by nine tracks in ten.
        high: exceeded by one track in ten.
        tracks: how many this is known from.
        peak_bytes: the most memory that a worker held; 0 where that was not written down.
        opening: seconds until a worker is ready for it.
    """

    seconds: float
    low: float
    high: float
    tracks: int = 0
    peak_bytes: int = 0
    opening: float = 0.0


@dataclass(frozen=True, slots=True)
class Done:
    """One stage of one track that went well."""

    seconds: float
    """Of work, without what it took to be ready for it."""
    audio_seconds: float
    peak_bytes: int = 0
    opening: float = 0.0


@dataclass
class History:
    """Steps of earlier runs, by stage.

    Attributes:
        steps: stage -> what went well.
        notes: logs that could not be read, as sentences.
    """

    steps: dict[str, list[Done]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def pace(self, stage: str) -> Pace | None:
        """Return how fast a stage works, or None where it never ran like this."""
        steps = self.steps.get(stage)
        if not steps:
            return None
        each = [one.seconds / one.audio_seconds for one in steps]
        tenths = quantiles(each, n=_TENTHS, method="inclusive") if len(each) > 1 else each
        total = sum(one.seconds for one in steps) / sum(one.audio_seconds for one in steps)
        return Pace(
            total,
            min(tenths[0], total / LEAST_SPREAD),
            max(tenths[-1], total * LEAST_SPREAD),
            len(steps),
            max(one.peak_bytes for one in steps),
            max(one.opening for one in steps),
        )


def likeness(stage: Stage, settings: Settings, where: str) -> str:
    """Return what two runs of a stage must have in common for one to tell of the other.

    Args:
        stage: its version counts.
        settings: those that change its result count, and its weights.
        where: what it computes on.
    """
    return f"{stage.version} {stage.settings_hash(settings)} {where}"


def read_history(reports: Path, wanted: Mapping[str, str]) -> History:
    """Return what the newest run logs know of stages.

    Args:
        reports: the folder of the logs.
        wanted: stage -> its `likeness`; steps of another likeness say nothing.
    """
    history = History()
    logs = sorted(reports.glob("run-*.jsonl"), reverse=True)[:NEWEST] if reports.is_dir() else []
    for log in logs:
        try:
            for stage, step in _steps(read_events(log), wanted):
                history.steps.setdefault(stage, []).append(step)
        except SdaError as error:
            history.notes.append(f"{error.what} {error.why} It is not used.")
        if all(len(history.steps.get(name, ())) >= ENOUGH for name in wanted):
            break
    return history


def _steps(events: Iterable[Mapping[str, Any]], wanted: Mapping[str, str]) -> Iterator[tuple[str, Done]]:
    """Yield (stage, what it did) of the steps that went well and whose recording's duration is known."""
    telling: set[str] = set()
    for event in events:
        if event.get("event") == "start":
            found = event.get("likeness")
            telling = {name for name, own in wanted.items() if isinstance(found, dict) and found.get(name) == own}
        elif event.get("event") == "step" and event.get("ok") is True and event.get("stage") in telling:
            took, audio = _number(event.get("seconds")), _number(event.get("audio_seconds"))
            if took is not None and audio:
                opening = min(took, _number(event.get("opening")) or 0.0)
                yield (
                    str(event["stage"]),
                    Done(took - opening, audio, int(_number(event.get("peak_bytes")) or 0), opening),
                )


def _number(told: object) -> float | None:
    """Return a number that is not negative; None for anything else."""
    return float(told) if isinstance(told, int | float) and told >= 0 else None
