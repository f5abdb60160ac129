"""The stage metadata: who made a recording, when, on which record, and what services call it."""

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from small_dataset_audio.config.model import Settings
from small_dataset_audio.dataset.identity import audio_identity
from small_dataset_audio.dataset.info import StageRecord, read_info, safe_update
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.dataset.metadata.collect import Collected, Collector
from small_dataset_audio.dataset.metadata.values import KEYS
from small_dataset_audio.dataset.mixes import mix_of
from small_dataset_audio.dataset.provenance import RESERVED, stage_record
from small_dataset_audio.pipeline.stage import Bench, Job, Load, Outcome, Stage, Work

STAGE: Final = "metadata"
UNFINISHED: Final = "unfinished"
"""Stands for the settings in the record of a track for which a source could not be asked: the next run asks it."""
_VERSION: Final = 1
_LATER: Final = (
    "Tracks for which a source of their metadata could not be asked keep what is known; the next run asks again."
)


@dataclass(frozen=True)
class Lookup:
    """What became known of a track, beside what its ``.INFO`` holds.

    Attributes:
        found: what the sources say.
        values: what is to be written: what they say, and what of an earlier run stays.
        kept: keys whose values the user wrote: these stay.
        carried: keys that an earlier run has from sources that were not asked now, with these sources: these stay as well.
        before: the values of the metadata's keys that ``.INFO`` holds.
        stale: keys that the stage wrote before and does not write now.
    """

    found: Collected
    values: Mapping[str, Any] = field(default_factory=dict)
    kept: tuple[str, ...] = ()
    carried: Mapping[str, str] = field(default_factory=dict)
    before: Mapping[str, Any] = field(default_factory=dict)
    stale: tuple[str, ...] = ()

    @property
    def absent(self) -> dict[str, str]:
        """The reasons for what is not known."""
        known = {*self.kept, *self.carried}
        return {key: why for key, why in self.found.absent.items() if key not in known}

    @property
    def notes(self) -> dict[str, Any]:
        """What is to be known of the values; ``wrote`` tells later whether the user has changed one since."""
        wrote = {key: _digest(value) for key, value in self.values.items() if key not in self.kept}
        told = {
            **self.found.notes,
            "from": {**self.found.notes.get("from", {}), **self.carried},
            "wrote": wrote,
            "kept": list(self.kept),
        }
        return {name: note for name, note in told.items() if note}


def opened_collector(settings: Settings) -> Collector:
    """Return what looks recordings up, as the settings say."""
    return Collector(settings.metadata, settings.paths.cache, offline=settings.general.offline)


def look_up(track: Track, collector: Collector, *, fresh: bool = False) -> Lookup:
    """Return what the sources know of a track, and what that changes. Nothing is written to the library.

    Raises:
        AudioError: the recording cannot be read.
        StoreError: there is no recording, or the cache cannot be written.
        UnreadableInfo: its ``.INFO`` is not the flat JSON it must be.
    """
    mix = mix_of(track)
    info = read_info(track.info)
    found = collector.collect(mix, _name(track, info), fresh=fresh)
    provenance = info.get(RESERVED, {})
    made = provenance.get("stages", {}).get(STAGE, {}).get("made", [])
    record = stage_record(provenance, STAGE)
    before = {key: info[key] for key in KEYS if key in info}
    kept = _of_the_user(before, record)
    carried = _of_others(record, provenance, found) if record is not None else {}
    carried = {key: source for key, source in carried.items() if key in before and key not in kept}
    values = {key: value for key, value in found.values.items() if key not in kept}
    # What is not written again would count as stale.
    values |= {key: before[key] for key in before if key in carried or (key in kept and key in made)}
    stale = tuple(key for key in made if key in before and key not in values)
    return Lookup(found, values, kept, carried, before, stale)


def _of_others(record: StageRecord, provenance: Mapping[str, Any], found: Collected) -> dict[str, str]:
    """Return the keys of an earlier run that nobody says now, because their source was not asked; key -> that source."""
    if record.audio_sha256 != provenance.get("audio", {}).get("sha256"):
        return {}  # they were of another recording
    noted = record.notes.get("from")
    origins = noted if isinstance(noted, dict) else {}
    return {key: source for key, source in origins.items() if key not in found.values and source not in found.asked}


def _of_the_user(before: Mapping[str, Any], record: StageRecord | None) -> tuple[str, ...]:
    """Return the keys whose values are not as the stage wrote them."""
    wrote = record.notes.get("wrote") if record is not None else None
    known = wrote if isinstance(wrote, dict) else {}
    return tuple(key for key, value in before.items() if known.get(key) != _digest(value))


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:12]


def _name(track: Track, info: Mapping[str, Any]) -> str:
    """Return the name under which the recording came, without its suffix; else that of its track."""
    name = info.get(RESERVED, {}).get("source", {}).get("name")
    return name.rpartition(".")[0] or name if isinstance(name, str) and name else track.name


def _open(bench: Bench) -> Work:
    collector = opened_collector(bench.settings)

    def work(job: Job) -> Outcome:
        began = time.perf_counter()
        seen = look_up(job.track, collector, fresh=STAGE in job.force)
        if not seen.found.open_questions:
            return Outcome(seen.values, seen.absent, warnings=seen.found.warnings, notes=seen.notes)
        _write_unfinished(job.track, seen, time.perf_counter() - began)
        return Outcome(absent=seen.absent, warnings=(*seen.found.warnings, _LATER), done=False)

    return work


def _write_unfinished(track: Track, seen: Lookup, seconds: float) -> None:
    """Write what is known so far, with a record that counts as not done."""
    record = StageRecord(
        STAGE,
        _VERSION,
        UNFINISHED,
        audio_identity(track)["sha256"],
        round(seconds, 3),
        absent=seen.absent,
        notes={**seen.notes, "open": dict(seen.found.open_questions)},
    )
    safe_update(track.info, seen.values, stage=record)


def _relevant(settings: Settings) -> Mapping[str, object]:
    chosen = settings.metadata
    told: dict[str, object] = {"sources": chosen.sources, "tag_encoding": chosen.tag_encoding}
    if set(chosen.sources) - {"tags"}:
        told["minimum_score"] = chosen.minimum_score
    if "tidal" in chosen.sources:
        told["country"] = chosen.country
    return told


METADATA: Final = Stage(
    name=STAGE,
    version=_VERSION,
    summary="reads tags, and asks the services that the settings name: artists, album, date, identifiers",
    open=_open,
    needs=("organize",),
    relevant=_relevant,
    load=lambda _settings: Load(decodes=0.01, memory=80_000_000),
)
