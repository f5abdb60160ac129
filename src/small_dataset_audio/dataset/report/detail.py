"""What a track's page shows besides the values in its ``.INFO``: moments, drum strokes, crops, curves, and sounds to play."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from small_dataset_audio.dataset.crops.origin import Origin, read_origin
from small_dataset_audio.dataset.crops.places import crop_folders
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.dataset.report.drawing.preview import PLAYED
from small_dataset_audio.dataset.report.drawing.strokes import MIDI, Strokes, read_strokes
from small_dataset_audio.dataset.report.over_time import Curve, chroma_of, curves_of
from small_dataset_audio.dataset.series import TIMESERIES, Series, read_series
from small_dataset_audio.dataset.times import read_times
from small_dataset_audio.errors import SdaError

MOMENTS: Final = {"beats": "BEATS_GRID", "downbeats": "DOWNBEATS", "onsets": "ONSETS"}
"""What the page calls them -> the ending of their file."""
_Read = TypeVar("_Read")


@dataclass(frozen=True)
class CropFacts:
    """One crop of the track.

    Attributes:
        track: the crop's folder.
        origin: where it was cut from; None where sda did not cut it.
    """

    track: Track
    origin: Origin | None


@dataclass(frozen=True)
class Sound:
    """Something to play.

    Attributes:
        name: ``full_mix`` or a stem.
        file: what is played.
        played: browsers play it.
    """

    name: str
    file: Path
    played: bool


@dataclass(frozen=True)
class Detail:
    """What a track's page shows besides its values.

    Attributes:
        moments: ``beats``, ``downbeats``, ``onsets`` -> seconds, of those that were measured.
        strokes: drum -> (seconds, velocity); empty where nothing was transcribed.
        crops: in order.
        curves: numbers over time.
        chroma: the strength of each pitch class over time, C first; empty where it was not measured.
        sounds: the mix first.
        problems: what could not be read, a sentence each.
    """

    moments: Mapping[str, Sequence[float]] = field(default_factory=dict)
    strokes: Strokes = field(default_factory=dict)
    crops: Sequence[CropFacts] = ()
    curves: Sequence[Curve] = ()
    chroma: Sequence[str] = ()
    sounds: Sequence[Sound] = ()
    problems: Sequence[str] = ()


def detail_of(track: Track, sounds: Mapping[str, Path], previews: Mapping[str, Path]) -> Detail:
    """Return what there is to show of a track; what cannot be read is named in it.

    Args:
        track: where it is.
        sounds: ``full_mix`` and stems -> their files.
        previews: those of them -> the small copies that are played instead.
    """
    problems: list[str] = []

    def read(reader: Callable[[], _Read], otherwise: _Read) -> _Read:
        """Return what ``reader`` returns, or ``otherwise`` with its error among the problems."""
        try:
            return reader()
        except SdaError as error:
            problems.append(f"{error.what} {error.why}")
        except OSError as error:  # the system does not even say whether a file is there
            problems.append(f"{error.filename or track.folder} could not be read: {error.strerror or error}.")
        return otherwise

    moments = {name: read(partial(_moments, track.sidecar(ending)), None) for name, ending in MOMENTS.items()}
    midi = track.folder / MIDI
    strokes: Strokes = read(lambda: read_strokes(midi) if midi.is_file() else {}, {})
    series = read(lambda: _series(track), Series(0.0, {}))
    crops: list[CropFacts] = read(lambda: [CropFacts(crop, _origin(crop)) for crop in crop_folders(track)], [])
    played: list[Sound] = read(lambda: [_sound(name, path, previews) for name, path in sounds.items()], [])
    known = {name: times for name, times in moments.items() if times is not None}
    return Detail(known, strokes, crops, curves_of(series), chroma_of(series), played, problems)


def _moments(path: Path) -> list[float] | None:
    return [float(time) for time in read_times(path)] if path.is_file() else None


def _sound(name: str, path: Path, previews: Mapping[str, Path]) -> Sound:
    preview = previews.get(name)
    if preview is not None and preview.is_file():
        return Sound(name, preview, played=True)
    return Sound(name, path, path.suffix.lower() in PLAYED)


def _origin(crop: Track) -> Origin | None:
    try:
        return read_origin(crop)
    except SdaError:
        return None


def _series(track: Track) -> Series:
    path = track.sidecar(TIMESERIES)
    return read_series(path) if path.is_file() else Series(0.0, {})
