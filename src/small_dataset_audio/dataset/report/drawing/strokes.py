"""What was hit when, read from a Standard MIDI File, whoever wrote it: sda, or a person with a sequencer.

Source: The MIDI Manufacturers Association, "Standard MIDI Files 1.0" (RP-001) and "General MIDI System Level 1" (RP-003),
percussion key map.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Final

from small_dataset_audio.atomic import FarTooLarge, read_whole, store_error
from small_dataset_audio.errors import StoreError

MIDI: Final = "drums.mid"
"""The file in a track's folder."""
LANES: Final[Mapping[str, frozenset[int]]] = MappingProxyType(
    {
        "kick": frozenset({35, 36}),
        "snare": frozenset({37, 38, 39, 40}),
        "tom": frozenset({41, 43, 45, 47, 48, 50}),
        "hat": frozenset({42, 44, 46}),
        "cymbal": frozenset({49, 51, 52, 53, 55, 57, 59}),
    }
)
"""Drum -> its notes on the percussion channel."""
_LARGEST: Final = 16 * 2**20
_NOTE_ON: Final = 0x90
_DATA_BYTES: Final = {0x80: 2, 0x90: 2, 0xA0: 2, 0xB0: 2, 0xC0: 1, 0xD0: 1, 0xE0: 2}
_META, _TEMPO, _SYSEX = 0xFF, 0x51, (0xF0, 0xF7)
_USUAL_TEMPO: Final = 500_000
"""Microseconds per quarter note where the file says nothing: 120 BPM."""

Strokes = dict[str, list[tuple[float, int]]]
"""Drum -> (seconds, velocity) of each of its strokes, in order."""


class _Reader:
    """Bytes that are read from front to back; reading past the end is an IndexError."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.place = 0

    @property
    def left(self) -> bool:
        """Whether anything is left to be read."""
        return self.place < len(self._data)

    def byte(self) -> int:
        """Return the next byte."""
        self.place += 1
        return self._data[self.place - 1]

    def take(self, count: int) -> bytes:
        """Return the next ``count`` bytes."""
        part = self._data[self.place : self.place + count]
        if len(part) < count:
            raise IndexError(count)
        self.place += count
        return part

    def number(self) -> int:
        """Return a variable-length quantity."""
        value = 0
        for _ in range(4):
            byte = self.byte()
            value = value << 7 | byte & 0x7F
            if byte < 0x80:  # noqa: PLR2004 - the highest bit says that more follows
                return value
        raise IndexError(value)


def read_strokes(path: Path) -> Strokes:
    """Return the strokes in a MIDI file, of the drums that sda knows; empty lists where there are none.

    Raises:
        StoreError: it cannot be read, or is no such file.
    """
    try:
        data = read_whole(path, _LARGEST)
    except FarTooLarge as error:
        raise _misshapen(path) from error
    except OSError as error:
        raise store_error("read", path, error) from error
    try:
        return _strokes(data)
    except (IndexError, ValueError) as error:
        raise _misshapen(path) from error


def _strokes(data: bytes) -> Strokes:
    reader = _Reader(data)
    if reader.take(4) != b"MThd":
        raise ValueError(data[:4])
    header = reader.take(int.from_bytes(reader.take(4)))
    ticks = int.from_bytes(header[4:6])
    if not 0 < ticks < 0x8000:  # noqa: PLR2004 - above that it is a film's time code, which no sequencer writes for music
        raise ValueError(ticks)
    tempi: dict[int, int] = {0: _USUAL_TEMPO}
    notes: list[tuple[int, int, int]] = []
    while reader.left:
        kind = reader.take(4)
        part = reader.take(int.from_bytes(reader.take(4)))
        if kind == b"MTrk":
            for tick, status, content in _events(_Reader(part)):
                if status == _META and content[0] == _TEMPO:
                    tempi[tick] = max(1, int.from_bytes(content[1:4]))
                elif status & 0xF0 == _NOTE_ON and content[1]:
                    notes.append((tick, content[0], content[1]))
    return _by_drum(sorted(notes), tempi, ticks)


def _events(reader: _Reader) -> Iterator[tuple[int, int, bytes]]:
    """Yield (tick, status, content) of a track's events; the content of a meta event begins with its kind."""
    tick = status = 0
    while reader.left:
        tick += reader.number()
        first = reader.byte()
        if first == _META:
            kind = reader.take(1)
            yield tick, first, kind + reader.take(reader.number())
        elif first in _SYSEX:
            reader.take(reader.number())
        else:
            if first < 0x80:  # noqa: PLR2004 - no status: that of the event before holds on
                reader.place -= 1
            else:
                status = first
            if status & 0xF0 not in _DATA_BYTES:
                raise ValueError(status)
            yield tick, status, reader.take(_DATA_BYTES[status & 0xF0])


def _by_drum(notes: list[tuple[int, int, int]], tempi: Mapping[int, int], ticks: int) -> Strokes:
    changes = sorted(tempi)
    reached = [0.0]
    for before, after in pairwise(changes):
        reached.append(reached[-1] + (after - before) * tempi[before] / ticks / 1e6)
    made: Strokes = {drum: [] for drum in LANES}
    for tick, note, velocity in notes:
        index = bisect_right(changes, tick) - 1
        seconds = reached[index] + (tick - changes[index]) * tempi[changes[index]] / ticks / 1e6
        for drum, its in LANES.items():
            if note in its:
                made[drum].append((seconds, velocity))
    return made


def _misshapen(path: Path) -> StoreError:
    return StoreError(
        f"{path} could not be read, so no drum strokes are drawn.",
        "It is no Standard MIDI File, or is damaged.",
        "Export it again from your sequencer, or move it away and run `sda transcribe`.",
    )
