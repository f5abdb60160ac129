"""The stage classify: genres, moods, instruments and four probabilities of the mix."""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.config.labels import Labels as LabelSettings
from small_dataset_audio.config.model import Settings
from small_dataset_audio.errors import SdaError
from small_dataset_audio.models.classification import ENCODER, Labels, installed, open_classifier, selected
from small_dataset_audio.models.store import Store
from small_dataset_audio.pipeline.stage import Bench, Listen, Load, Outcome, Stage
from small_dataset_audio.pipeline.steps.mix import on_mix
from small_dataset_audio.pipeline.steps.obstacles import obstacle

_CPU: Final = "cpu"


def _listen(bench: Bench) -> Listen:
    classify = open_classifier(Store.of(bench.settings), bench.device or _CPU)

    def heard(clip: Clip, _known: Mapping[str, Any]) -> Outcome:
        labels = classify(clip)
        values, absent = kept(labels, bench.settings.labels)
        return Outcome(values, absent, warnings=tuple(labels.warnings))

    return heard


def kept(labels: Labels, settings: LabelSettings) -> tuple[dict[str, object], dict[str, str]]:
    """Return what of the labels goes into ``.INFO``, and why the rest does not."""
    values: dict[str, object] = {}
    absent = dict(labels.absent)
    for name, probabilities in labels.dictionaries.items():
        chosen = selected(probabilities, top_k=settings.top_k, threshold=settings.threshold, complete=settings.complete)
        if chosen:
            values[name] = chosen
        else:
            absent[name] = f"no label is as likely as labels.threshold asks ({settings.threshold:g})"
    return {**values, **labels.numbers}, absent


def _digest(settings: Settings) -> str | None:
    """Return one hash for all the weights that are installed; None where none are."""
    store = Store.of(settings)
    digests = [f"{name} {store.digest(name)}" for name in installed(store)]
    return hashlib.sha256("\n".join(digests).encode()).hexdigest() if digests else None


def _obstacle(settings: Settings) -> SdaError | None:
    return obstacle(settings, model=ENCODER, library="onnxruntime", extra="labels")


def _relevant(settings: Settings) -> Mapping[str, object]:
    return settings.labels.model_dump()


CLASSIFY: Final = Stage(
    name="classify",
    version=1,
    summary="names genres, moods and instruments, each with its probability",
    open=on_mix(_listen),
    listen=_listen,
    needs=("organize",),
    accelerator=lambda _settings: True,
    relevant=_relevant,
    model_sha256=_digest,
    obstacle=_obstacle,
    memory_gb=lambda settings: Store.of(settings).model(ENCODER).memory_gb,
    load=lambda _settings: Load(decodes=0.5, gflop=0.2, memory=300_000_000),
)
