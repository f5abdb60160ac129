"""What there is and what of it is installed, for lists."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from small_dataset_audio.models.registry import Model
from small_dataset_audio.models.store import Store


@dataclass(frozen=True)
class Entry:
    """One model and its place on the disk.

    Attributes:
        model: what the registry says.
        folder: where it lies or would lie.
        missing: the names of the files that are not there.
    """

    model: Model
    folder: Path
    missing: tuple[str, ...]

    @property
    def installed(self) -> Literal["yes", "partly", "no"]:
        """Whether its files are there."""
        if not self.missing:
            return "yes"
        return "partly" if len(self.missing) < len(self.model.files) else "no"

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON shape."""
        model = self.model
        return {
            "name": model.name,
            "task": model.task,
            "summary": model.summary,
            "licence": model.licence,
            "commercial_use": model.commercial_use,
            "commercial": model.commercial,
            "bytes": model.size,
            "bytes_exact": model.size_is_exact,
            "pinned": model.pinned,
            "memory_gb": model.memory_gb,
            "extra": model.extra,
            "home": model.home,
            "installed": self.installed,
            "missing": list(self.missing),
            "folder": str(self.folder),
        }


def entry(model: Model, store: Store) -> Entry:
    """Return a model with what of it is installed; nothing is read but names and sizes."""
    return Entry(model, store.home(model), tuple(file.name for file in store.missing(model)))
