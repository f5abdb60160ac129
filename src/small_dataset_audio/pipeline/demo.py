"""What was measured of the demo's pieces, beside what is true of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from small_dataset_audio.dataset.demo import Heard, Row, Truth, compare, read_truth
from small_dataset_audio.dataset.info import read_info
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.dataset.organize import assign
from small_dataset_audio.dataset.times import read_times

MAJOR_KEYS: Final = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
MINOR_KEYS: Final = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")
"""How musicians spell the tonics 0..11: by the key signature with the fewer accidentals."""


@dataclass(frozen=True)
class DemoRow:
    """One piece.

    Attributes:
        track: where it is in the library.
        truth: what is true of it.
        info: what was measured.
        tempo: the measured tempo beside the true one.
        beats: the beats that were found.
        key: the measured key beside the true one.
    """

    track: Track
    truth: Truth
    info: Mapping[str, object]
    tempo: Row
    beats: Row
    key: Row


def key_name(info: Mapping[str, object]) -> str | None:
    """Return the key that ``.INFO`` holds, such as ``D minor``; None where it was not measured."""
    tonic, scale = info.get("tonic"), info.get("tonic_scale")
    if not isinstance(tonic, int | float) or not isinstance(scale, str):
        return None
    return f"{(MINOR_KEYS if scale == 'minor' else MAJOR_KEYS)[int(tonic)]} {scale}"


def demo_rows(
    library: Path, truths: Sequence[tuple[Path, Path]], without: Collection[str] = frozenset()
) -> list[DemoRow]:
    """Return a row for each piece that is in ``library``, in the order of ``truths``.

    Args:
        library: the library's folder.
        truths: (recording, truth file) of each piece.
        without: names of tracks to leave out, because they failed.
    """
    tracks = {one.source: one.track for one in assign([audio for audio, _ in truths], library)}
    there = [(tracks[audio.absolute()], truth) for audio, truth in truths]
    return [
        _row(track, read_truth(truth)) for track, truth in there if track.info.exists() and track.name not in without
    ]


def _row(track: Track, truth: Truth) -> DemoRow:
    info = read_info(track.info)
    grid = track.sidecar("BEATS_GRID")
    bpm = info.get("bpm")
    heard = Heard(
        bpm=float(bpm) if isinstance(bpm, int | float) else None,
        beats=[float(time) for time in read_times(grid)] if grid.exists() else None,
        key=key_name(info),
    )
    return DemoRow(track, truth, info, *compare(truth, heard))
