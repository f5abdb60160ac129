"""Reading all weights of a model again, to see whether they still are what they must be."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from small_dataset_audio.errors import MissingWeights
from small_dataset_audio.locks import folder_lock
from small_dataset_audio.models import importing, record
from small_dataset_audio.models.record import Verified
from small_dataset_audio.models.registry import Model, ModelFile
from small_dataset_audio.models.store import Store

if TYPE_CHECKING:
    from small_dataset_audio.models.download import Progress

State = Literal["right", "trusted", "wrong", "missing"]
"""As it must be; taken as it is from now on, since nobody knows what it must be; another; not there."""


@dataclass(frozen=True)
class FileFound:
    """One file.

    Attributes:
        name: its name.
        state: how it is.
        sha256: the hash it has; None where it is missing.
    """

    name: str
    state: State
    sha256: str | None


@dataclass(frozen=True)
class Found:
    """One model.

    Attributes:
        model: which.
        files: all its files.
    """

    model: Model
    files: tuple[FileFound, ...]

    @property
    def ok(self) -> bool:
        """Whether it can be used."""
        return all(file.state in {"right", "trusted"} for file in self.files)

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON shape."""
        files = [{"name": file.name, "state": file.state, "sha256": file.sha256} for file in self.files]
        return {"name": self.model.name, "ok": self.ok, "files": files}


def verify(model: Model, store: Store, progress: "Progress | None" = None) -> Found:
    """Return how all files of a model are, every byte of them read; files without a known hash are trusted from now on.

    Args:
        model: which model.
        store: where it lies.
        progress: shows how it goes on.

    Raises:
        StoreError: a file cannot be read, or that it is trusted cannot be noted.
    """
    home = store.home(model)
    if not home.is_dir():
        return Found(model, tuple(FileFound(file.name, "missing", None) for file in store.missing(model)))
    with folder_lock(home):
        known = store.record(model)
        files = _files(model, store)
        verified = {file.name: _examine(model, store, file, progress) for file in files if store.present(model, file)}
        found = tuple(_judge(file, verified.get(file.name), known.files.get(file.name)) for file in files)
        right = {one.name: verified[one.name] for one in found if one.state in {"right", "trusted"}}
        if right:
            record.write(home, replace(known, files=right, complete=len(right) == len(files)))
    return Found(model, found)


def _files(model: Model, store: Store) -> tuple[ModelFile, ...]:
    """Return all files that must be there; for a repository of the hub that was laid there by hand, those that are."""
    if model.hub is None or store.record(model).complete:
        return store.files(model)
    try:
        return importing.listing(model, store.home(model))
    except MissingWeights:
        return (ModelFile(model.hub),)


def _examine(model: Model, store: Store, file: ModelFile, progress: "Progress | None") -> Verified:
    path = store.path(model, file.name)
    if progress is None:
        return record.examine(path)
    progress.start(file.name, path.stat().st_size, 0)
    return record.examine(path, progress.advance)


def _judge(file: ModelFile, found: Verified | None, known: Verified | None) -> FileFound:
    if found is None:
        return FileFound(file.name, "missing", None)
    expected = file.sha256 or (known.sha256 if known else None)
    if expected is None:
        return FileFound(file.name, "trusted", found.sha256)
    return FileFound(file.name, "right" if found.sha256 == expected else "wrong", found.sha256)
