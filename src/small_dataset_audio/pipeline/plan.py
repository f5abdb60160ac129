"""What is to be done: which track still needs which stages, found by reading and never by writing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from small_dataset_audio.config.model import Settings
from small_dataset_audio.config.order import STAGES
from small_dataset_audio.dataset.crops.origin import STAGE as CROP
from small_dataset_audio.dataset.crops.origin import read_origin
from small_dataset_audio.dataset.crops.places import crop_folders
from small_dataset_audio.dataset.identity import audio_identity
from small_dataset_audio.dataset.info import read_provenance
from small_dataset_audio.dataset.layout import Track, list_tracks
from small_dataset_audio.dataset.organize import Incoming, assign, search
from small_dataset_audio.errors import PipelineError, SdaError
from small_dataset_audio.pipeline.stage import Job, Stage

ORGANIZE: Final = STAGES[0]
"""The stage that brings recordings in; it comes before all others."""


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
        tracks = tracks_of(library)
    elif (inside := _tracks_inside(source, library)) is not None:
        tracks = inside
    else:
        for incoming in _take_in(source, request, plan):
            _add(plan, incoming.track, request, settings, incoming)
        return plan
    for track in tracks:
        _add(plan, track, request, settings)
    return plan


def tracks_of(library: Path) -> list[Track]:
    """Return the tracks of ``library``; none where it does not exist yet.

    Raises:
        StoreError: it cannot be read.
    """
    return list_tracks(library) if library.exists() else []


def missing_stages(made: Mapping[str, Any], track: Track, request: Request, settings: Settings) -> tuple[str, ...]:
    """Return the stages among ``request.stages`` that still have to run on ``track``, given its provenance.

    A stage is done when ``.INFO`` says that this stage, at this version and with these settings, ran on this audio and on
    these other inputs (stems).
    It runs again when it is forced, or when a stage whose results it builds on does.
    """
    stages = [stage for stage in request.stages if stage.records]
    if not stages:
        return ()
    records = made.get("stages", {})
    sha256 = audio_identity(track, remember=False)["sha256"]
    missing: list[str] = []
    for stage in stages:
        record = records.get(stage.name, {})
        current = (
            record.get("version") == stage.version
            and record.get("settings_hash") == stage.settings_hash(settings)
            and record.get("audio_sha256") == sha256
            and record.get("inputs", {}) == stage.inputs(track, False)
        )
        if not current or stage.name in request.force or set(stage.needs) & set(missing):
            missing.append(stage.name)
    return tuple(missing)


def _tracks_inside(source: Path, library: Path) -> list[Track] | None:
    """Return the tracks that ``source`` names when it is the library or a track folder in it, else None."""
    resolved, root = source.resolve(), library.resolve()
    if resolved == root:
        return list_tracks(library)
    if resolved.parent == root and (track := Track(library / resolved.name)).mix is not None:
        return [track]
    return None


def _take_in(source: Path, request: Request, plan: Plan) -> list[Incoming]:
    """Plan the recordings of ``source`` that are new, and return those that are in the library."""
    found = search(source, library=plan.library)
    plan.notes.extend(f"{problem.what} {problem.why}" for problem in found.problems)
    if not found.files:
        raise PipelineError(
            f"There is no audio in {source}.",
            "Nothing there has the name of an audio format.",
            "Name a folder with recordings (WAV, FLAC, MP3, OGG, OPUS, M4A, AIFF and others), or one recording.",
        )
    incoming = assign(found.files, plan.library)
    for one in incoming:
        if one.state == "duplicate":
            plan.notes.append(f"{one.source.name} has the same content as {one.duplicate_of} and is left out.")
    new = [one for one in incoming if one.state == "new"]
    if request.stages[0].name == ORGANIZE:
        steps = tuple(stage.name for stage in request.stages)
        plan.jobs.extend(Job(one.track, steps, one) for one in new)
    elif new:
        plan.notes.append(f"{len(new)} recordings are not in the library and stay out of it: organize was left out.")
    return [one for one in incoming if one.state == "present"]


def _add(plan: Plan, track: Track, request: Request, settings: Settings, incoming: Incoming | None = None) -> None:
    """Sort one track of the library into ``plan``; a recording that moved since has its new place noted by organize."""
    try:
        steps = missing_stages(read_provenance(track.info), track, request, settings)
    except SdaError as error:
        plan.failures.append(Failure.of(track.name, "plan", error))
        return
    if incoming is not None and incoming.note is not None and request.stages[0].name == ORGANIZE:
        steps = (ORGANIZE, *steps)
    if steps:
        plan.jobs.append(Job(track, steps, incoming, request.force & set(steps)))
    else:
        plan.done.append(track.name)
    if request.crop_stages and CROP not in steps:
        _add_crops(plan, track, request, settings)


def crop_job(crop: Track, request: Request, settings: Settings) -> Job | None:
    """Return what is left to do on a crop, None where that is nothing.

    Raises:
        SdaError: its ``.INFO`` or its recording cannot be read.
    """
    steps = missing_stages(read_provenance(crop.info), crop, request.of_crops(), settings)
    return Job(crop, steps, force=request.force & set(steps)) if steps else None


def _add_crops(plan: Plan, track: Track, request: Request, settings: Settings) -> None:
    """Plan what an earlier run left undone on the crops of a track that stay as they are."""
    try:
        crops = crop_folders(track)
    except SdaError as error:
        plan.failures.append(Failure.of(track.name, "plan", error))
        return
    for crop in crops:
        try:
            job = crop_job(crop, request, settings) if read_origin(crop) is not None else None
        except SdaError as error:
            plan.failures.append(Failure.of(crop.name, "plan", error))
            continue
        if job is not None:
            plan.jobs.append(job)
