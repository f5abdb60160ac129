"""The stage aesthetics: how enjoyable, useful, complex and well produced the mix is predicted to be."""

from collections.abc import Mapping
from typing import Any, Final

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.config.model import Settings
from small_dataset_audio.errors import SdaError
from small_dataset_audio.models.aesthetics import EXTRA, LIBRARY, MODEL, open_aesthetics
from small_dataset_audio.models.store import Store
from small_dataset_audio.pipeline.stage import Bench, Listen, Load, Outcome, Stage
from small_dataset_audio.pipeline.steps.mix import on_mix
from small_dataset_audio.pipeline.steps.obstacles import obstacle

_CPU: Final = "cpu"


def _listen(bench: Bench) -> Listen:
    judge = open_aesthetics(Store.of(bench.settings), bench.device or _CPU)

    def heard(clip: Clip, _known: Mapping[str, Any]) -> Outcome:
        scores = judge(clip)
        return Outcome(scores.values, scores.absent, warnings=tuple(scores.warnings))

    return heard


def _obstacle(settings: Settings) -> SdaError | None:
    return obstacle(settings, model=MODEL, library=LIBRARY, extra=EXTRA)


AESTHETICS: Final = Stage(
    name="aesthetics",
    version=1,
    summary="predicts enjoyment, usefulness, complexity and production quality",
    open=on_mix(_listen),
    listen=_listen,
    needs=("organize",),
    accelerator=lambda _settings: True,
    model_sha256=lambda settings: Store.of(settings).digest(MODEL),
    obstacle=_obstacle,
    memory_gb=lambda settings: Store.of(settings).model(MODEL).memory_gb,
    load=lambda _settings: Load(decodes=0.5, gflop=15.0, memory=1_500_000_000),
)
