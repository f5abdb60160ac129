"""Reading Standard MIDI Files, written apart from what writes them: notes in seconds by the file's own tempo map."""

from dataclasses import dataclass, field


@dataclass
class MidiFile:
    """What a file says.

    Attributes:
        kind: 0, 1 or 2.
        ticks: per quarter note.
        names: of the tracks.
        texts: text events.
        tempi: (tick, microseconds per quarter).
        metres: (tick, numerator, denominator).
        notes: (start tick, stop tick, channel, note, velocity).
    """

    kind: int
    ticks: int
    names: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    tempi: list[tuple[int, int]] = field(default_factory=list)
    metres: list[tuple[int, int, int]] = field(default_factory=list)
    notes: list[tuple[int, int, int, int, int]] = field(default_factory=list)

    def seconds(self, tick: float) -> float:
        """Return when a tick is."""
        changes = self.tempi if self.tempi and self.tempi[0][0] == 0 else [(0, 500_000), *self.tempi]
        elapsed = 0.0
        for index, (start, microseconds) in enumerate(changes):
            stop = changes[index + 1][0] if index + 1 < len(changes) else tick
            if tick <= start:
                break
            elapsed += (min(tick, stop) - start) / self.ticks * microseconds / 1e6
        return elapsed

    def times(self, note: int) -> list[float]:
        """Return when a note begins, in seconds."""
        return [self.seconds(start) for start, _, _, pitch, _ in sorted(self.notes) if pitch == note]

    def bar_lines(self, count: int) -> list[int]:
        """Return the ticks of the first ``count`` bar lines."""
        lines, tick = [], 0
        for _ in range(count):
            lines.append(tick)
            _, numerator, denominator = [metre for metre in [(0, 4, 4), *self.metres] if metre[0] <= tick][-1]
            tick += numerator * 4 * self.ticks // denominator
        return lines


def read_midi(data: bytes) -> MidiFile:
    """Return what ``data`` says; anything out of order is an AssertionError."""
    assert data[:8] == b"MThd\0\0\0\x06"
    kind, tracks, ticks = (int.from_bytes(data[at : at + 2]) for at in (8, 10, 12))
    made, at = MidiFile(kind, ticks), 14
    for _ in range(tracks):
        assert data[at : at + 4] == b"MTrk"
        size = int.from_bytes(data[at + 4 : at + 8])
        _track(data[at + 8 : at + 8 + size], made)
        at += 8 + size
    assert at == len(data)
    return made


def _track(body: bytes, made: MidiFile) -> None:
    at = tick = 0
    open_notes: dict[tuple[int, int], tuple[int, int]] = {}
    while True:
        delta, at = _variable(body, at)
        tick += delta
        status = body[at]
        if status == 0xFF:
            kind = body[at + 1]
            size, start = _variable(body, at + 2)
            content, at = body[start : start + size], start + size
            if kind == 0x2F:
                assert at == len(body)
                assert not open_notes
                return
            _meta(kind, content, tick, made)
        else:
            note, velocity = body[at + 1], body[at + 2]
            assert max(note, velocity) < 128
            key, at = (status & 0x0F, note), at + 3
            if status & 0xF0 == 0x90 and velocity:
                assert key not in open_notes
                open_notes[key] = (tick, velocity)
            else:
                start_tick, struck = open_notes.pop(key)
                made.notes.append((start_tick, tick, *key, struck))


def _meta(kind: int, content: bytes, tick: int, made: MidiFile) -> None:
    if kind == 0x01:
        made.texts.append(content.decode())
    elif kind == 0x03:
        made.names.append(content.decode())
    elif kind == 0x51:
        made.tempi.append((tick, int.from_bytes(content)))
    elif kind == 0x58:
        made.metres.append((tick, content[0], 2 ** content[1]))


def _variable(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    while True:
        value = value << 7 | data[at] & 0x7F
        at += 1
        if not data[at - 1] & 0x80:
            return value, at
