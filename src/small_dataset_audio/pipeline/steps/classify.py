"""The stage classify: genres, moods, instruments and four probabilities of the mix.

What the networks say is kept whole (`known_labels`). Other settings of how many labels are written make the stage run again,
but not the networks.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.config.labels import Labels as LabelSettings
from small_dataset_audio.config.model import Settings
from small_dataset_audio.dataset.identity import audio_identity
from small_dataset_audio.errors import SdaError
from small_dataset_audio.models.classification import ENCODER, Labels, installed, open_classifier, selected
from small_dataset_audio.models.store import Store
from small_dataset_audio.pipeline.stage import Bench, Job, Listen, Load, Outcome, Stage, Work
from small_dataset_audio.pipeline.steps.known_labels import KnownLabels
from small_dataset_audio.pipeline.steps.mix import decoded_mix
from small_dataset_audio.pipeline.steps.obstacles import obstacle

_CPU: Final = "cpu"


def _listen(bench: Bench) -> Listen:
    classify = open_classifier(Store.of(bench.settings), bench.device or _CPU)

    def heard(clip: Clip, _known: Mapping[str, Any]) -> Outcome:
        labels = classify(clip)
        values, absent = kept(labels, bench.settings.labels)
        return Outcome(values, absent, warnings=tuple(labels.warnings))

    return heard


def _open(bench: Bench) -> Work:
    settings = bench.settings
    classify = open_classifier(Store.of(settings), bench.device or _CPU)
    known = KnownLabels(settings.paths.cache, CLASSIFY.version, str(_digest(settings)))

    def work(job: Job) -> Outcome:
        """Return the labels of a track: those that are known of its recording, else what the networks hear in it."""
        sha256 = audio_identity(job.track)["sha256"]
        labels = None if CLASSIFY.name in job.force else known.find(sha256)
        warnings: tuple[str, ...] = ()
        if labels is None:
            clip, warnings = decoded_mix(job.track, settings)
            labels = classify(clip)
            # Warnings are told of every run; and what was replaced meanwhile may not go by the name of what was there before.
            if not warnings and not labels.warnings and audio_identity(job.track)["sha256"] == sha256:
                known.keep(sha256, labels)
        values, absent = kept(labels, settings.labels)
        return Outcome(values, absent, warnings=(*warnings, *labels.warnings))

    return work


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
    open=_open,
    listen=_listen,
    needs=("organize",),
    accelerator=lambda _settings: True,
    relevant=_relevant,
    model_sha256=_digest,
    obstacle=_obstacle,
    memory_gb=lambda settings: Store.of(settings).model(ENCODER).memory_gb,
    load=lambda _settings: Load(decodes=0.5, gflop=0.2, memory=300_000_000),
)
