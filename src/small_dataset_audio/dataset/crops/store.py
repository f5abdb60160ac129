"""The crops of a track, put beside those that are there.

A crop that is there stays as it is, unless all are to be made anew. Crops that do not belong to what is cut now (the
recording, the beats or the settings are others) are never mixed with new ones and never removed unasked: nothing is cut
then, and the caller says so. What sda did not make is never removed at all.
"""

import contextlib
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from small_dataset_audio.atomic import TEMPORARY_SUFFIX, store_error, sync_folder, temporary_beside
from small_dataset_audio.audio.content import file_sha256
from small_dataset_audio.dataset.crops.build import SUFFIX, Crop, Record, Source, build_crops, crop_values, record_of
from small_dataset_audio.dataset.crops.inherit import TIMES
from small_dataset_audio.dataset.crops.origin import STAGE, Origin, read_origin
from small_dataset_audio.dataset.crops.places import crop_folders, crops_folder, require_no_link
from small_dataset_audio.dataset.info import read_info, safe_update
from small_dataset_audio.dataset.layout import MIX, Track
from small_dataset_audio.dataset.lock import LOCK_NAME, track_lock
from small_dataset_audio.dataset.provenance import RESERVED
from small_dataset_audio.dataset.series import TIMESERIES
from small_dataset_audio.dataset.times import write_times
from small_dataset_audio.errors import StoreError


@dataclass(frozen=True)
class Stored:
    """What became of a track's crops.

    Attributes:
        crops: those that are there now, in order.
        written: how many of them were made now.
        stale: names of those that do not belong to what was to be cut; nothing was written if there are any.
        clipped: samples beyond full scale that had to be clipped.
    """

    crops: tuple[Track, ...]
    written: int = 0
    stale: tuple[str, ...] = ()
    clipped: int = 0


def store_crops(
    track: Track,
    crops: Sequence[Crop],
    sources: Mapping[str, Source],
    values: Mapping[str, Any],
    record: Record,
    *,
    force: bool,
) -> Stored:
    """Return what became of a track's crops, after making those of ``crops`` that are not there yet.

    A crop appears under its name when it is complete; a crash leaves it whole, or not there at all.

    Args:
        track: the track.
        crops: what there is to be, in order.
        sources: as of `build_crops`.
        values: what every crop inherits; those that are there take it over as well.
        record: who makes them.
        force: make all anew, in the place of those that sda made before.

    Raises:
        AudioError: a recording cannot be decoded or encoded.
        StoreError: something cannot be written, or a file that sda did not make is in the way.
    """
    with track_lock(track.folder):
        require_no_link(crops_folder(track))
        _sweep(crops_folder(track))
        present = {one.name: read_origin(one) for one in crop_folders(track)}
        wanted = {crop.name: crop for crop in crops}
        mine = {name: origin for name, origin in present.items() if origin is not None}
        stale = tuple(name for name, origin in mine.items() if not _same(origin, wanted.get(name)))
        if stale and not force:
            return Stored(_tracks(track, mine), stale=stale)
        _refuse(track, wanted.keys() & (present.keys() - mine.keys()), mine if force else {})
        missing = [crop for crop in crops if force or crop.name not in mine]
        clipped = _make(track, missing, sources, values, record, list(mine) if force else [])
        for crop in crops:
            if crop not in missing:
                _refresh(Track(crops_folder(track) / crop.name), crop, mine[crop.name], values, record)
        return Stored(_tracks(track, wanted), len(missing), clipped=clipped)


def _same(origin: Origin, crop: Crop | None) -> bool:
    return crop is not None and origin.cut() == crop.origin.cut()


def _tracks(track: Track, names: Mapping[str, object]) -> tuple[Track, ...]:
    return tuple(Track(crops_folder(track) / name) for name in names)


def _make(
    track: Track,
    crops: Sequence[Crop],
    sources: Mapping[str, Source],
    values: Mapping[str, Any],
    record: Record,
    replaced: list[str],
) -> int:
    """Make ``crops`` in the place of those called ``replaced``; return how many samples had to be clipped."""
    folder = crops_folder(track)
    if not crops and not replaced:
        return 0
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise store_error("create", folder, error) from error
    try:
        made, clipped = build_crops(folder, crops, sources, values, record)
        _publish(folder, made, replaced)
    finally:
        with contextlib.suppress(StoreError):  # what stays is hidden, and swept by the next run
            _sweep(folder)
    return clipped


def _publish(folder: Path, made: Mapping[str, Path], replaced: Sequence[str]) -> None:
    """Give complete folders their names, one by one, and take those they replace away."""
    try:
        for name in dict.fromkeys((*made, *replaced)):
            if name in replaced:
                (folder / name).rename(temporary_beside(folder / name))
            if name in made:
                made[name].rename(folder / name)
        sync_folder(folder)
    except OSError as error:
        raise store_error("rename a crop in", folder, error) from error


def _sweep(folder: Path) -> None:
    """Remove folders that are not complete, or were replaced; the track's lock must be held."""
    try:
        for leftover in folder.glob(f".*{TEMPORARY_SUFFIX}"):
            shutil.rmtree(leftover)
    except OSError as error:
        raise store_error("clean up", folder, error) from error


def _refresh(there: Track, crop: Crop, origin: Origin, values: Mapping[str, Any], record: Record) -> None:
    """Let a crop that is there take over what its track knows by now, and leave its sound alone."""
    info = read_info(there.info)
    for suffix, times in crop.times.items():
        write_times(there.sidecar(suffix), times)
    others = {
        name
        for stage, made in info.get(RESERVED, {}).get("stages", {}).items()
        if stage != STAGE
        for name in made.get("made", [])
    }
    fresh = {name: value for name, value in crop_values(crop, values).items() if name not in others}
    safe_update(there.info, fresh, stage=record_of(record, origin.files.get(f"{MIX}{SUFFIX}", "")))


def _refuse(track: Track, foreign: set[str], replaced: Mapping[str, Origin]) -> None:
    """Raise an error if what sda did not make stands where a crop is to be, or in a crop that is to be replaced."""
    folder = crops_folder(track)
    found = sorted(str(folder / name) for name in foreign)
    for name, origin in replaced.items():
        found += [str(folder / name / one) for one in _foreign_files(Track(folder / name), origin)]
    if found:
        shown = ", ".join(found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "")  # noqa: PLR2004 - enough to find them
        raise StoreError(
            f"The crops of {track.name} were left as they are.",
            f"What sda did not make, or what was changed since, stands in the way: {shown}.",
            "Move it out of the folder of the crops, then run the command again.",
        )


def _foreign_files(crop: Track, origin: Origin) -> list[str]:
    """Return the names in a crop's folder that sda did not make; its ``.INFO`` if that holds values of somebody else."""
    known = {f"{crop.name}.{suffix}" for suffix in (*TIMES, TIMESERIES)} | {LOCK_NAME}
    found = []
    for path in _listed(crop.folder):
        if path.name in known or path.name.endswith(TEMPORARY_SUFFIX):
            continue
        if path == crop.info:
            if _foreign_values(crop):
                found.append(path.name)
        elif os.path.isdir(path) or origin.files.get(path.name) != file_sha256(path):  # noqa: PTH112 - it never raises
            found.append(path.name)
    return found


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise store_error("read", folder, error) from error


def _foreign_values(crop: Track) -> bool:
    info = read_info(crop.info)
    made = {name for one in info[RESERVED].get("stages", {}).values() for name in one.get("made", [])}
    return not info.keys() - {RESERVED} <= made
