"""Gather decoded blocks into one array, whose size follows what was decoded and never what a header claims.

It lies in memory, or on disk where it is too long for that and there is a folder for it (`spool`).
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from small_dataset_audio.audio import faults
from small_dataset_audio.audio.clip import Samples
from small_dataset_audio.audio.spool import Scratch, Spool, blocks

BLOCK: Final = 1 << 16
"""Samples per channel that are decoded at a time."""
MOST_CHANNELS: Final = 64
"""More than any arrangement of loudspeakers; a larger number is a damaged header or a multitrack session."""
RATES: Final = range(1_000, 1_000_001)
"""Sample rates in use, with room on both sides: 8 kHz to 768 kHz."""
MOST_BYTES: Final = 8 << 30
"""The longest recording, decoded: 6 h 45 min of stereo at 44.1 kHz. Some formats pack silence ten-thousandfold, so
the file's own size is no bound."""
_EXPANSION: Final = 32
"""Bytes of float32 that a byte of the file may become before a claimed length is no longer believed in advance."""

_WORTH_KEEPING: Final = 0.75
"""Share of the reserved memory below which the samples move to an array of their own size."""


@dataclass
class Gathered:
    """Samples so far.

    Attributes:
        path: the file they come from, for messages.
        rate: samples per second.
        channels: their number.
        expected: samples per channel that the file declares; None where it does not.
        slack: by how many samples that may be too much in a file that is in order.
        failures: packets or frames that the decoder refused.
        why: what the decoder said when it stopped, None where it reached the end.
        scratch: where a long recording lies; None keeps every recording in memory.
    """

    path: Path
    scratch: Scratch | None = None
    rate: int = 0
    expected: int | None = None
    slack: int = 0
    failures: int = 0
    why: str | None = None
    length: int = 0
    bad: int = 0
    first_bad: int | None = None
    channels: int = 0
    _room: int = 0
    _held: Samples = field(default_factory=lambda: np.empty((0, 0), dtype=np.float32))
    _spool: Spool | None = None

    @property
    def seconds(self) -> float:
        """Duration so far."""
        return self.length / self.rate if self.rate else 0.0

    def start(self, rate: int, channels: int, expected: int | None = None, room: int = 0) -> None:
        """Check what the header says before anything is decoded.

        Args:
            rate: samples per second.
            channels: their number.
            expected: samples per channel that the header declares.
            room: how many more the decoder may deliver before it is known which to leave out.

        Raises:
            AudioError: the rate or the number of channels is out of range.
        """
        if rate not in RATES:
            raise faults.unsupported(
                self.path, f"Its header gives a sample rate of {rate} Hz; sda takes {RATES[0]} to {RATES[-1]} Hz."
            )
        if not 1 <= channels <= MOST_CHANNELS:
            raise faults.unsupported(
                self.path, f"Its header gives {channels} channels; sda takes 1 to {MOST_CHANNELS}."
            )
        self.rate, self.channels = rate, channels
        self.expected = expected if expected is None or expected > 0 else None
        believed = self.path.stat().st_size * _EXPANSION // (4 * channels)
        self._make_room(min((self.expected or BLOCK) + room, max(believed, BLOCK)))

    def append(self, block: Samples) -> None:
        """Add a block ``[shape=(channels, n)]``.

        Raises:
            AudioError: the block has another number of channels, or the recording becomes too long to hold.
            StoreError: there is no room on the disk for a long recording.
        """
        channels, count = block.shape
        if channels != self.channels:
            raise faults.channels_change(self.path, self.channels, channels)
        end = self.length + count
        if end > self._room:
            self._grow(end)
        if self._spool is None:
            self._held[:, self.length : end] = block
        else:
            self._spool.append(block)
        finite = np.isfinite(block)
        if not finite.all():
            self.bad += int(block.size - np.count_nonzero(finite))
            if self.first_bad is None:
                self.first_bad = self.length + int(np.argmin(finite.all(axis=0)))
        self.length = end

    def trim(self, length: int) -> None:
        """Leave out what lies after ``length`` samples."""
        self.length = max(0, min(self.length, length))

    def samples(self) -> Samples:
        """Return what was gathered ``[shape=(channels, n)]``, each channel in one piece, and let go of it.

        In memory it is contiguous; on disk it is read-only (see `spool`).

        Raises:
            AudioError: some samples are not finite.
            StoreError: what lies on disk cannot be mapped into memory.
        """
        if self.first_bad is not None:
            raise faults.not_finite(self.path, self.bad, self.length * self.channels, self.first_bad / self.rate)
        spool, self._spool = self._spool, None
        if spool is not None:
            return spool.finish()[:, : self.length]
        held, self._held = self._held, np.empty((0, 0), dtype=np.float32)
        return _closed(held, self.length)

    def _make_room(self, room: int) -> None:
        """Make an empty array for ``room`` samples per channel, in memory or on disk."""
        self._room = room
        if self.scratch is not None and self.scratch.takes(4 * self.channels * room, room / self.rate):
            self._held = np.empty((0, 0), dtype=np.float32)
            self._spool = Spool(self.channels, room, self.scratch.folder)
        else:
            self._held = np.empty((self.channels, room), dtype=np.float32)

    def _grow(self, needed: int) -> None:
        if needed * self.channels * 4 > MOST_BYTES:
            raise faults.unsupported(
                self.path, f"It is longer than {MOST_BYTES >> 30} GiB of decoded sound: cut it into parts."
            )
        before = self._held[:, : self.length] if self._spool is None else self._spool.finish()
        self._make_room(max(needed, self._room * 3 // 2))
        for start, block in blocks(before):
            if self._spool is None:
                self._held[:, start : start + block.shape[1]] = block
            else:
                self._spool.append(block)


def _closed(held: Samples, length: int) -> Samples:
    """Return the first ``length`` samples of each row of ``held``, contiguous, in no more memory than it has."""
    channels, room = held.shape
    if room == length:
        return held
    if length < room * _WORTH_KEEPING:
        return np.ascontiguousarray(held[:, :length])
    flat = held.reshape(-1)  # close the gaps between the channels in place: a copy would need the memory twice
    for channel in range(1, channels):
        for start in range(0, length, BLOCK):
            count = min(BLOCK, length - start)
            to, fro = channel * length + start, channel * room + start
            flat[to : to + count] = flat[fro : fro + count]
    return flat[: channels * length].reshape(channels, length)
