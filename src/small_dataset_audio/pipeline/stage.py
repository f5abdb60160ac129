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
from typing import Any, Final

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.config.model import Settings
from small_dataset_audio.dataset.identity import stem_identities
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.dataset.organize import Incoming
from small_dataset_audio.dataset.series import Series
from small_dataset_audio.errors import SdaError
from small_dataset_audio.features.measured import Times


@dataclass(frozen=True, slots=True)
class Job:
    """One track's way through the stages.

    Attributes:
        track: where the track is, or will be once it is organised.
        steps: the names of the stages still to be done, in order.
        incoming: the recording it comes from, when it is not in the library yet.
        force: those of the steps that the user wants again although they may be done.
    """

    track: Track
    steps: tuple[str, ...]
    incoming: Incoming | None = None
    force: frozenset[str] = frozenset()


def stem_hashes(track: Track, remember: bool) -> dict[str, str]:  # noqa: FBT001 - the shape of `Stage.inputs`
    """Return stem name -> content hash, of the stems that exist: the `Stage.inputs` of stages that listen to stems."""
    return {name: one["sha256"] for name, one in stem_identities(track, remember=remember).items()}


@dataclass(frozen=True)
class Outcome:
    """What a stage made of one track.

    Attributes:
        values: keys for ``.INFO``.
        absent: name -> why it could not be measured.
        times: sidecar suffix (``BEATS_GRID`` …) -> moments in seconds. A suffix with None has its file removed.
        warnings: sentences for the user.
        follow_up: folders of new tracks that this stage made (crops) and that the plan must take up.
        series: sidecar suffix (``TIMESERIES.npz``) -> how things change over time. A suffix with None has its file removed.
        notes: what else is to be known of the values, as JSON; it is kept in the stage's record in ``.INFO``.
        files: names of the files that it wrote in the track's folder itself; times and series are known without.
        track: where the track is from now on, when that is not where the job said (another run took its name).
        done: False where the stage could not do its work and says so in a warning: nothing is recorded, and the next run
            asks it again.
    """

    values: Mapping[str, object] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)
    times: Mapping[str, Times | None] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    follow_up: tuple[Path, ...] = ()
    notes: Mapping[str, object] = field(default_factory=dict)
    series: Mapping[str, Series | None] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    track: Track | None = None
    done: bool = True

    @property
    def written(self) -> tuple[str, ...]:
        """The files that it leads to, as `StageRecord.files` names them."""
        beside = {**self.times, **self.series}
        return (*self.files, *(f".{suffix}" for suffix, found in beside.items() if found is not None))


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

Listen = Callable[[Clip, Mapping[str, Any]], Outcome]
"""What an opened stage that only listens makes of a recording, given what is known of it (as in ``.INFO``)."""


@dataclass(frozen=True)
class Load:
    """What a stage asks of the machine, as far as that is known beforehand: plans go by it until run logs tell more.

    A stage whose network's operations are not known declares neither these nor decodes: its time is then not known.

    Attributes:
        decodes: its work on one core, in units of decoding the same audio once; a network's operations left out.
        gflop: what its network computes for a second of audio, in billions of floating-point operations.
        memory: bytes of the host's memory that a worker holds, whatever it works on.
        memory_per_second: bytes that come to that for every second of the recording.
    """

    decodes: float | None = None
    gflop: float | None = None
    memory: int | None = None
    memory_per_second: int = 0


@dataclass(frozen=True)
class Stage:
    """One step of the pipeline.

    Attributes:
        name: as in ``--stages``.
        version: raised whenever its results for the same audio can differ from before.
        summary: what it does, for help and plans.
        needs: stages whose results it builds on; when one of them runs again, so does this one.
        accelerator: whether it computes on the accelerator with these settings; it then runs in the one process that
            holds it. Embedded backends do without.
        essential: a run that nobody told to skip it is refused, rather than carried out without it.
        records: its outcome is written to ``.INFO`` by the worker (organize writes its own).
        relevant: the settings that change its result, as JSON-ready values.
        open: makes it ready to work; called once per worker.
        listen: makes it ready for recordings that are in no library; None where a stage needs more than the mix.
        model_sha256: the digest of the weights it would use, where it uses any.
        obstacle: what keeps this installation from running it (weights not pulled, an extra not installed), with the
            way out; None where nothing does. It must be cheap: no torch, no hashing.
        inputs: the files beside the full mix that its results depend on, by name -> content hash; asked before it works.
            When they change, it runs again. The flag says whether hashes that had to be computed may be noted in ``.INFO``.
        memory_gb: what it needs on the device for one track, in GiB; None where it needs no device (no weights, or
            somebody else's server).
        load: what else it asks of the machine; `sda plan` estimates by it where no run log tells.
        deletable: the files that it writes are recordings, which the user may delete for their size: where all of them are
            gone it still counts as done. (Any other file that is gone lets its stage run again.)
    """

    name: str
    version: int
    summary: str
    open: Callable[[Bench], Work]
    needs: tuple[str, ...] = ()
    accelerator: Callable[[Settings], bool] = lambda _settings: False
    essential: bool = False
    records: bool = True
    relevant: Callable[[Settings], Mapping[str, object]] = lambda _settings: {}
    model_sha256: Callable[[Settings], str | None] = lambda _settings: None
    obstacle: Callable[[Settings], SdaError | None] = lambda _settings: None
    inputs: Callable[[Track, bool], Mapping[str, str]] = lambda _track, _remember: {}
    memory_gb: Callable[[Settings], float | None] = lambda _settings: None
    listen: Callable[[Bench], Listen] | None = None
    load: Callable[[Settings], Load] = lambda _settings: Load()
    deletable: bool = False

    def settings_hash(self, settings: Settings) -> str:
        """Return a digest of the settings that change this stage's result, and of its weights."""
        facts = {"settings": self.relevant(settings), "model": self.model_sha256(settings)}
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]
