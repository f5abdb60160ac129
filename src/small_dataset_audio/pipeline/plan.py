"""What is to be done: which track still needs which stages, found by reading and never by writing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from small_dataset_audio.atomic import store_error
from small_dataset_audio.config.model import Settings
from small_dataset_audio.config.order import STAGES
from small_dataset_audio.dataset.crops.origin import STAGE as CROP
from small_dataset_audio.dataset.crops.origin import read_origin
from small_dataset_audio.dataset.crops.places import crop_folders
from small_dataset_audio.dataset.identity import audio_identity
from small_dataset_audio.dataset.info import read_provenance
from small_dataset_audio.dataset.layout import Track, list_tracks
from small_dataset_audio.dataset.once import asked_once
from small_dataset_audio.dataset.organize import Incoming, assign, search
from small_dataset_audio.errors import PipelineError, SdaError, UsageError
from small_dataset_audio.pipeline.pieces import in_pieces
from small_dataset_audio.pipeline.stage import Bench, Job, Stage

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

    def extend(self, other: "Plan") -> None:
        """Add what another plan of the same library holds."""
        self.jobs.extend(other.jobs)
        self.done.extend(other.done)
        self.failures.extend(other.failures)
        self.notes.extend(other.notes)


def make_plan(request: Request, library: Path, settings: Settings) -> Plan:
    """Return what is left to do for ``request`` in ``library``. Nothing is written.

    Raises:
        SdaError: the source cannot be read or holds no audio, or the library cannot be listed.
    """
    plan = Plan(library)
    source = request.source
    if source is None:
        tracks: Sequence[Track | Incoming] = tracks_of(library)
    elif (inside := _tracks_inside(source, library)) is not None:
        tracks = inside
    else:
        tracks = _take_in(source, request, plan)
    here, elsewhere = partial(_planned, library, request, settings), _travelling(library, request, settings)
    for piece in in_pieces(tracks, here, elsewhere):
        plan.extend(piece)
    return plan


def _planned(library: Path, request: Request, settings: Settings, tracks: Sequence[Track | Incoming]) -> Plan:
    """Return what is left to do on some tracks of the library, or on the tracks that hold some recordings."""
    plan = Plan(library)
    sorter = _Sorter(plan, request, settings)
    for one in tracks:
        if isinstance(one, Track):
            sorter.add(one)
        else:
            sorter.add(one.track, one)
    return plan


def _travelling(
    library: Path, request: Request, settings: Settings
) -> Callable[[Sequence[Track | Incoming]], Plan] | None:
    """Return `_planned` for another process, None where the request holds stages that it could not look up."""
    names = tuple(stage.name for stage in request.stages), tuple(stage.name for stage in request.crop_stages)
    try:
        known = _looked_up(*names, request.force)
    except UsageError:
        return None
    if (known.stages, known.crop_stages) != (request.stages, request.crop_stages):
        return None
    return partial(_planned_elsewhere, library, *names, request.force, settings)


def _looked_up(stages: tuple[str, ...], crop_stages: tuple[str, ...], force: frozenset[str]) -> Request:
    """Return a request for stages by their names; stages themselves hold functions that no other process can be sent."""
    registry = Bench(Settings()).stage
    return Request(None, tuple(map(registry, stages)), force, tuple(map(registry, crop_stages)))


def _planned_elsewhere(
    library: Path,
    stages: tuple[str, ...],
    crop_stages: tuple[str, ...],
    force: frozenset[str],
    settings: Settings,
    tracks: Sequence[Track | Incoming],
) -> Plan:
    return _planned(library, _looked_up(stages, crop_stages, force), settings, tracks)


def tracks_of(library: Path) -> list[Track]:
    """Return the tracks of ``library``; none where it does not exist yet.

    Raises:
        StoreError: it cannot be read.
    """
    try:
        library.stat()
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise store_error("read", library, error) from error
    return list_tracks(library)


class Standing:
    """How far tracks have come with the stages of a request.

    What the stages are with these settings is worked out once, and not for every track: it takes a look at the weights
    and at the packages that are installed.
    """

    def __init__(self, request: Request, settings: Settings) -> None:
        self._force = request.force
        self._stages = [stage for stage in request.stages if stage.records]
        self._hashes = {stage.name: stage.settings_hash(settings) for stage in self._stages}
        self._shared: dict[tuple[str, ...], tuple[tuple[str, ...], frozenset[str]]] = {}

    def missing(self, made: Mapping[str, Any], track: Track) -> tuple[str, ...]:
        """Return the stages that still have to run on ``track``, given its provenance.

        A stage is done when ``.INFO`` says that this stage, at this version and with these settings, ran on this audio and
        on these other inputs (stems). It runs again when it is forced, or when a stage whose results it builds on does.

        Raises:
            SdaError: the recording, or what the stages look at beside it, cannot be read.
        """
        if not self._stages:
            return ()
        records = made.get("stages", {})
        missing: list[str] = []
        sha256 = audio_identity(track, remember=False)["sha256"]
        for stage in self._stages:
            again = stage.name in self._force or any(name in missing for name in stage.needs)
            if again or not self._current(stage, records.get(stage.name, {}), track, sha256):
                missing.append(stage.name)
        return tuple(missing)

    def _current(self, stage: Stage, record: Mapping[str, Any], track: Track, sha256: str) -> bool:
        """Whether a stage would make what it recorded; its inputs are looked at last, since they cost most."""
        return (
            record.get("version") == stage.version
            and record.get("settings_hash") == self._hashes[stage.name]
            and record.get("audio_sha256") == sha256
            and record.get("inputs", {}) == stage.inputs(track, False)
        )

    def job(self, track: Track, incoming: Incoming | None = None, first: tuple[str, ...] = ()) -> Job | None:
        """Return what is left to do on a track or crop, ``first`` before all else; None where that is nothing.

        Raises:
            SdaError: its ``.INFO`` or its recording cannot be read.
        """
        with asked_once():
            steps = first + self.missing(read_provenance(track.info), track)
        if not steps:
            return None
        # Most jobs of a large library have the same steps: they share them.
        steps, force = self._shared.setdefault(steps, (steps, self._force & set(steps)))
        return Job(track, steps, incoming, force)


def missing_stages(made: Mapping[str, Any], track: Track, request: Request, settings: Settings) -> tuple[str, ...]:
    """Return the stages among ``request.stages`` that still have to run on ``track``: `Standing.missing` for one track."""
    return Standing(request, settings).missing(made, track)


class _Sorter:
    """Sorts tracks into a plan: those with something left to do, those that are done, those that cannot be planned."""

    def __init__(self, plan: Plan, request: Request, settings: Settings) -> None:
        self._plan = plan
        self._organizes = request.stages[0].name == ORGANIZE
        self._tracks = Standing(request, settings)
        self._crops = Standing(request.of_crops(), settings) if request.crop_stages else None

    def add(self, track: Track, incoming: Incoming | None = None) -> None:
        """Sort one track of the library in; a recording that moved since has its new place noted by organize."""
        moved = incoming is not None and incoming.note is not None and self._organizes
        try:
            job = self._tracks.job(track, incoming, (ORGANIZE,) if moved else ())
        except SdaError as error:
            self._plan.failures.append(Failure.of(track.name, "plan", error))
            return
        if job is None:
            self._plan.done.append(track.name)
        else:
            self._plan.jobs.append(job)
        if self._crops is not None and (job is None or CROP not in job.steps):
            self._add_crops(track, self._crops)

    def _add_crops(self, track: Track, standing: Standing) -> None:
        """Plan what an earlier run left undone on the crops of a track that stay as they are."""
        try:
            crops = crop_folders(track)
        except SdaError as error:
            self._plan.failures.append(Failure.of(track.name, "plan", error))
            return
        for crop in crops:
            try:
                job = standing.job(crop) if read_origin(crop) is not None else None
            except SdaError as error:
                self._plan.failures.append(Failure.of(crop.name, "plan", error))
                continue
            if job is not None:
                self._plan.jobs.append(job)


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
