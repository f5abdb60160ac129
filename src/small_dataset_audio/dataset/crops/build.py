"""A crop's folder: made under a temporary name, complete, and only then given its own."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from small_dataset_audio.atomic import store_error, temporary_beside
from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.audio.content import file_sha256
from small_dataset_audio.audio.encode import writing
from small_dataset_audio.audio.probe import probe
from small_dataset_audio.dataset.crops.inherit import BEATS, POSITION, Times, sliced
from small_dataset_audio.dataset.crops.origin import STAGE, Origin
from small_dataset_audio.dataset.crops.plan import Span
from small_dataset_audio.dataset.crops.sound import faded
from small_dataset_audio.dataset.identity import AudioIdentity, stat_of
from small_dataset_audio.dataset.info import StageRecord, safe_update
from small_dataset_audio.dataset.layout import INFO_SUFFIX, MIX
from small_dataset_audio.dataset.times import write_times

SUFFIX: Final = ".flac"
_SIXTEEN: Final = 16
_EXACT: Final = frozenset({"pcm", "flac", "alac", "mu-law", "a-law"})
"""Codecs whose samples are whole numbers."""
_MINUTE: Final = 60.0


@dataclass(frozen=True)
class Crop:
    """One crop to be made.

    Attributes:
        name: of its folder.
        span: where it lies in the recording.
        origin: what it will know of that.
        times: suffix -> seconds from its start.
    """

    name: str
    span: Span
    origin: Origin
    times: Mapping[str, Times] = field(default_factory=dict)


@dataclass(frozen=True)
class Record:
    """Who makes the crops.

    Attributes:
        version: of the stage.
        settings_hash: over the settings that its results depend on.
    """

    version: int
    settings_hash: str


@dataclass(frozen=True)
class Source:
    """A recording, or one of its stems, to cut from.

    Attributes:
        path: its file.
        open: decodes it.
    """

    path: Path
    open: Callable[[], Clip]


def crop_of(name: str, span: Span, origin: Origin, times: Mapping[str, Times]) -> Crop:
    """Return a crop with the times that lie in it, and, where it is made of whole bars, the tempo of its loop."""
    cut = sliced(times, span, origin.rate)
    beats = cut[BEATS].size if BEATS in cut and span.bars is not None else 0
    if beats:
        tempo = round(_MINUTE * beats * origin.rate / span.length, 6)
        origin = replace(origin, bars=span.bars, beats=beats, loop_bpm=tempo)
    return Crop(name, span, origin, cut)


def subtype_of(path: Path) -> str:
    """Return how FLAC stores the samples of a recording: with 16 bits where it has no more, else with 24.

    Raises:
        AudioError: its header cannot be read.
    """
    facts = probe(path)
    few = facts.codec in _EXACT and facts.bits is not None and facts.bits <= _SIXTEEN
    return "PCM_16" if few else "PCM_24"


def build_crops(
    folder: Path, crops: Sequence[Crop], sources: Mapping[str, Source], values: Mapping[str, Any], record: Record
) -> tuple[dict[str, Path], int]:
    """Return name -> temporary folder of each crop, complete but for its name, and how many samples had to be clipped.

    One recording after another is decoded, so that no more than one is held.

    Args:
        folder: where the crops will lie; it exists.
        crops: what to make.
        sources: name of the audio file without suffix -> what to cut it from; the mix among them.
        values: what every crop inherits.
        record: who makes them.

    Raises:
        AudioError: a recording cannot be decoded, or FLAC does not take its channels.
        StoreError: something cannot be written.
    """
    made = {crop.name: temporary_beside(folder / crop.name) for crop in crops}
    for path in made.values():
        try:
            path.mkdir()
        except OSError as error:
            raise store_error("create", path, error) from error
    clipped = 0
    for name, source in sources.items():
        clip, subtype = source.open(), subtype_of(source.path)
        for crop in crops:
            clipped += _write_audio(made[crop.name] / f"{name}{SUFFIX}", clip, crop, subtype)
        del clip  # before the next one is decoded
    for crop in crops:
        _write_facts(made[crop.name], crop, sources, values, record)
    return made, clipped


def crop_values(crop: Crop, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what ``.INFO`` of a crop holds before anything is measured on it."""
    return {**values, POSITION: crop.span.start / crop.origin.source_samples}


def record_of(record: Record, sha256: str) -> StageRecord:
    """Return what the stage says of a crop whose mix has that content hash."""
    return StageRecord(STAGE, record.version, record.settings_hash, sha256, 0.0)


def _write_audio(path: Path, clip: Clip, crop: Crop, subtype: str) -> int:
    """Write a crop of ``clip``, whose rate may be another than the mix's; return how many samples were clipped."""
    scale = clip.rate / crop.origin.rate
    span = Span(round(crop.span.start * scale), round(crop.span.stop * scale))
    count = round(crop.origin.fade_ms / 1000 * clip.rate)
    with writing(path, clip.rate, clip.channels, subtype=subtype) as writer:
        for block in faded(clip.samples, span, count):
            writer.write(block)
    return writer.clipped


def _write_facts(
    folder: Path, crop: Crop, sources: Mapping[str, Source], values: Mapping[str, Any], record: Record
) -> None:
    """Write the times files and ``.INFO`` of a crop, under the name that it will have."""
    for suffix, times in crop.times.items():
        write_times(folder / f"{crop.name}.{suffix}", times)
    files = {f"{name}{SUFFIX}": file_sha256(folder / f"{name}{SUFFIX}") for name in sources}
    mix = f"{MIX}{SUFFIX}"
    size, mtime_ns = stat_of(folder / mix)
    identity = AudioIdentity(sha256=files[mix], size=size, mtime_ns=mtime_ns)
    safe_update(
        folder / f"{crop.name}{INFO_SUFFIX}",
        crop_values(crop, values),
        stage=record_of(record, files[mix]),
        reserved={STAGE: replace(crop.origin, files=files).as_json(), "audio": identity},
    )
