"""What is to be done: which track still needs which stages, found by reading and never by writing."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Final

from small_dataset_audio.atomic import store_error
from small_dataset_audio.config.model import Settings
from small_dataset_audio.config.order import STAGES
from small_dataset_audio.dataset.layout import Track, holds_tracks, list_folders
from small_dataset_audio.dataset.organize import Incoming, assign, search, track_name
from small_dataset_audio.errors import PipelineError
from small_dataset_audio.pipeline.request import Failure, Request
from small_dataset_audio.pipeline.sorting import Sorted, Steps, sorted_folders, sorted_recordings
from small_dataset_audio.pipeline.stage import Job

__all__ = ["ORGANIZE", "Failure", "Plan", "Request", "has_tracks", "make_plan"]

ORGANIZE: Final = STAGES[0]
"""The stage that brings recordings in; it comes before all others."""


@dataclass
class Plan:
    """The jobs of a run, and what needs none.

    Attributes:
        library: the library's folder.
        jobs: tracks with something left to do.
        done: names of tracks for which all the stages are done.
        failures: tracks and recordings that cannot be planned.
        notes: sentences for the user (duplicates, folders that could not be read).
    """

    library: Path
    jobs: list[Job] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def make_plan(request: Request, library: Path, settings: Settings) -> Plan:
    """Return what is left to do for ``request`` in ``library``. Nothing is written.

    Raises:
        SdaError: the source cannot be read or holds no audio, or the library cannot be listed.
    """
    plan = Plan(library)
    source = request.source
    if source is None:
        names = list_folders(library) if _is_there(library) else []
    elif (inside := _folders_inside(source, library)) is not None:
        names = inside
    else:
        _take_in(source, request, plan, settings)
        return plan
    _collect(plan, request, sorted_folders(library, request, settings, names))
    return plan


def has_tracks(library: Path) -> bool:
    """Return whether there is a track in ``library``, which need not exist yet.

    Raises:
        StoreError: it cannot be read.
    """
    return _is_there(library) and holds_tracks(library)


def _is_there(library: Path) -> bool:
    try:
        library.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise store_error("read", library, error) from error
    return True


def _folders_inside(source: Path, library: Path) -> list[str] | None:
    """Return the folders that ``source`` names when it is the library or a track folder in it, else None."""
    resolved, root = source.resolve(), library.resolve()
    if resolved == root:
        return list_folders(library)
    if resolved.parent == root and Track(library / resolved.name).mix is not None:
        return [resolved.name]
    return None


def _collect(
    plan: Plan, request: Request, pieces: Iterable[Sorted], incoming: Mapping[str, Incoming] | None = None
) -> list[str]:
    """Add what was found to the plan; return the recordings that are still strangers.

    Args:
        plan: the plan.
        request: what was asked for.
        pieces: what was found.
        incoming: track name -> the recording that its job brings with it.
    """
    strangers: list[str] = []
    deleted: Counter[str] = Counter()
    shared: dict[Steps, tuple[Steps, frozenset[str]]] = {}
    bring = incoming or {}
    for piece in pieces:
        for folder, found in piece.todo:
            # Most jobs of a large library have the same steps: they share them.
            steps, force = shared.setdefault(found, (found, request.force & set(found)))
            plan.jobs.append(Job(Track(plan.library / folder), steps, bring.get(folder), force))
        plan.done.extend(piece.done)
        plan.failures.extend(piece.failures)
        strangers.extend(piece.strangers)
        deleted.update(piece.deleted)
    for stage, tracks in deleted.items():
        whom = "One track has" if tracks == 1 else f"{tracks} tracks have"
        plan.notes.append(
            f"{whom} none of the recordings left that {stage} made: it is not done again unasked. "
            f"`sda run --force {stage}` makes them anew."
        )
    return strangers


def _take_in(source: Path, request: Request, plan: Plan, settings: Settings) -> None:
    """Plan the recordings of ``source``: those that are in the library by what is left to do, new ones from the beginning."""
    found = search(source, library=plan.library)
    plan.notes.extend(f"{problem.what} {problem.why}" for problem in found.problems)
    if found.tracks:
        several = len(found.tracks) > 1
        many = f"{len(found.tracks)} folders of an sda library were" if several else "One folder of an sda library was"
        plan.notes.append(
            f"{many} left out, such as {found.tracks[0]}: what is a track already is no recording to bring in."
        )
    if not found.paths:
        raise PipelineError(
            f"There is no audio in {source}.",
            " ".join(("Nothing there has the name of an audio format.", *plan.notes)),
            "Name a folder with recordings (WAV, FLAC, MP3, OGG, OPUS, M4A, AIFF and others), or one recording.",
        )
    strangers = found.paths
    if _is_there(plan.library):
        strangers = _collect(plan, request, sorted_recordings(plan.library, request, settings, found.paths))
    if not strangers:
        return
    unknown = set(strangers)
    held = {track_name(path): path for path in found.paths if path not in unknown}
    incoming = assign(map(Path, strangers), plan.library, held=held)
    for one in incoming:
        if one.state == "duplicate":
            plan.notes.append(f"{one.source.name} has the same content as {one.duplicate_of} and is left out.")
    _add_new([one for one in incoming if one.state == "new"], request, plan)
    _add_present([one for one in incoming if one.state == "present"], request, plan, settings)


def _add_new(new: list[Incoming], request: Request, plan: Plan) -> None:
    if request.stages[0].name == ORGANIZE:
        steps = tuple(stage.name for stage in request.stages)
        plan.jobs.extend(Job(one.track, steps, one) for one in new)
    elif new:
        plan.notes.append(f"{len(new)} recordings are not in the library and stay out of it: organize was left out.")


def _add_present(present: list[Incoming], request: Request, plan: Plan, settings: Settings) -> None:
    """Plan the tracks of recordings that are in the library; organize notes the new place of those that moved."""
    organizes = request.stages[0].name == ORGANIZE
    moved = {one.track.name: one for one in present if organizes and one.note is not None}
    still = [one.track.name for one in present if one.track.name not in moved]
    library = plan.library
    first = sorted_folders(library, request, settings, list(moved), (ORGANIZE,))
    _collect(plan, request, chain(first, sorted_folders(library, request, settings, still)), moved)
