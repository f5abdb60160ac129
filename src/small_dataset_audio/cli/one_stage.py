"""What the commands with one stage share: they run it on the tracks that the user names, and say how that ended."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from small_dataset_audio.cli.console import as_called
from small_dataset_audio.cli.run import carry_out_plan, show_summary
from small_dataset_audio.cli.session import Session
from small_dataset_audio.errors import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_OK, SdaError
from small_dataset_audio.pipeline.logs import one_line

if TYPE_CHECKING:
    from small_dataset_audio.cli.targets import Targets
    from small_dataset_audio.dataset.layout import Track
    from small_dataset_audio.pipeline.plan import Plan, Request
    from small_dataset_audio.pipeline.run import Summary

_Answer = TypeVar("_Answer")
Failures = Sequence[tuple[Path, SdaError]]
"""Recordings in no library that something went wrong with, and what."""

LIBRARIES_SCHEMA: Final[dict[str, Any]] = {
    "type": "array",
    "items": {"type": "object"},
    "description": "One document of sda run per library.",
}
FAILURES_SCHEMA: Final[dict[str, Any]] = {
    "type": "array",
    "description": "Recordings in no library that the command could not deal with.",
    "items": {
        "type": "object",
        "properties": {key: {"type": "string"} for key in ("file", "what", "why", "fix")},
        "required": ["file", "what", "why", "fix"],
        "additionalProperties": False,
    },
}


def only(session: Session, stage: str) -> None:
    """Let the settings ask for ``stage`` alone, by its name.

    Raises:
        SdaError: this installation cannot run it.
    """
    from small_dataset_audio.pipeline.stages import pick

    session.override({"pipeline.stages": ("STAGE", [stage]), "pipeline.skip": ("STAGE", [])})
    pick(session.loaded.settings)


def check_places(session: Session, targets: "Targets", *, writes: bool = True) -> None:
    """Run the checks of the environment, with the libraries that are worked on in place of that of the settings.

    Args:
        session: the settings.
        targets: what the user named.
        writes: anything is written into a library, where some is named.

    Raises:
        EnvironmentFault: as of `Session.check_environment`.
    """
    session.check_environment(writes=writes and bool(targets.tracks), libraries=targets.tracks)


def run_on(session: Session, stage: str, tracks: "Mapping[Path, list[Track]]", *, force: bool) -> "list[Summary]":
    """Return how ``stage`` ended in each library.

    Args:
        session: the settings, and where progress is shown.
        stage: its name.
        tracks: library -> those of its tracks to work on.
        force: also where it is done.
    """
    return [_run_in(session, stage, library, named, force=force) for library, named in tracks.items()]


def _run_in(session: Session, name: str, library: Path, tracks: "list[Track]", *, force: bool) -> "Summary":
    plan, request = plan_for(session, name, library, tracks, force=force)
    return carry_out_plan(session, plan, request)


def plan_for(
    session: Session, name: str, library: Path, tracks: "list[Track]", *, force: bool
) -> "tuple[Plan, Request]":
    """Return what the stage ``name`` has to do on ``tracks`` of a library, and the request for it."""
    from small_dataset_audio.dataset.crops.places import owner
    from small_dataset_audio.pipeline.plan import make_plan
    from small_dataset_audio.pipeline.stages import request_for, stage

    names = {track.name for track in tracks}
    settings = session.loaded.settings
    request = request_for(None, (stage(name),), frozenset({name} if force else ()), settings)
    plan = make_plan(request, library, settings)
    plan.jobs = [job for job in plan.jobs if {job.track.name, owner(job.track).name} & names]
    plan.done = [done for done in plan.done if done in names]
    plan.failures = [failure for failure in plan.failures if failure.track in names]
    return plan, request


def exit_status(summaries: "Iterable[Summary]", *, failed: bool) -> int:
    """Return the exit status of the command: an interruption counts most, then any failure."""
    found = {summary.exit_status for summary in summaries} | ({EXIT_FAILED} if failed else set())
    return EXIT_INTERRUPTED if EXIT_INTERRUPTED in found else max(found, default=EXIT_OK)


def failures_as_json(failures: Failures) -> list[dict[str, str]]:
    """Return the failures as `FAILURES_SCHEMA` describes them."""
    return [{"file": str(file), **error.as_dict()} for file, error in failures]


def show_failures(session: Session, failures: Failures) -> None:
    """Write what could not be done, and how to fix it."""
    show = session.terminal.result
    for file, error in failures:
        show(one_line(f"FAILED {file}"), "red")
        show(f"  {error.what}\n  Why: {error.why}\n  Fix: {as_called(error.fix)}")


class FileAnswer(Protocol):
    """What became of one recording that is in no library."""

    def as_dict(self) -> dict[str, Any]:
        """Return its JSON shape."""


_FileAnswer = TypeVar("_FileAnswer", bound=FileAnswer)


def document_schema(title: str, file: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON Schema of a command's document, given the properties of one recording that is in no library."""
    files = {"type": "object", "properties": dict(file), "required": [*file], "additionalProperties": False}
    properties = {
        "libraries": LIBRARIES_SCHEMA,
        "files": {"type": "array", "items": files},
        "failures": FAILURES_SCHEMA,
        "seconds": {"type": "number"},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "type": "object",
        "properties": properties,
        "required": [*properties],
        "additionalProperties": False,
    }


def each(
    session: Session, files: Sequence[Path], work: Callable[[Path], _Answer]
) -> tuple[list[_Answer], list[tuple[Path, SdaError]]]:
    """Return what ``work`` made of each of ``files``, and what it could not deal with, with a line for each on the way."""
    done: list[_Answer] = []
    failures: list[tuple[Path, SdaError]] = []
    for number, file in enumerate(files, 1):
        try:
            done.append(work(file))
            session.terminal.status(f"[{number}/{len(files)}] {file.name}: done")
        except SdaError as error:
            failures.append((file, error))
            session.terminal.status(f"[{number}/{len(files)}] {file.name}: FAILED: {error.what}")
    return done, failures


def work_on(
    session: Session,
    stage: str,
    targets: "Targets",
    on_files: Callable[[list[Path]], tuple[Sequence[_FileAnswer], Failures]],
    *,
    force: bool,
    show: Callable[[_FileAnswer], None] | None,
) -> int:
    """Return the exit status of a command that does the same to tracks of libraries, as a stage, and to other recordings.

    Args:
        session: the settings, and where progress is shown.
        stage: its name.
        targets: what the user named.
        on_files: does it to recordings that are in no library, of which there are some.
        force: also where it is done.
        show: as of `conclude`.
    """
    began = time.monotonic()
    summaries = run_on(session, stage, targets.tracks, force=force)
    files, failures = on_files(targets.files) if targets.files else ((), ())
    return conclude(session, summaries, files, failures, began=began, show=show)


def conclude(
    session: Session,
    summaries: "Sequence[Summary]",
    files: Sequence[_FileAnswer],
    failures: Failures,
    *,
    began: float,
    show: Callable[[_FileAnswer], None] | None,
) -> int:
    """Return the exit status of the command, having said how everything ended.

    Args:
        session: where it is said.
        summaries: of the libraries.
        files: what was made of recordings that are in no library.
        failures: those that could not be dealt with.
        began: when the command began, by `time.monotonic`.
        show: says what became of one recording; None where one JSON document is wanted.
    """
    if show is None:
        session.print_json(
            {
                "libraries": [summary.as_dict() for summary in summaries],
                "files": [one.as_dict() for one in files],
                "failures": failures_as_json(failures),
                "seconds": round(time.monotonic() - began, 3),
            }
        )
    else:
        for summary in summaries:
            show_summary(session, summary)
        for one in files:
            show(one)
        show_failures(session, failures)
    return exit_status(summaries, failed=bool(failures))
