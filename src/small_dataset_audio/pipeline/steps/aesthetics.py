"""The stage aesthetics: how enjoyable, useful, complex and well produced the mix is predicted to be."""

from typing import Final

from small_dataset_audio.config.model import Settings
from small_dataset_audio.errors import SdaError
from small_dataset_audio.models.aesthetics import EXTRA, LIBRARY, MODEL, open_aesthetics
from small_dataset_audio.models.store import Store
from small_dataset_audio.pipeline.stage import Bench, Job, Load, Outcome, Stage, Work
from small_dataset_audio.pipeline.steps.mix import decoded_mix
from small_dataset_audio.pipeline.steps.obstacles import obstacle

_CPU: Final = "cpu"


def _open(bench: Bench) -> Work:
    settings = bench.settings
    judge = open_aesthetics(Store.of(settings), bench.device or _CPU)

    def work(job: Job) -> Outcome:
        clip, warnings = decoded_mix(job.track, settings)
        scores = judge(clip)
        return Outcome(scores.values, scores.absent, warnings=(*warnings, *scores.warnings))

    return work


def _obstacle(settings: Settings) -> SdaError | None:
    return obstacle(settings, model=MODEL, library=LIBRARY, extra=EXTRA)


AESTHETICS: Final = Stage(
    name="aesthetics",
    version=1,
    summary="predicts enjoyment, usefulness, complexity and production quality",
    open=_open,
    needs=("organize",),
    accelerator=lambda _settings: True,
    model_sha256=lambda settings: Store.of(settings).digest(MODEL),
    obstacle=_obstacle,
    memory_gb=lambda settings: Store.of(settings).model(MODEL).memory_gb,
    load=lambda _settings: Load(decodes=0.5, gflop=15.0, memory=1_500_000_000),
)
