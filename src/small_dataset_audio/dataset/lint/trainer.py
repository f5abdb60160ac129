"""The trainer's-eye view: what the loader of Stable Audio Tools would make of every recording, and crop, of the library."""

from collections.abc import Iterator
from math import ceil, floor
from pathlib import Path
from typing import Final

from small_dataset_audio.dataset.crops.origin import Origin, read_origin
from small_dataset_audio.dataset.crops.places import crop_folders
from small_dataset_audio.dataset.heard import Heard, listen
from small_dataset_audio.dataset.heard.levels import PEAKS_PER_SECOND
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.dataset.lint.finding import Finding
from small_dataset_audio.dataset.lint.limits import Limits
from small_dataset_audio.dataset.lint.loader import SILENT_BELOW, Seen, Shape, fate, unseen
from small_dataset_audio.dataset.lint.material import Material, mix_of
from small_dataset_audio.errors import SdaError

_CHECK: Final = "trainer"
_MUCH_PADDING: Final = 0.25
"""Crops are never shorter than three quarters of the target either."""


def seen(material: Material) -> list[Seen]:
    """Return what the loader makes of the recording of every track, and of every crop."""
    found: list[Seen] = []
    for entry in material.entries:
        sound = material.listened.sounds.get(entry.name)
        found += _of_track(entry.track, None if sound is None else sound.heard, material)
    return found


def _of_track(track: Track, heard: Heard | None, material: Material) -> Iterator[Seen]:
    file = mix_of(track)
    if file is None:
        return
    yield _seen(file, track.name, None if heard is None else _shape(heard), material.limits)
    try:
        crops = crop_folders(track)
    except SdaError:
        return
    for crop in crops:
        cut = mix_of(crop)
        if cut is not None:
            yield _seen(cut, crop.name, _crop_shape(crop, heard, material.cache), material.limits)


def _seen(file: Path, track: str, shape: Shape | None, limits: Limits) -> Seen:
    skipped = unseen(file, track)
    if skipped is not None:
        return skipped
    if shape is None:
        why = "It cannot be decoded: the loader takes a random other file instead, every time."
        return Seen(str(file), track, "replaced", why)
    return fate(file, track, shape, limits)


def _shape(heard: Heard) -> Shape | None:
    """Return what decides over the fate of a recording; None where it is damaged."""
    return None if heard.truncated else Shape(heard.samples, heard.rate, heard.channels, heard.levels.peaks)


def _crop_shape(crop: Track, heard: Heard | None, cache: Path) -> Shape | None:
    """Return what decides over the fate of a crop: as its recording has it there, or by listening where that is too quiet."""
    try:
        origin = read_origin(crop)
    except SdaError:
        origin = None
    if origin is not None and heard is not None and _loud_within(origin, heard):
        peaks = heard.levels.peaks[_tenths(origin)]
        return Shape(origin.stop - origin.start, origin.rate, heard.channels, peaks)
    sound = listen([crop], cache=cache).sounds.get(crop.name)
    return None if sound is None else _shape(sound.heard)


def _loud_within(origin: Origin, heard: Heard) -> bool:
    """Return whether the recording that was heard is the crop's, and is nowhere near silence in it."""
    peaks = heard.levels.peaks[_tenths(origin)]
    same = (origin.rate, origin.source_samples) == (heard.rate, heard.samples)
    return same and peaks.size > 0 and bool(peaks.min() >= SILENT_BELOW)


def _tenths(origin: Origin) -> slice:
    """Return the tenths of a second that lie wholly inside a crop."""
    frame = round(origin.rate / PEAKS_PER_SECOND)
    return slice(ceil(origin.start / frame), floor(origin.stop / frame))


def trainer(material: Material) -> Iterator[Finding]:
    """Yield what is lost, replaced, or mostly silence, between the library and the trainer."""
    for one in material.view:
        file = Path(one.file)
        if one.fate == "skipped":
            fix = "`sda export stable-audio` converts it; by hand, save it as FLAC."
            yield Finding(_CHECK, "fail", one.track, file, one.why, {"suffix": file.suffix}, fix)
        elif one.fate == "replaced":
            fix = (
                "Take it out, or put a readable recording in its place; `sda export` leaves such files out and says so."
            )
            yield Finding(_CHECK, "fail", one.track, file, one.why, {"seconds": one.seconds}, fix)
        elif one.silent_share:
            yield _partly_silent(one, file)
        elif one.padded_share > _MUCH_PADDING:
            yield _padded(one, file, material.limits)


def _partly_silent(one: Seen, file: Path) -> Finding:
    return Finding(
        _CHECK,
        "warn",
        one.track,
        file,
        one.why,
        {"silent_share": one.silent_share, "heard_share": one.heard_share},
        "Trim the silence, or train on crops: `sda crop` leaves silent ones out.",
    )


def _padded(one: Seen, file: Path, limits: Limits) -> Finding:
    fix = f"Take a longer recording, or a trainer's sample_size that is nearer to {one.seconds:.1f} s ({limits.rate} per second)."
    return Finding(_CHECK, "note", one.track, file, one.why, {"padded_share": one.padded_share}, fix)
