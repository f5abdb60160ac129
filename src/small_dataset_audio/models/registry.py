"""The models that sda knows: what each is for, its files, where they come from, and what its licence allows.

The list is ``registry.toml`` beside this module. A user's own file of the same form (``models.registry`` in the settings)
adds models, and replaces those of the same name as a whole.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final, Literal

from small_dataset_audio.errors import UsageError

CommercialUse = Literal["yes", "no", "unclear"]
"""Whether the results may be used commercially, as far as the licence tells."""

_NEAREST: Final = 3


@dataclass(frozen=True)
class ModelFile:
    """One file of a model.

    Attributes:
        name: under which it lies in the model's folder.
        urls: where it can be fetched; they are tried in this order.
        sha256: of its content, in hexadecimal; None where it is not known, so that the first download is trusted.
        bytes: its exact size; None where it is not known.
        about: its size roughly, in bytes, where only that is known.
    """

    name: str
    urls: tuple[str, ...] = ()
    sha256: str | None = None
    bytes: int | None = None
    about: int | None = None

    @property
    def size(self) -> int | None:
        """Its size in bytes, at least roughly; None where nothing is known."""
        return self.about if self.bytes is None else self.bytes


@dataclass(frozen=True)
class Model:
    """One model.

    Attributes:
        name: what the registry, the settings and the model's folder call it.
        task: what it is for, in a word or two.
        summary: what it does, in a sentence.
        files: everything that is fetched; of a repository of the hub, only what is known beforehand.
        licence: of the weights.
        commercial_use: whether results may be used commercially.
        commercial: the same in a plain sentence, with the conditions.
        extra: the optional part of sda that runs it; None where the core does.
        memory_gb: how much memory it needs while working, in GiB.
        home: the page of its authors.
        hub: the repository of the Hugging Face hub whose files these are ("owner/name"); the hub then tells which.
        revision: which state of that repository: a commit, or a branch.
        about: the size of all files roughly, in bytes, where the registry does not list them.
    """

    name: str
    task: str
    summary: str
    files: tuple[ModelFile, ...]
    licence: str
    commercial_use: CommercialUse
    commercial: str
    extra: str | None = None
    memory_gb: float | None = None
    home: str | None = None
    hub: str | None = None
    revision: str = "main"
    about: int | None = None

    @property
    def size(self) -> int | None:
        """The size of its files in bytes, as far as it is known (see ``size_is_exact``); None where it is not at all."""
        if self.hub is not None:
            return self.about
        return sum(file.size or 0 for file in self.files) or None

    @property
    def size_is_exact(self) -> bool:
        """Whether the size of every file is known to the byte."""
        return self.hub is None and all(file.bytes is not None for file in self.files)

    @property
    def pinned(self) -> bool:
        """Whether the content of every file is known beforehand, by its hash."""
        return self.hub is None and all(file.sha256 is not None for file in self.files)


def models(extra_file: Path | None = None) -> dict[str, Model]:
    """Return name -> model, in the order of the registry; those of ``extra_file`` replace or follow.

    Raises:
        ConfigError: the user's own file has mistakes, or cannot be read.
    """
    known = dict(_own())
    if extra_file is not None:
        from small_dataset_audio.models.declarations import models_of_file  # noqa: PLC0415 - only where there is one

        known |= models_of_file(extra_file)
    return known


def model(name: str, extra_file: Path | None = None) -> Model:
    """Return the model called ``name``.

    Raises:
        UsageError: there is none; the nearest are named.
        ConfigError: as `models`.
    """
    known = models(extra_file)
    if name in known:
        return known[name]
    word = name.lower().replace("-", "_")
    near = get_close_matches(word, known, n=_NEAREST)
    raise UsageError(
        f"There is no model named {name}.",
        f"Did you mean {' or '.join(near)}?" if near else "The registry does not list it.",
        f"`sda models list` shows all {len(known)}.",
    )


@cache
def _own() -> Mapping[str, Model]:
    """Return the models of ``registry.toml``."""
    from small_dataset_audio.models.declarations import models_of_text  # noqa: PLC0415 - a cycle otherwise

    text = files("small_dataset_audio.models").joinpath("registry.toml").read_text(encoding="utf-8")
    return models_of_text(text, "registry.toml")
