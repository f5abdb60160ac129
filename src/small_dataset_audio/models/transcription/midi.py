"""A transcription as a Standard MIDI File, and the certificate by which sda knows its own files again.

Format 1 with two tracks: the tempo map, and the strokes on the percussion channel. Source: The MIDI Manufacturers
Association, "Standard MIDI Files 1.0" (RP-001) and "General MIDI System Level 1" (RP-003).

A file that a person has changed in a sequencer is theirs. So the first track holds a text with the SHA-256 of the
second: where the two do not fit together, or there is no such text, the file is not sda's and is never replaced.
"""

import hashlib
import os
import re
from pathlib import Path
from typing import Final

import numpy as np

from small_dataset_audio.atomic import FarTooLarge, NotAFile, read_whole, store_error
from small_dataset_audio.errors import StoreError
from small_dataset_audio.locks import write_in_turn
from small_dataset_audio.models.transcription.hits import DRUMS, Strokes, Transcription
from small_dataset_audio.models.transcription.tempo import TICKS, TempoMap

CHANNEL: Final = 9
"""Channel 10, counted from 0: percussion in General MIDI."""
NOTE_SECONDS: Final = 0.05
"""How long a note is held; drums do not listen to it, and a shorter one is hard to see in an editor."""
LARGEST_FILE: Final = 16 * 2**20
"""Bytes. An hour of sixteenths has less than one million."""

_NOTE_OFF, _NOTE_ON = 0x80, 0x90
_TEXT, _TRACK_NAME, _END, _TEMPO, _METRE = 0x01, 0x03, 0x2F, 0x51, 0x58
_CLOCKS_PER_CLICK, _THIRTY_SECONDS_PER_QUARTER = 24, 8
_CERTIFICATE: Final = re.compile(rb"small-dataset-audio drums ([0-9a-f]{64})")
_TRACK: Final = b"MTrk"

Event = tuple[int, int, bytes]
"""Tick, rank among the events of the same tick, and what is sent."""


def midi_bytes(transcription: Transcription, tempo: TempoMap) -> bytes:
    """Return the file of a transcription; the same every time."""
    strokes = _track(b"Drums", _strokes(transcription, tempo))
    certificate = f"small-dataset-audio drums {hashlib.sha256(strokes).hexdigest()}".encode()
    conductor = _track(f"Tempo ({transcription.backend})".encode(), [(0, 0, _meta(_TEXT, certificate)), *_map(tempo)])
    header = b"MThd" + (6).to_bytes(4) + (1).to_bytes(2) + (2).to_bytes(2) + TICKS.to_bytes(2)
    return header + conductor + strokes


def is_ours(data: bytes) -> bool:
    """Return whether `midi_bytes` made ``data`` and nobody has changed it."""
    written = _CERTIFICATE.search(data)
    start = data.rfind(_TRACK)
    return written is not None and hashlib.sha256(data[max(0, start) :]).hexdigest().encode() == written[1]


def is_ours_at(path: Path) -> bool:
    """Return whether there is a file of `midi_bytes` at ``path`` that nobody has changed.

    Raises:
        StoreError: it cannot be read.
    """
    try:
        return is_ours(read_whole(path, LARGEST_FILE))
    except (FileNotFoundError, NotAFile, FarTooLarge):
        return False
    except OSError as error:
        raise store_error("read", path, error) from error


def write_midi(path: Path, data: bytes) -> None:
    """Put a file of `midi_bytes` at ``path``, whole or not at all.

    Raises:
        StoreError: what is there is not sda's, or the file cannot be written.
    """
    _ensure_ours(path)
    write_in_turn(path, data)


def remove_midi(path: Path) -> None:
    """Remove a file that `write_midi` put at ``path``, where there is one: what it says is stale.

    Raises:
        StoreError: what is there is not sda's, or it cannot be removed.
    """
    _ensure_ours(path)
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise store_error("remove", path, error) from error


def _ensure_ours(path: Path) -> None:
    if is_ours_at(path) or not os.path.lexists(path):
        return
    raise StoreError(
        f"{path} was left as it is: it is not, or no longer, what sda wrote.",
        "It was changed or comes from another program, so it is yours.",
        "Rename it or move it away, then run the same command again.",
    )


def _strokes(transcription: Transcription, tempo: TempoMap) -> list[Event]:
    events: list[Event] = []
    for drum in DRUMS:
        strokes = transcription.strokes.get(drum.name)
        if strokes is not None:
            events += _notes(drum.note, strokes, tempo)
    return events


def _notes(note: int, strokes: Strokes, tempo: TempoMap) -> list[Event]:
    """Return the events of one drum; a note ends before the next one begins."""
    starts, kept = np.unique(np.maximum(tempo.tick(strokes.times), 0.0), return_index=True)
    stops = np.maximum(tempo.tick(strokes.times[kept] + NOTE_SECONDS), starts + 1.0)
    stops[:-1] = np.minimum(stops[:-1], starts[1:])
    events: list[Event] = []
    for start, stop, velocity in zip(starts, stops, strokes.velocities[kept], strict=True):
        events.append((int(start), 1, bytes((_NOTE_ON | CHANNEL, note, int(velocity)))))
        events.append((int(stop), 0, bytes((_NOTE_OFF | CHANNEL, note, 0))))
    return events


def _map(tempo: TempoMap) -> list[Event]:
    events = [(one.tick, 2, _meta(_TEMPO, one.microseconds.to_bytes(3))) for one in tempo.tempi]
    for metre in tempo.metres:
        power = metre.denominator.bit_length() - 1
        shape = bytes((metre.numerator, power, _CLOCKS_PER_CLICK, _THIRTY_SECONDS_PER_QUARTER))
        events.append((metre.tick, 1, _meta(_METRE, shape)))
    return events


def _track(name: bytes, events: list[Event]) -> bytes:
    """Return a track chunk with its name in front of ``events``."""
    body = bytearray(b"\0" + _meta(_TRACK_NAME, name))
    reached = 0
    for tick, _, message in sorted(events):
        body += _variable(tick - reached) + message
        reached = tick
    body += b"\0" + _meta(_END, b"")
    return _TRACK + len(body).to_bytes(4) + bytes(body)


def _meta(kind: int, data: bytes) -> bytes:
    return bytes((0xFF, kind)) + _variable(len(data)) + data


def _variable(number: int) -> bytes:
    """Return a variable-length quantity: seven bits a byte, the highest bit set on all but the last."""
    parts = [number & 0x7F]
    while number := number >> 7:
        parts.append(number & 0x7F | 0x80)
    return bytes(reversed(parts))
