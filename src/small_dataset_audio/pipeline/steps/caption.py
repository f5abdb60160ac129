"""The stage caption: what a model that hears music says of a track, in answer to up to five questions."""

import atexit
from collections.abc import Mapping
from typing import Any, Final

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.config.model import Settings
from small_dataset_audio.dataset.provenance import RESERVED
from small_dataset_audio.errors import SdaError
from small_dataset_audio.models.captioning import Facts, open_captioner
from small_dataset_audio.models.captioning.captioner import require_endpoint, weights_of
from small_dataset_audio.models.captioning.server import found_program
from small_dataset_audio.models.store import Store
from small_dataset_audio.pipeline.stage import Bench, Listen, Load, Outcome, Stage
from small_dataset_audio.pipeline.steps.mix import on_mix
from small_dataset_audio.pipeline.steps.obstacles import obstacle

LOG: Final = "llama-server.log"
"""In the reports folder."""
GENRES: Final = "essentia_genre"
METADATA: Final = ("artists", "album", "release_year", "genres", "label")
"""What of the tags a prompt may be given, by its name in ``.INFO``."""
_CPU: Final = "cpu"
_UNHEARD: Final = {"server", "patience", "endpoint"}
"""Settings that do not change what is said."""


def _listen(bench: Bench) -> Listen:
    settings = bench.settings
    captioner = open_captioner(
        settings.captions, Store.of(settings), bench.device or _CPU, settings.paths.reports / LOG
    )
    atexit.register(captioner.close)

    def heard(clip: Clip, known: Mapping[str, Any]) -> Outcome:
        said = captioner.describe(clip, facts(known))
        notes = {"contradictions": said.contradictions} if said.contradictions else {}
        return Outcome(said.texts, said.absent, warnings=tuple(said.warnings), notes=notes)

    return heard


def facts(info: Mapping[str, Any]) -> Facts:
    """Return what ``.INFO`` knows of a track that a prompt or the evidence uses."""
    genres = info.get(GENRES)
    known = (
        {} if not isinstance(genres, dict) else {name: p for name, p in genres.items() if isinstance(p, int | float)}
    )
    likely = sorted(known, key=known.__getitem__, reverse=True)
    metadata = {name.replace("_", " "): _words(info[name]) for name in METADATA if info.get(name)}
    values = {name: value for name, value in info.items() if name != RESERVED}
    return Facts([one.replace("---", ": ") for one in likely], metadata, values)


def _words(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _obstacle(settings: Settings) -> SdaError | None:
    captions = settings.captions
    try:
        if captions.backend == "endpoint":
            require_endpoint(captions)
            return None
        if captions.backend == "llama-server":
            found_program(captions.server)
    except SdaError as error:
        return error
    weights = weights_of(captions)
    library = "transformers" if captions.backend == "transformers" else "soundfile"
    return None if weights is None else obstacle(settings, model=weights, library=library, extra="captions")


def _digest(settings: Settings) -> str | None:
    weights = weights_of(settings.captions)
    return None if weights is None else Store.of(settings).digest(weights)


def _memory(settings: Settings) -> float | None:
    weights = weights_of(settings.captions)
    return None if weights is None else Store.of(settings).model(weights).memory_gb


def _relevant(settings: Settings) -> Mapping[str, object]:
    captions = settings.captions.model_dump(exclude=_UNHEARD)
    if settings.captions.backend == "endpoint":
        captions["endpoint"] = settings.captions.endpoint
    return captions


CAPTION: Final = Stage(
    name="caption",
    version=1,
    summary="describes the music in words",
    open=on_mix(_listen),
    listen=_listen,
    needs=("organize",),
    accelerator=lambda settings: settings.captions.backend != "endpoint",
    relevant=_relevant,
    model_sha256=_digest,
    obstacle=_obstacle,
    memory_gb=_memory,
    load=lambda _settings: Load(memory=500_000_000),
)
