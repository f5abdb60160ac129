"""What is known of this machine before a run: its memory, its profile, and what the run logs tell."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from small_dataset_audio.config.model import Settings
from small_dataset_audio.errors import StoreError
from small_dataset_audio.hardware.benchmark.profile import Profile, load
from small_dataset_audio.hardware.limit import planned, planned_host
from small_dataset_audio.hardware.memory import Memory
from small_dataset_audio.hardware.processor import processor_name
from small_dataset_audio.pipeline.forecast.history import History, likeness, read_history
from small_dataset_audio.pipeline.stage import Stage

HOST: Final = "cpu"
"""The device that is the processor itself, as torch names it."""


@dataclass(frozen=True)
class Machine:
    """What an estimate goes by.

    Attributes:
        host: the host's memory, as far as it is planned with.
        device: what stages that want the accelerator run on; None where it was not chosen.
        memory: of that device, as far as it is planned with; None where it does not tell.
        profile: of this machine, if there is one.
        history: what earlier runs took.
        notes: what could not be read, as sentences.
        settings: of the stages.
    """

    host: Memory
    device: str | None = None
    memory: Memory | None = None
    profile: Profile | None = None
    history: History = field(default_factory=History)
    notes: tuple[str, ...] = ()
    settings: Settings = field(default_factory=Settings)

    def where(self, stage: Stage) -> str | None:
        """Return the device that ``stage`` runs on."""
        return self.device if stage.accelerator(self.settings) else HOST

    def memory_for(self, stage: Stage) -> Memory | None:
        """Return the memory that ``stage`` may use there."""
        where = self.where(stage)
        return self.host if where == HOST else self.memory if where is not None else None

    def operations_per_second(self, stage: Stage) -> float | None:
        """Return how many operations a network really carries out where ``stage`` runs, as training did; None: not known."""
        if (
            self.profile is None
            or self.profile.document["device"]["id"] != self.where(stage)
            or not self.profile.points
        ):
            return None
        document = self.profile.document
        best = max(point.audio_seconds_per_second.median for point in self.profile.points)
        return float(document["workload"]["flops_per_example"]) / float(document["settings"]["seconds"]) * best

    def decode_rate(self) -> float | None:
        """Return how many seconds of audio one core decodes in a second; None where that is not known."""
        rate = self.profile.rate("audio_decode") if self.profile is not None else None
        return None if rate is None else rate.median


def look_around(
    settings: Settings, stages: Sequence[Stage], device: str | None = None, memory: Memory | None = None
) -> Machine:
    """Return what is known of this machine. Run logs and the profile are read, nothing is measured.

    Args:
        settings: where the reports are, and the memory limit.
        stages: those of the run.
        device: what stages that want the accelerator run on.
        memory: of that device.
    """
    notes: list[str] = []
    try:
        profile = load(settings.paths.reports)
    except StoreError as error:
        notes.append(f"{error.what} {error.fix}")
        profile = None
    history = read_history(settings.paths.reports, likenesses(stages, settings, device))
    return Machine(
        planned_host(settings.hardware),
        device,
        None if memory is None else planned(memory, settings.hardware.memory_limit_gb),
        profile,
        history,
        (*notes, *history.notes),
        settings,
    )


def likenesses(stages: Sequence[Stage], settings: Settings, device: str | None) -> dict[str, str]:
    """Return stage -> what it is and what it computes on, so that runs of it can be compared."""
    processor = processor_name()
    return {
        one.name: likeness(one, settings, str(device) if one.accelerator(settings) else processor) for one in stages
    }
