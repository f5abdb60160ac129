"""Bringing the weights of a model here: fetched or taken from a folder, verified, and only then under their names."""

import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Final

import httpx2

from small_dataset_audio.atomic import ensure_folder, store_error, sweep_temporaries
from small_dataset_audio.errors import ModelError, StoreError, UsageError
from small_dataset_audio.locks import LockTaken, folder_lock
from small_dataset_audio.models import importing, record
from small_dataset_audio.models.download import Download, Patience, Progress, client
from small_dataset_audio.models.hub import Hub, Listing
from small_dataset_audio.models.part import Part
from small_dataset_audio.models.record import Record, Verified
from small_dataset_audio.models.registry import Model, ModelFile
from small_dataset_audio.models.store import Store

_DAY: Final = 86_400.0
"""Seconds that another pull of the same model is waited for."""
_MEGABYTE: Final = 1_000_000


class Silent:
    """A progress that shows nothing."""

    def start(self, name: str, total: int | None, done: int) -> None:
        """Show nothing."""

    def advance(self, count: int) -> None:
        """Show nothing."""

    def say(self, sentence: str) -> None:
        """Tell nothing."""


@dataclass(frozen=True)
class Sources:
    """Where weights may come from.

    Attributes:
        folder: a folder to take them from instead of the network.
        mirrors: addresses that are tried before the authors' own.
        hub: where the Hugging Face hub is.
        offline: the network must not be used.
    """

    folder: Path | None = None
    mirrors: tuple[str, ...] = ()
    hub: Hub = field(default_factory=Hub)
    offline: bool = False


@dataclass(frozen=True)
class Pulled:
    """What a pull did.

    Attributes:
        model: which model.
        folder: where it lies.
        fetched: the files that came; empty where all were there.
        unpinned: those of them whose hash nobody knew beforehand, with the hash they have.
    """

    model: Model
    folder: Path
    fetched: tuple[str, ...]
    unpinned: dict[str, str]


def must_accept(model: Model, store: Store) -> bool:
    """Whether the licence of a model asks for a yes before its weights come: it restricts, and was not accepted before."""
    return model.commercial_use != "yes" and store.record(model).licence != model.licence


def terms(model: Model) -> str:
    """Return the licence of a model in two plain sentences."""
    return f"{model.name}: licence {model.licence}. {model.commercial}"


def pull(
    model: Model,
    store: Store,
    *,
    accept_licence: bool = False,
    sources: Sources | None = None,
    progress: Progress | None = None,
    patience: Patience | None = None,
) -> Pulled:
    """Return what was done so that all files of ``model`` are in ``store``, verified; what is there already stays.

    Args:
        model: which model.
        store: where its files belong.
        accept_licence: the user accepts its licence.
        sources: where the files may come from; by default the addresses of the registry.
        progress: shows how it goes on; by default nothing does.
        patience: how long servers are waited for.

    Raises:
        UsageError: the licence was not accepted.
        ModelError: no source gives the files, or gives others than they must be.
        StoreError: they cannot be written, or the disk has no room for them.
    """
    home = store.home(model)
    if not store.missing(model) and not _survey(model, store, store.files(model)).wanted:
        _tidy(home, store.files(model))
        place = store.require(model)
        _note_licence(model, store, accepted=accept_licence or not must_accept(model, store))
        return Pulled(model, place, (), {})
    if must_accept(model, store) and not accept_licence:
        raise UsageError(
            f"The licence of {model.name} was not accepted.",
            terms(model),
            f"Run `sda models pull {model.name} --accept-licence` if you accept it.",
        )
    sources, progress = sources or Sources(), progress or Silent()
    if sources.offline and sources.folder is None:
        raise ModelError(
            f"The weights of {model.name} cannot be fetched.",
            "The setting general.offline keeps sda from using the network.",
            f"Take them from a folder (`sda models pull {model.name} --from DIR`), or turn the setting off.",
        )
    with _alone(home, progress):
        return _Pull(model, store, sources, progress, patience or Patience()).run()


@contextmanager
def _alone(home: Path, progress: Progress) -> Iterator[None]:
    """Hold the only right to pull into a model's folder, which is made; another pull is told of and waited for."""
    ensure_folder(home)
    with ExitStack() as stack:
        try:
            stack.enter_context(folder_lock(home, seconds=0))
        except LockTaken:
            progress.say(f"Another sda process is pulling {home.name}: waiting for it.")
            stack.enter_context(folder_lock(home, seconds=_DAY))
        yield


def _tidy(home: Path, whole: Iterable[ModelFile]) -> None:
    """Remove what a pull that was killed left beside whole files, unless another pull is at work or nothing can be removed."""
    with suppress(StoreError, OSError), folder_lock(home, seconds=0):
        sweep_temporaries(home)
        for file in whole:
            Part(home / file.name).discard()


def _note_licence(model: Model, store: Store, *, accepted: bool) -> None:
    """Note the licence of weights whose pull was killed before it was noted, where that can be written."""
    known = store.record(model)
    if accepted and known.complete and known.licence is None:
        with suppress(StoreError, OSError), folder_lock(store.home(model), seconds=0):
            record.write(store.home(model), replace(known, licence=model.licence))


@dataclass(frozen=True)
class _Survey:
    """Which files of a model are as they must be, and which must come."""

    sound: dict[str, Verified]
    wanted: list[ModelFile]


def _survey(model: Model, store: Store, files: Sequence[ModelFile], known: Record | None = None) -> _Survey:
    known = store.record(model) if known is None else known
    survey = _Survey({}, [])
    for file in files:
        try:
            survey.sound[file.name] = store.verified(model, file, known.files.get(file.name))
        except ModelError:
            survey.wanted.append(file)
    return survey


class _Pull:
    """One pull, while nobody else pulls the same model."""

    def __init__(self, model: Model, store: Store, sources: Sources, progress: Progress, patience: Patience) -> None:
        self._model = model
        self._store = store
        self._home = store.home(model)
        self._sources = sources
        self._progress = progress
        self._patience = patience
        self._opened = ExitStack()

    @cached_property
    def _web(self) -> httpx2.Client:
        """What makes requests, from the first one on."""
        return self._opened.enter_context(client(self._patience))

    def run(self) -> Pulled:
        """Return what was done."""
        with self._opened:
            listing = self._listing()
            known = self._store.record(self._model)
            if listing.commit != (known.commit or ""):
                known = Record()
            survey = _survey(self._model, self._store, listing.files, known)
            _tidy(self._home, (file for file in listing.files if file.name in survey.sound))
            self._require_room(survey.wanted)
            fetched: dict[str, Verified] = {}
            for file in survey.wanted:
                fetched[file.name] = self._bring(file)
                self._note(listing, survey.sound | fetched)
        self._note(listing, survey.sound | fetched)
        unpinned = {file.name: fetched[file.name].sha256 for file in survey.wanted if file.sha256 is None}
        return Pulled(self._model, self._home, tuple(fetched), unpinned)

    def _listing(self) -> Listing:
        """Return the files that must be there, with the commit of a repository of the hub."""
        if self._model.hub is None:
            return Listing("", self._model.files)
        if self._sources.folder is not None:
            return Listing("", importing.listing(self._model, self._sources.folder))
        self._progress.say(f"Asking the hub what {self._model.hub} holds.")
        try:
            return self._sources.hub.listing(self._web, self._model.hub, self._model.revision)
        except httpx2.TransportError as error:
            raise ModelError(
                f"The hub does not tell what {self._model.hub} holds.",
                f"{self._sources.hub.endpoint} cannot be reached: {str(error) or type(error).__name__}.",
                f"Check the network and try again; `sda models pull {self._model.name} --from DIR` needs none.",
            ) from error

    def _require_room(self, wanted: Sequence[ModelFile]) -> None:
        """Raise unless the disk has room for what must come."""
        needed = sum(max(0, (file.size or 0) - self._part(file).size) for file in wanted)
        try:
            free = shutil.disk_usage(self._home).free
        except OSError as error:
            raise store_error("read", self._home, error) from error
        if needed > free:
            raise StoreError(
                f"The disk has no room for {self._model.name}.",
                f"{needed / _MEGABYTE:.0f} MB must still come to {self._home}, where {free / _MEGABYTE:.0f} MB are free.",
                "Free some space there, or name a folder on another disk: `sda config set paths.models DIR`.",
            )

    def _part(self, file: ModelFile) -> Part:
        return Part(self._home / file.name)

    def _bring(self, file: ModelFile) -> Verified:
        """Return what is true of a file that came."""
        if self._sources.folder is not None:
            found = importing.find(self._model, file, self._sources.folder)
            return importing.take(file, found, self._part(file), self._progress)
        mirrored = (f"{mirror.rstrip('/')}/{self._model.name}/{file.name}" for mirror in self._sources.mirrors)
        download = Download(self._web, file, self._part(file), self._sources.hub, self._progress, self._patience)
        return download.run((*mirrored, *file.urls))

    def _note(self, listing: Listing, files: dict[str, Verified]) -> None:
        complete = len(files) == len(listing.files)
        record.write(self._home, Record(files, complete, listing.commit or None, self._model.licence))
