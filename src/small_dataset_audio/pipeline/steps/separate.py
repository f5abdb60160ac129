"""The stage separate: the mix taken apart into bass, drums, other and vocals, as files beside it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.audio.encode import require_writable
from small_dataset_audio.config.model import Settings
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.errors import SdaError
from small_dataset_audio.hardware.oom import release_memory
from small_dataset_audio.models.separation.engine import Separator
from small_dataset_audio.models.separation.opening import EXTRA, PACKAGES, model_name, open_separator
from small_dataset_audio.models.separation.stems import INSTRUMENTAL, STEMS, Stems, finished
from small_dataset_audio.models.store import Store
from small_dataset_audio.pipeline.scratch import scratch
from small_dataset_audio.pipeline.stage import Bench, Job, Load, Outcome, Stage, Work
from small_dataset_audio.pipeline.steps.mix import decoded_mix
from small_dataset_audio.pipeline.steps.obstacles import obstacle
from small_dataset_audio.pipeline.steps.stem_files import foreign_stems, in_the_way, store_stems

_CPU: Final = "cpu"
_NO_RESULT: Final = {"batch_size"}
"""Settings that change how quickly stems come, and not what they are."""
_FLOATING: Final = "wav"
_GFLOP: Final = {"htdemucs": 37.0, "htdemucs_ft": 148.0, "htdemucs_6s": 37.0}
"""Demucs' models -> what they compute for a second of audio, as `benchmarks/separation.py` counts it."""
_ROFORMER_GFLOP: Final = 900.0
"""Of the six-stem BS-RoFormer, every second computed twice: 296 counted for each pass, and 150 for what is not counted, 1150 frames of
62 bands attending to one another in 12 layers 512 wide (4 x 1150 x 1150 x 512 x 62 x 12, for 13.35 s)."""
_MEMORY: Final = 1_600_000_000
_ROFORMER_MEMORY: Final = 5_000_000_000
"""Bytes of the host that a worker takes for Demucs and for BS-RoFormer, as `benchmarks/separation.py` showed."""


def _open(bench: Bench) -> Work:
    settings = bench.settings
    separator = open_separator(settings, bench.device or _CPU)

    def work(job: Job) -> Outcome:
        track = job.track
        names = {*STEMS, INSTRUMENTAL, *separator.network.sources}
        kept = in_the_way(track, names)
        if kept:
            warning = f"{track.name} has stems that sda did not make ({', '.join(kept)}): they stay, and nothing was separated."
            return Outcome(warnings=(warning,))
        clip, cut_short = decoded_mix(track, settings)
        stems, warnings = separated(separator, clip, track.name, settings)
        files = store_stems(track, stems, clip.rate, suffix_of(settings), _facts(separator, settings, stems))
        return Outcome(absent=stems.absent, warnings=(*cut_short, *warnings), files=files)

    return work


def separated(separator: Separator, clip: Clip, name: str, settings: Settings) -> tuple[Stems, list[str]]:
    """Return the stems of a recording, and sentences for the user.

    Raises:
        AudioError: the stems' format does not take the recording's rate or channels.
        SdaError: see `Separator.separate`.
    """
    warnings: list[str] = []
    require_writable(Path(f"{next(iter(separator.network.sources))}{suffix_of(settings)}"), clip.rate, clip.channels)
    made = separator.separate(clip, f"separating {name}", scratch(settings), warnings)
    release_memory()
    chosen = settings.separation
    return finished(clip, made, chosen, limited=chosen.format != _FLOATING), warnings


def suffix_of(settings: Settings) -> str:
    """Return the suffix of the stems' files."""
    return f".{settings.separation.format}"


def _facts(separator: Separator, settings: Settings, stems: Stems) -> dict[str, object]:
    """Return how stems were made, for ``.INFO``."""
    network = separator.network
    facts: dict[str, object] = {"backend": network.backend}
    if network.model is not None:
        facts["model"] = network.model
        facts["model_sha256"] = Store.of(settings).digest(network.model)
    if stems.scale != 1:
        facts["scale"] = stems.scale
    if stems.residual_db is not None:
        facts["residual_db"] = round(stems.residual_db, 1)
    if stems.weak:
        facts["weak"] = stems.weak
    return facts


def _obstacle(settings: Settings) -> SdaError | None:
    name = model_name(settings)
    if name is None:
        return None
    return obstacle(settings, model=name, library=PACKAGES[settings.separation.backend], extra=EXTRA)


def _digest(settings: Settings) -> str | None:
    name = model_name(settings)
    return None if name is None or _obstacle(settings) is not None else Store.of(settings).digest(name)


def _memory_gb(settings: Settings) -> float | None:
    name = model_name(settings)
    return None if name is None or _obstacle(settings) is not None else Store.of(settings).model(name).memory_gb


def _relevant(settings: Settings) -> Mapping[str, object]:
    chosen = settings.separation.model_dump(exclude=_NO_RESULT)
    models = {"demucs_model", "roformer_model"}
    return {"model": model_name(settings), **{key: value for key, value in chosen.items() if key not in models}}


def _load(settings: Settings) -> Load:
    name = model_name(settings)
    if name is None:
        return Load(decodes=12.0, memory=300_000_000)
    if name in _GFLOP:
        return Load(decodes=2.0, gflop=_GFLOP[name], memory=_MEMORY)
    return Load(decodes=2.0, gflop=_ROFORMER_GFLOP, memory=_ROFORMER_MEMORY)


def _inputs(track: Track, remember: bool) -> Mapping[str, str]:  # noqa: FBT001 - the shape of `Stage.inputs`
    return foreign_stems(track, remember=remember)


SEPARATE: Final = Stage(
    name="separate",
    version=1,
    summary="takes the mix apart into bass, drums, other and vocals",
    open=_open,
    needs=("organize",),
    accelerator=lambda settings: model_name(settings) is not None,
    relevant=_relevant,
    model_sha256=_digest,
    obstacle=_obstacle,
    inputs=_inputs,
    memory_gb=_memory_gb,
    load=_load,
    deletable=True,
)
