"""The settings of sda: every section, every key, its meaning and its range.

This is the only list of settings. Loading, the written file, the JSON Schema, ``sda config`` and the table in the
documents are all derived from it.
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, WithJsonSchema

from small_dataset_audio.config.captions import Captions
from small_dataset_audio.config.crops import Crops
from small_dataset_audio.config.export import Export
from small_dataset_audio.config.labels import Labels
from small_dataset_audio.config.metadata import Metadata
from small_dataset_audio.config.models import Models
from small_dataset_audio.config.order import STAGES
from small_dataset_audio.config.rocm import Rocm
from small_dataset_audio.config.section import Folder, Section, setting
from small_dataset_audio.config.separation import Separation
from small_dataset_audio.config.transcription import Transcription

DEVICE_PATTERN = r"^(auto|cpu|mps|cuda(:[0-9]{1,3})?)$"
"""The ways to name a device; ``cuda`` also names AMD's devices under ROCm, as it does in torch."""


def _known_stage(name: str) -> str:
    """Return ``name`` if it is a stage."""
    if name not in STAGES:
        message = f"{name} is not a stage"
        raise ValueError(message)
    return name


StageName = Annotated[str, AfterValidator(_known_stage), WithJsonSchema({"type": "string", "enum": list(STAGES)})]


class General(Section):
    """How much sda says, and whether it may use the network."""

    verbosity: Literal["quiet", "normal", "verbose"] = setting(
        "normal",
        "How much is said while working: quiet says only results and errors, verbose says every step. "
        "The options -q and -v win.",
    )
    offline: bool = setting(
        default=False,
        description="Never use the network: weights and metadata that are not there yet are then left out.",
    )


class Paths(Section):
    """Where things lie. A relative path counts from this file's folder; ~ is your home folder."""

    datasets: Folder = setting(
        Path("data/datasets"), "Your recordings. They are read and copied from here, never changed or moved."
    )
    models: Folder = setting(Path("data/models"), "Weights of models that you have pulled.")
    generated: Folder = setting(Path("data/generated"), "Music that sda makes itself, such as the demo's pieces.")
    library: Folder = setting(
        Path("data/library"),
        "The track library: one folder per track with the copy of its audio, its .INFO file and what stages add.",
    )
    reports: Folder = setting(Path("data/reports"), "Run logs, benchmark results and reports.")
    cache: Folder = setting(Path("data/cache"), "What can be computed or fetched again. Safe to delete at any time.")


class Hardware(Section):
    """The device that models run on, and what it can carry."""

    device: str = setting(
        "auto",
        "The device for models: auto takes the best one that works. cuda also names AMD devices (ROCm).",
        pattern=DEVICE_PATTERN,
        allowed='"auto", "cpu", "mps", "cuda", or one device by number such as "cuda:0"',
    )
    memory_limit_gb: float | None = setting(
        None,
        "The most memory, in GiB, that sda plans to use on the device. On the CPU that is the computer's own, and fewer "
        "workers start where it is short. Not set: what is free. sda benchmark writes what it may use.",
        ge=0.1,
        examples=[8.0],
    )
    max_batch_size: int | None = setting(
        None,
        "The largest training batch that was seen to fit (written by sda benchmark, told by sda plan).",
        ge=1,
        examples=[16],
    )
    best_batch_size: int | None = setting(
        None,
        "The smallest batch with nearly the best throughput (written by sda benchmark, told by sda plan).",
        ge=1,
        examples=[8],
    )


class Pipeline(Section):
    """What sda run does, and with how many hands."""

    stages: list[StageName] | None = setting(
        None,
        "The stages to run. Not set: every stage that this installation can run.",
        min_length=1,
        examples=[["organize", "analyze"]],
    )
    skip: list[StageName] = setting([], "Stages to leave out.")
    workers: Literal["auto"] | Annotated[int, Field(ge=1)] = setting(
        "auto",
        "How many tracks are worked on at the same time. auto takes one worker per processor core, fewer where memory is short.",
    )
    allow_truncated: bool = setting(
        default=False,
        description="Use what can be decoded of a recording that ends before its own header says. "
        "Otherwise such a file is reported and left out.",
    )
    engine: Literal["local", "ray"] = setting(
        "local", "Where the work is done: processes on this machine, or a Ray cluster."
    )
    address: str | None = setting(
        None,
        "The Ray cluster: auto for the one that this machine is a part of, or its address. Not set: what RAY_ADDRESS "
        "names, else Ray is started on this machine for the run.",
        min_length=1,
        examples=["auto", "ray://head:10001"],
    )


class Features(Section):
    """How the numbers are measured. A change here measures the affected tracks again."""

    beats: Literal["auto", "beat_this", "beat_this_small", "dsp"] = setting(
        "auto",
        "The beat tracker: beat_this and beat_this_small need weights; dsp is the embedded one. auto: the first of these "
        "that is installed.",
    )
    key_profile: Literal["krumhansl", "electronic"] = setting(
        "krumhansl",
        "The key profile for tonic and scale: krumhansl suits most tonal music, electronic suits dance music.",
    )
    timeseries: bool = setting(
        default=False,
        description="Also store how beats, onsets, chroma and the power in four bands change over time, "
        "in <track>.TIMESERIES.npz.",
    )
    timeseries_steps: int = setting(
        256, "How many equal steps a file is divided into for these time series.", ge=2, le=65536
    )


class Settings(Section):
    """All settings of sda, by section."""

    general: General = Field(default_factory=General)
    paths: Paths = Field(default_factory=Paths)
    hardware: Hardware = Field(default_factory=Hardware)
    pipeline: Pipeline = Field(default_factory=Pipeline)
    models: Models = Field(default_factory=Models)
    features: Features = Field(default_factory=Features)
    separation: Separation = Field(default_factory=Separation)
    labels: Labels = Field(default_factory=Labels)
    captions: Captions = Field(default_factory=Captions)
    transcription: Transcription = Field(default_factory=Transcription)
    metadata: Metadata = Field(default_factory=Metadata)
    crops: Crops = Field(default_factory=Crops)
    export: Export = Field(default_factory=Export)
    rocm: Rocm = Field(default_factory=Rocm)
