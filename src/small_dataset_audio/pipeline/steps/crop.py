"""The stage crop: a track cut into pieces of the length that a generator trains on, each a folder of its own."""

import hashlib
import json
from collections.abc import Mapping
from functools import cache, partial
from typing import Any, Final

from small_dataset_audio.audio.decode import decode
from small_dataset_audio.config.model import Settings
from small_dataset_audio.dataset.crops.build import Record, Source
from small_dataset_audio.dataset.crops.inherit import TIMES, inherited, known_times, was_analyzed
from small_dataset_audio.dataset.crops.origin import STAGE
from small_dataset_audio.dataset.identity import audio_identity, beside_sha256, stem_identities
from small_dataset_audio.dataset.info import read_info, read_provenance, read_values
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.dataset.provenance import RESERVED
from small_dataset_audio.errors import StoreError
from small_dataset_audio.features.catalog import declared
from small_dataset_audio.pipeline.cropping import Recording, cut
from small_dataset_audio.pipeline.scratch import scratch
from small_dataset_audio.pipeline.stage import Bench, Job, Load, Outcome, Stage, Work
from small_dataset_audio.pipeline.steps.mix import decoded_mix

_LABELS: Final = "labels"
"""The group of numbers in the catalog that come with labels, and are inherited like them."""
_VERSION: Final = 1


@cache
def measured_names() -> frozenset[str]:
    """Return the names of the numbers that are measured on every crop itself. Asked for once: it goes through packages."""
    return frozenset(name for name, feature in declared().items() if feature.group != _LABELS)


def _open(bench: Bench) -> Work:
    settings = bench.settings
    record = Record(_VERSION, CROP.settings_hash(settings))

    def work(job: Job) -> Outcome:
        recording, warnings = _recording(job.track, settings)
        made = cut(recording, settings.crops, record, force=STAGE in job.force)
        # Most libraries hold short pieces: that these have no crops is news only to who asked for crops by name.
        unasked = (
            settings.pipeline.stages is None and not made.stored.crops and not made.silent and not made.stored.stale
        )
        return Outcome(
            absent={"crops": " ".join(made.warnings)} if unasked else {},
            warnings=warnings if unasked else (*warnings, *made.warnings),
            notes=made.notes(),
            follow_up=tuple(crop.folder for crop in made.stored.crops),
            done=not made.stored.stale,
        )

    return work


def _recording(track: Track, settings: Settings) -> tuple[Recording, tuple[str, ...]]:
    """Return a track as it is to be cut, and warnings for the user."""
    clip, warnings = decoded_mix(track, settings)
    mix = track.mix
    if mix is None:
        raise StoreError(
            f"The recording of {track.name} is gone.",
            "It was removed while it was read.",
            "Put it back, then run the command again.",
        )
    info = read_info(track.info)
    paths = {} if settings.crops.skip_stems else track.stems()
    stems = {name: Source(path, partial(decode, path, scratch=scratch(settings))) for name, path in paths.items()}
    hashes = {name: one["sha256"] for name, one in stem_identities(track).items() if name in stems}
    return Recording(
        track,
        clip,
        Source(mix, lambda: clip),
        audio_identity(track)["sha256"],
        stems,
        hashes,
        known_times(track),
        was_analyzed(track, info),
        inherited(info, measured_names()),
    ), warnings


def _inputs(track: Track, remember: bool) -> Mapping[str, str]:  # noqa: FBT001 - the shape of `Stage.inputs`
    """Return the content hashes of what a crop takes over: stems, beats and onsets, labels, captions and tempo."""
    found = {name: one["sha256"] for name, one in stem_identities(track, remember=remember).items()}
    for suffix in TIMES:
        if (sha256 := beside_sha256(track.beside(suffix))) is not None:
            found[suffix] = sha256
    info = {**read_values(track.beside("INFO")), RESERVED: read_provenance(track.beside("INFO"))}
    values: dict[str, Any] = inherited(info, measured_names())
    if values:
        found["inherited"] = hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()
    return found


CROP: Final = Stage(
    name=STAGE,
    version=_VERSION,
    summary="cuts tracks into pieces of the length that a generator trains on",
    open=_open,
    needs=("organize", "separate", "analyze", "classify", "caption", "metadata"),
    relevant=lambda settings: settings.crops.model_dump(),
    inputs=_inputs,
    # See `benchmarks/crops.py`.
    load=lambda _settings: Load(decodes=3.0, memory=200_000_000),
)
