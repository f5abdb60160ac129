"""What all run logs together say of tracks: the link between a value in ``.INFO`` and the run that made it."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from small_dataset_audio.config.model import Settings
from small_dataset_audio.dataset.history.runs import LoggedStep
from small_dataset_audio.errors import SdaError
from small_dataset_audio.pipeline.runlog import read_events
from small_dataset_audio.pipeline.stages import stage


@dataclass
class RunRecords:
    """The steps of all runs that are still known.

    Attributes:
        steps: track and stage -> what was done to it, in order of time.
        logs: how many run logs were read.
        notes: logs that could not be read, or not to their end, as sentences.
    """

    steps: dict[tuple[str, str], list[LoggedStep]] = field(default_factory=dict)
    logs: int = 0
    notes: list[str] = field(default_factory=list)

    def of(self, track: str, stage_name: str) -> Sequence[LoggedStep]:
        """Return what was done to a track by a stage, in order of time."""
        return sorted(self.steps.get((track, stage_name), ()), key=lambda step: step.time)


def read_records(folders: Iterable[Path], tracks: Iterable[str]) -> RunRecords:
    """Return what the run logs in some folders say of tracks; a log that is damaged counts as far as it can be read.

    Args:
        folders: of run logs; one that is not there holds none.
        tracks: the names of the tracks.
    """
    found = RunRecords()
    wanted = frozenset(tracks)
    for log in sorted({log for folder in folders for log in _logs(folder, found)}, key=lambda log: log.name):
        found.logs += 1
        try:
            for step in _steps(log, wanted):
                found.steps.setdefault((step.track, step.stage), []).append(step)
        except SdaError as error:
            found.notes.append(f"{error.what} {error.why} What it says after that is not known.")
    return found


def settings_behind(
    folders: Iterable[Path], wanted: Collection[tuple[str, str]]
) -> dict[tuple[str, str], dict[str, Any]]:
    """Return what the settings were behind the hashes that stages recorded, as far as a run log tells.

    Args:
        folders: of run logs.
        wanted: stages, each with the hash over its settings.
    """
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for log in sorted({log for folder in folders for log in _logs(folder, RunRecords())}, reverse=True):
        start = _start(log)
        for name, hashed in set(wanted) - found.keys():
            if _likeness(start, name)[1] == hashed:
                with suppress(SdaError, ValueError):  # a stage or a setting that this version of sda does not know
                    found[name, hashed] = dict(stage(name).relevant(Settings.model_validate(start.get("settings"))))
    return found


def _start(log: Path) -> dict[str, Any]:
    try:
        return next(read_events(log), {})
    except SdaError:
        return {}


def _logs(folder: Path, found: RunRecords) -> list[Path]:
    try:
        return list(folder.glob("run-*.jsonl")) if folder.is_dir() else []
    except OSError as error:
        found.notes.append(f"The run logs in {folder} cannot be read: {error.strerror}.")
        return []


def _steps(log: Path, wanted: frozenset[str]) -> Iterator[LoggedStep]:
    """Yield what a run log says of some tracks."""
    start: Mapping[str, Any] = {}
    for event in read_events(log):
        if event.get("event") == "start":
            start = event
        elif event.get("event") == "step" and event.get("track") in wanted:
            yield _step(log, start, event)


def _step(log: Path, start: Mapping[str, Any], event: Mapping[str, Any]) -> LoggedStep:
    name, seconds = str(event.get("stage")), event.get("seconds")
    version, settings_hash = _likeness(start, name)
    failure = event.get("failure")
    what = failure.get("what") if isinstance(failure, dict) else None
    return LoggedStep(
        log,
        str(start.get("time", "")),
        str(event.get("time", "")),
        str(start.get("version", "")),
        Path(start["library"]) if isinstance(start.get("library"), str) else None,
        str(event["track"]),
        name,
        float(seconds) if isinstance(seconds, int | float) else None,
        version,
        settings_hash,
        None if event.get("ok") is True else str(what or "It failed."),
    )


def _likeness(start: Mapping[str, Any], name: str) -> tuple[int | None, str | None]:
    """Return a stage's version and the hash of its settings in a run, as far as the log knows (`history.likeness`)."""
    told, versions = start.get("likeness"), start.get("stages")
    words = str(told.get(name, "")).split(" ") if isinstance(told, dict) else []
    version = versions.get(name) if isinstance(versions, dict) else None
    return version if isinstance(version, int) else None, words[1] if len(words) > 1 else None
