"""What one stage of a run will need: time by its pace, memory by what it declares or by what its workers held."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal

from small_dataset_audio.config.model import Settings
from small_dataset_audio.hardware.memory import GIB
from small_dataset_audio.pipeline.forecast.crops import Expected
from small_dataset_audio.pipeline.forecast.history import Pace
from small_dataset_audio.pipeline.forecast.machine import HOST, Machine
from small_dataset_audio.pipeline.stage import Job, Stage

Basis = Literal["run logs", "profile", "none"]
Bound = Literal["seconds", "low", "high"]
"""What is asked of a pace: the time that a stage takes, at least, at most."""

DECODING_ERROR: Final = 2.0
"""An estimate by the decoding rate may be off by this factor, either way: recordings and processors differ."""
NETWORK_ERROR: Final = 3.0
"""The same for an estimate by operations: some networks keep a device busy, others wait for its memory."""
_GIGA: Final = 1e9


@dataclass(frozen=True, slots=True)
class StageEstimate:
    """What one stage will need: the JSON shape of a stage of ``sda plan``.

    Attributes:
        stage: its name.
        tracks: how many it has to do.
        crops: about how many crops come to that, which do not exist yet.
        audio_seconds: their duration; None where no header tells it.
        work_seconds: the work of all workers together; None where it is not known.
        low: at least about that much.
        high: at most about that much.
        basis: where the numbers come from.
        known_from: how many tracks they were taken from.
        device: what it runs on; None where no device was chosen.
        memory_bytes: what one worker needs there for the longest recording; None where it is not known.
        fits: whether that is there; None where it is not known.
        why: what stands in the way, or else what the time rests on, as a sentence.
    """

    stage: str
    tracks: int
    crops: int
    audio_seconds: float | None
    work_seconds: float | None
    low: float | None
    high: float | None
    basis: Basis
    known_from: int
    device: str | None
    memory_bytes: int | None
    fits: bool | None
    why: str

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON shape."""
        return asdict(self)


class StageForecast:
    """What is known of one stage of the run.

    Args:
        stage: the stage.
        jobs: those of the run; those that pass through this stage count.
        settings: its settings.
        machine: where it runs.
        audio: track folder -> seconds of its recording, or of a usual one; empty where no header told anything.
        crops: track folder -> the crops that the run will make of it and that pass through this stage.
    """

    def __init__(
        self,
        stage: Stage,
        jobs: Sequence[Job],
        settings: Settings,
        machine: Machine,
        audio: Mapping[Path, float],
        crops: Mapping[Path, Expected] | None = None,
    ) -> None:
        self.stage = stage
        self.jobs = [job for job in jobs if stage.name in job.steps]
        self.crops = crops or {}
        self._audio = audio
        self._machine = machine
        self._load = stage.load(settings)
        self.on_accelerator = stage.accelerator(settings)
        self._where = machine.where(stage)  # asked for once, not for every track: it takes a look at the weights
        self._device_gb = stage.memory_gb(settings) if self.on_accelerator else None
        self.pace, self._basis = self._found_pace()

    @property
    def on_host(self) -> bool:
        """Whether it shares the host's memory with the other workers."""
        return not self.on_accelerator

    def _found_pace(self) -> tuple[Pace | None, Basis]:
        """Return how fast the stage works, and how that is known."""
        pace = self._machine.history.pace(self.stage.name)
        if pace is not None:
            return pace, "run logs"
        each, error = self._declared_pace()
        return (None, "none") if each is None else (Pace(each, each / error, each * error), "profile")

    def _declared_pace(self) -> tuple[float | None, float]:
        """Return seconds of work per second of audio by what the stage declares, and by what factor that may be off."""
        load, decoded = self._load, self._machine.decode_rate()
        on_processor = None if load.decodes is None or decoded is None else load.decodes / decoded
        if load.gflop is None:
            return on_processor, DECODING_ERROR
        operations = self._machine.operations_per_second(self.stage)
        if operations is None:
            return None, NETWORK_ERROR
        return load.gflop * _GIGA / operations + (on_processor or 0.0), NETWORK_ERROR

    def work(self, job: Job, bound: Bound = "seconds") -> float | None:
        """Return the seconds of work that a job takes here; None where that is not known."""
        return self.work_on(self._audio.get(job.track.folder), bound)

    def work_on(self, audio: float | None, bound: Bound = "seconds") -> float | None:
        """Return the seconds of work that so many seconds of audio take here; None where that is not known."""
        return None if self.pace is None or audio is None else float(audio * getattr(self.pace, bound))

    def memory(self, audio: float) -> int | None:
        """Return the bytes that a worker needs where the stage runs, for a recording of ``audio`` seconds.

        What the stage declares counts before what run logs tell: these know of no longer recordings than there were.
        """
        on_device = None if self._device_gb is None else int(self._device_gb * GIB)
        if self._where != HOST:
            return on_device
        load = self._load
        on_host = None if load.memory is None else int(load.memory + audio * load.memory_per_second)
        declared = max(on_device or 0, on_host or 0)
        return declared or (self.pace.peak_bytes if self.pace is not None else 0) or None

    def estimate(self, together: str | None = None) -> StageEstimate:
        """Return what the stage will need.

        Args:
            together: why the workers of the host do not fit into its memory at the same time, if that is so.
        """
        lengths = [self._audio[job.track.folder] for job in self.jobs] if self._audio else []
        of_crops = self.crops.values()
        audio = sum(lengths) + sum(made.seconds for made in of_crops) if lengths or of_crops else None
        memory = self.memory(max((*lengths, *(made.each for made in of_crops)), default=0.0))
        fits, why = self._fits(memory)
        if fits and together is not None and self.on_host:
            fits, why = False, together
        return StageEstimate(
            self.stage.name,
            len(self.jobs),
            sum(made.count for made in of_crops),
            audio,
            self.work_on(audio, "seconds"),
            self.work_on(audio, "low"),
            self.work_on(audio, "high"),
            self._basis,
            0 if self.pace is None else self.pace.tracks,
            self._where,
            memory,
            fits,
            why or self._rests_on(),
        )

    def _fits(self, memory: int | None) -> tuple[bool | None, str]:
        """Return whether the memory that one worker needs is there, and what stands in the way."""
        there = self._machine.memory_for(self.stage)
        if memory is None or there is None:
            return None, ""
        if memory <= there.free:
            return True, ""
        where = self._where
        needs = f"It needs {gib(memory)} of memory"
        by = f" ({there.limited_by})" if there.limited_by is not None else ""
        if memory > there.total:
            return False, f"{needs}, and {where} has {gib(there.total)}{by}: not on this device."
        return False, f"{needs}, and {gib(there.free)} are free on {where}{by}: close what else uses it."

    def _rests_on(self) -> str:
        if self.pace is None:
            return "It never ran here like this."
        if self._basis == "run logs":
            return f"From the run logs of {self.pace.tracks} track{'' if self.pace.tracks == 1 else 's'}."
        error = round(self.pace.high / self.pace.seconds)
        return f"From the machine profile alone: it may be off by a factor of {error}."


def gib(number: float) -> str:
    """Return bytes in words."""
    return f"{number / GIB:.1f} GiB"
