"""What was measured of the demo's pieces, beside what is true of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from small_dataset_audio.dataset.demo import Heard, Row, Truth, compare, read_truth
from small_dataset_audio.dataset.info import read_info
from small_dataset_audio.dataset.keys import key_name
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.dataset.organize import assign
from small_dataset_audio.dataset.times import read_times

_EXTREMES: Final = (
    ("bpm", "slowest", "fastest"),
    ("lufs", "quietest", "loudest"),
    ("brightness", "darkest", "brightest"),
)
"""Number -> what the pieces with the least and the most of it are."""


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


def in_a_sentence(rows: Sequence[DemoRow]) -> list[str]:
    """Return what was measured of each piece, in a sentence, and in what it stands out among the others."""
    return [_sentence(row, rows) for row in rows]


def _sentence(row: DemoRow, rows: Sequence[DemoRow]) -> str:
    lufs = _value(row, "lufs")
    tempo = " in ".join(one.measured for one in (row.tempo, row.key) if one.measured is not None)
    beats = f"{row.beats.verdict.partition(' found')[0]} beats found" if row.beats.measured is not None else ""
    facts = ", ".join(part for part in (tempo, beats, "" if lufs is None else f"{lufs:.1f} LUFS") if part)
    traits = [trait for name, least, most in _EXTREMES if (trait := _extreme(row, rows, name, least, most))]
    told = f"{row.truth.title}: {facts}" if facts else row.truth.title
    return f"{told}; the {_listed(traits)}." if traits else f"{told}."


def _extreme(row: DemoRow, rows: Sequence[DemoRow], name: str, least: str, most: str) -> str:
    """Return what the row is in the number ``name``; "" where it lies between others."""
    values = [value for one in rows if (value := _value(one, name)) is not None]
    own = _value(row, name)
    if own is None or min(values) == max(values):
        return ""
    return least if own == min(values) else most if own == max(values) else ""


def _value(row: DemoRow, name: str) -> float | None:
    value = row.info.get(name)
    return float(value) if isinstance(value, int | float) else None


def _listed(words: Sequence[str]) -> str:
    return " and ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)
