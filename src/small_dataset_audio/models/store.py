"""The weights on disk: ``<models>/<name>/<file>``, what is there, and what has been verified.

Weights are used only when they are what the registry says (or, where it cannot say, what they were when they first came):
`Store.require` makes sure, and reads a file again only when its size or time has changed since it was verified.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from small_dataset_audio.errors import MissingWeights, ModelError, StoreError
from small_dataset_audio.locks import LOCK_NAME
from small_dataset_audio.models import record, registry
from small_dataset_audio.models.record import Record, Verified
from small_dataset_audio.models.registry import Model, ModelFile

if TYPE_CHECKING:
    from small_dataset_audio.config.model import Settings

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Store:
    """The folder of all weights, and the list of what may be in it.

    Attributes:
        folder: ``paths.models`` of the settings.
        own: the user's own list of models, beside the registry; None where there is none.
    """

    folder: Path
    own: Path | None = None

    @classmethod
    def of(cls, settings: "Settings") -> Self:
        """Return the store that the settings describe."""
        return cls(settings.paths.models, settings.models.registry)

    def models(self) -> dict[str, Model]:
        """Return name -> model of all that may be in it.

        Raises:
            ConfigError: the user's own list has mistakes.
        """
        return registry.models(self.own)

    def model(self, name: Model | str) -> Model:
        """Return the model called ``name``; a model stays what it is.

        Raises:
            UsageError: there is none.
            ConfigError: the user's own list has mistakes.
        """
        return registry.model(name, self.own) if isinstance(name, str) else name

    def choose(self, names: Sequence[str]) -> list[Model]:
        """Return the models that ``names`` mean: models, or tasks for all of theirs; each once, in the registry's order.

        Raises:
            UsageError: a name means none.
            ConfigError: the user's own list has mistakes.
        """
        known = self.models()
        wanted = {self.model(name).name for name in names if name not in {one.task for one in known.values()}}
        return [one for one in known.values() if one.name in wanted or one.task in names]

    def home(self, model: Model | str) -> Path:
        """Return the folder of a model, whether it is there or not."""
        return self.folder / (model if isinstance(model, str) else model.name)

    def begun(self, model: Model | str) -> bool:
        """Whether anything of a model is there, half a file included: a pull that brought nothing leaves an empty folder."""
        try:
            return any(entry.name != LOCK_NAME for entry in self.home(model).iterdir())
        except (FileNotFoundError, NotADirectoryError):
            return False

    def path(self, model: Model | str, file_name: str) -> Path:
        """Return where a file of a model lies, whether it is there or not."""
        return self.home(model) / file_name

    def record(self, model: Model | str) -> Record:
        """Return what is known of a model's files."""
        return record.read(self.home(model))

    def files(self, model: Model | str) -> tuple[ModelFile, ...]:
        """Return all files of a model; of a repository of the hub, those that are known so far."""
        model = self.model(model)
        if model.hub is None:
            return model.files
        known = self.record(model).files
        return tuple(ModelFile(name, sha256=one.sha256, bytes=one.bytes) for name, one in known.items())

    def missing(self, model: Model | str) -> tuple[ModelFile, ...]:
        """Return the files that are not there, or not of the right size; nothing is read.

        For a repository of the hub whose files were never all fetched, the repository itself stands in for them.
        """
        model = self.model(model)
        absent = tuple(file for file in self.files(model) if not self.present(model, file))
        if model.hub is not None and not self.record(model).complete:
            return (*absent, ModelFile(model.hub))
        return absent

    def present(self, model: Model, file: ModelFile) -> bool:
        """Whether a file is there with the right size."""
        path = self.path(model, file.name)
        try:
            return path.is_file() and file.bytes in {None, path.stat().st_size}
        except OSError:
            return False

    def require(self, model: Model | str) -> Path:
        """Return the folder of a model whose files are all there and verified.

        A file that was changed or copied since it was verified is read again, once.

        Raises:
            MissingWeights: files are missing, or one without a known hash was never verified.
            ModelError: a file is not what it must be.
            StoreError: a file cannot be read.
        """
        model = self.model(model)
        missing = self.missing(model)
        if missing:
            raise _missing(model, missing, self.home(model))
        known = self.record(model)
        found = {file.name: self.verified(model, file, known.files.get(file.name)) for file in self.files(model)}
        if found != known.files:
            self._note(model, replace(known, files=found, complete=True))
        return self.home(model)

    def verified(self, model: Model, file: ModelFile, known: Verified | None) -> Verified:
        """Return what is true of a file now; it is read unless ``known``, what was true of it once, still holds.

        Raises:
            MissingWeights: it is not there, or nobody knows what it must be.
            ModelError: it is not what it must be.
            StoreError: it cannot be read.
        """
        if not self.present(model, file):
            raise _missing(model, (file,), self.home(model))
        expected = file.sha256 or (known.sha256 if known else None)
        if expected is None:
            raise MissingWeights(
                f"The weights {file.name} of {model.name} were never verified.",
                "The registry knows no hash for them, and sda did not fetch them itself.",
                f"If you trust where they came from, run `sda models verify {model.name}`.",
            )
        path = self.path(model, file.name)
        if known is not None and known.sha256 == expected and known.holds_for(path):
            return known
        found = record.examine(path)
        if found.sha256 != expected:
            raise wrong_content(model, path, expected, found.sha256, pinned=file.sha256 is not None)
        return found

    def _note(self, model: Model, known: Record) -> None:
        """Write the record where that is possible: a read-only folder works too, only more slowly."""
        try:
            record.write(self.home(model), known)
        except StoreError as error:
            logger.debug("The verification of %s could not be noted: %s", model.name, error.why)

    def digest(self, model: Model | str) -> str | None:
        """Return one hash for all files of a model, the file's own where it is one; None where they are not all there.

        It is that of the files that `require` lets pass, and is known without reading them.
        """
        model = self.model(model)
        if self.missing(model):
            return None
        known = self.record(model).files
        hashes = {
            file.name: file.sha256 or (known[file.name].sha256 if file.name in known else None)
            for file in self.files(model)
        }
        sure = {name: sha256 for name, sha256 in hashes.items() if sha256 is not None}
        return record.combined(sure) if len(sure) == len(hashes) else None


def wrong_content(model: Model, path: Path, expected: str, found: str, *, pinned: bool) -> ModelError:
    """Return the error for a file that is not what it must be.

    Args:
        model: whose file it is.
        path: the file.
        expected: the hash it must have.
        found: the hash it has.
        pinned: the registry knows the hash; otherwise it is that of the first download.
    """
    source = "the registry says" if pinned else "when it came here, it was"
    return ModelError(
        f"The weights {path.name} of {model.name} are not what they must be.",
        f"Their sha256 is {found}; {source} {expected}.",
        f"Delete {path} and run `sda models pull {model.name}`: they may be damaged, or not from their authors.",
    )


def _missing(model: Model, missing: tuple[ModelFile, ...], home: Path) -> MissingWeights:
    names = ", ".join(f"all files of {model.hub}" if file.name == model.hub else file.name for file in missing)
    return MissingWeights(
        f"The weights of {model.name} are not installed.",
        f"{home} does not hold {names}.",
        f"Run `sda models pull {model.name}`; without a network, `sda models pull {model.name} --from DIR`.",
    )
