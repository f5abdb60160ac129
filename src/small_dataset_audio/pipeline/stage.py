"""What a stage is: a value that says what it needs, what it changes, where it runs and how to open it.

Planning, skipping, resuming, progress and distribution follow from these declarations; no stage writes its own loop
over tracks. A stage is known by its name, so that any worker, in this process, another, or on another machine, can
look it up in `pipeline.stages` and open it once.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Final

from small_dataset_audio.config.model import Settings
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.dataset.organize import Incoming
from small_dataset_audio.features.measured import Times


@dataclass(frozen=True)
class Job:
    """One track's way through the stages.

    Attributes:
        track: where the track is, or will be once it is organised.
        steps: the names of the stages still to be done, in order.
        incoming: the recording it comes from, when it is not in the library yet.
    """

    track: Track
    steps: tuple[str, ...]
    incoming: Incoming | None = None


@dataclass(frozen=True)
class Outcome:
    """What a stage made of one track.

    Attributes:
        values: keys for ``.INFO``.
        absent: name -> why it could not be measured.
        times: sidecar suffix (``BEATS_GRID`` …) -> moments in seconds. A suffix with None has its file removed.
        warnings: sentences for the user.
        follow_up: folders of new tracks that this stage made (crops) and that the plan must take up.
        track: where the track is from now on, when that is not where the job said (another run took its name).
    """

    values: Mapping[str, object] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)
    times: Mapping[str, Times | None] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    follow_up: tuple[Path, ...] = ()
    track: Track | None = None


REGISTRY: Final = "small_dataset_audio.pipeline.stages"
"""The module in which workers look stages up by name."""


@dataclass(frozen=True)
class Bench:
    """Where a stage works.

    Attributes:
        settings: how to work.
        device: the accelerator it was given; None for stages that need none.
        registry: the module whose function ``stage(name)`` returns the stage; it travels by name to other processes.
    """

    settings: Settings
    device: str | None = None
    registry: str = REGISTRY

    def stage(self, name: str) -> "Stage":
        """Return the stage called ``name``, as the registry knows it."""
        found = import_module(self.registry).stage(name)
        if not isinstance(found, Stage):
            raise TypeError(type(found).__name__)
        return found


Work = Callable[[Job], Outcome]
"""A stage, opened: what it does to one track. Models are loaded by then."""


@dataclass(frozen=True)
class Stage:
    """One step of the pipeline.

    Attributes:
        name: as in ``--stages``.
        version: raised whenever its results for the same audio can differ from before.
        summary: what it does, for help and plans.
        needs: stages whose results it builds on; when one of them runs again, so does this one.
        accelerator: it wants the accelerator, and runs in the one process that holds it.
        records: its outcome is written to ``.INFO`` by the worker (organize writes its own).
        relevant: the settings that change its result, as JSON-ready values.
        open: makes it ready to work; called once per worker.
        model_sha256: the digest of the weights it would use, where it uses any.
    """

    name: str
    version: int
    summary: str
    open: Callable[[Bench], Work]
    needs: tuple[str, ...] = ()
    accelerator: bool = False
    records: bool = True
    relevant: Callable[[Settings], Mapping[str, object]] = lambda _settings: {}
    model_sha256: Callable[[Settings], str | None] = lambda _settings: None

    def settings_hash(self, settings: Settings) -> str:
        """Return a digest of the settings that change this stage's result, and of its weights."""
        facts = {"settings": self.relevant(settings), "model": self.model_sha256(settings)}
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]
