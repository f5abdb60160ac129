"""Tracks sorted into those with something left to do and those that are done, by several processes where there are many.

What a process answers is made of names alone: it is sent back for every track of the library.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from small_dataset_audio.config.model import Settings
from small_dataset_audio.dataset.crops.origin import STAGE as CROP
from small_dataset_audio.dataset.crops.origin import read_origin
from small_dataset_audio.dataset.crops.places import CROPS, crop_folders
from small_dataset_audio.dataset.layout import Track, listing
from small_dataset_audio.dataset.once import asked_once
from small_dataset_audio.dataset.organize import track_of
from small_dataset_audio.errors import SdaError, UsageError
from small_dataset_audio.pipeline.pieces import in_pieces
from small_dataset_audio.pipeline.request import Failure, Request
from small_dataset_audio.pipeline.stage import Bench
from small_dataset_audio.pipeline.standing import Standing

Steps = tuple[str, ...]


@dataclass
class Sorted:
    """What is left to do on some tracks.

    Attributes:
        todo: (folder below the library, stages) of tracks and crops with something left to do.
        done: names of tracks for which all the stages are done.
        failures: tracks and crops that cannot be planned.
        strangers: recordings of which it takes more than a look to know whether the library holds them.
        deleted: as of `Standing`, of tracks and crops together.
    """

    todo: list[tuple[str, Steps]] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    deleted: Counter[str] = field(default_factory=Counter)


class _Sorter:
    """Sorts tracks of one library, one after the other.

    Args:
        library: the library.
        request: the stages.
        settings: theirs.
        first: stages that run before all others, whatever is done.
    """

    def __init__(self, library: Path, request: Request, settings: Settings, first: Steps) -> None:
        self.sorted = Sorted()
        self._library = library
        self._first = first
        self._tracks = Standing(request, settings)
        self._crops = Standing(request.of_crops(), settings) if request.crop_stages else None
        for standing in filter(None, (self._tracks, self._crops)):
            standing.deleted = self.sorted.deleted

    def add_folder(self, name: str) -> None:
        """Sort a folder of the library in, if it is a track; one that cannot be read counts as such."""
        track = Track(self._library / name)
        with asked_once():
            try:
                if not listing(track).is_track(name):
                    return
            except SdaError as error:
                self._fail(name, error)
                return
            self._add(track)

    def add_recording(self, recording: str) -> None:
        """Sort the track in that holds a recording, if its name leads to it."""
        with asked_once():
            track = track_of(recording, self._library)
            if track is None:
                self.sorted.strangers.append(recording)
            else:
                self._add(track)

    def _add(self, track: Track) -> None:
        name = track.name
        try:
            steps = self._first + self._tracks.steps(track)
        except SdaError as error:
            self._fail(name, error)
            return
        if steps:
            self.sorted.todo.append((name, steps))
        else:
            self.sorted.done.append(name)
        if self._crops is not None and CROP not in steps and CROPS in listing(track).names:
            self._add_crops(track, self._crops)

    def _add_crops(self, track: Track, standing: Standing) -> None:
        """Sort in what an earlier run left undone on the crops of a track that stay as they are."""
        try:
            crops = crop_folders(track)
        except SdaError as error:
            self._fail(track.name, error)
            return
        for crop in crops:
            try:
                with asked_once():
                    steps = standing.steps(crop) if read_origin(crop) is not None else ()
            except SdaError as error:
                self._fail(crop.name, error)
                continue
            if steps:
                self.sorted.todo.append((f"{track.name}/{CROPS}/{crop.name}", steps))

    def _fail(self, name: str, error: SdaError) -> None:
        self.sorted.failures.append(Failure.of(name, "plan", error))


_Work = Callable[[Path, Request, Settings, Steps, Sequence[str]], Sorted]


def sorted_folders(
    library: Path, request: Request, settings: Settings, names: Sequence[str], first: Steps = ()
) -> Iterator[Sorted]:
    """Yield what is left to do on the tracks among some folders of a library, piece by piece, in their order.

    Args:
        library: the library.
        request: the stages.
        settings: theirs.
        names: of the folders.
        first: stages that run before all others, whatever is done.
    """
    return _in_pieces(_folders, library, request, settings, names, first)


def sorted_recordings(
    library: Path, request: Request, settings: Settings, recordings: Sequence[str]
) -> Iterator[Sorted]:
    """Yield what is left to do on the tracks that hold some recordings, and the recordings of which that is not plain to see."""
    return _in_pieces(_recordings, library, request, settings, recordings, ())


def _folders(library: Path, request: Request, settings: Settings, first: Steps, names: Sequence[str]) -> Sorted:
    sorter = _Sorter(library, request, settings, first)
    for name in names:
        sorter.add_folder(name)
    return sorter.sorted


def _recordings(library: Path, request: Request, settings: Settings, first: Steps, paths: Sequence[str]) -> Sorted:
    sorter = _Sorter(library, request, settings, first)
    for path in paths:
        sorter.add_recording(path)
    return sorter.sorted


def _in_pieces(
    work: _Work, library: Path, request: Request, settings: Settings, items: Sequence[str], first: Steps
) -> Iterator[Sorted]:
    here = partial(work, library, request, settings, first)
    return in_pieces(items, here, _travelling(work, library, request, settings, first))


def _travelling(
    work: _Work, library: Path, request: Request, settings: Settings, first: Steps
) -> Callable[[Sequence[str]], Sorted] | None:
    """Return ``work`` for another process, None where the request holds stages that it could not look up."""
    names = tuple(stage.name for stage in request.stages), tuple(stage.name for stage in request.crop_stages)
    try:
        known = _looked_up(*names, request.force)
    except UsageError:
        return None
    if (known.stages, known.crop_stages) != (request.stages, request.crop_stages):
        return None
    return partial(_elsewhere, work, library, *names, request.force, settings, first)


def _looked_up(stages: Steps, crop_stages: Steps, force: frozenset[str]) -> Request:
    """Return a request for stages by their names; stages themselves hold functions that no other process can be sent."""
    registry = Bench(Settings()).stage
    return Request(None, tuple(map(registry, stages)), force, tuple(map(registry, crop_stages)))


def _elsewhere(
    work: _Work,
    library: Path,
    stages: Steps,
    crop_stages: Steps,
    force: frozenset[str],
    settings: Settings,
    first: Steps,
    items: Sequence[str],
) -> Sorted:
    return work(library, _looked_up(stages, crop_stages, force), settings, first, items)
