"""The signal that the timbral models hear: one line, at one rate and one loudness.

Rate: all models run at the rate of `recording`; every other is converted first, so that a recording measures the same at 48 or
96 kHz. Offset: what each channel is off zero is taken off, for an offset cannot be heard. Loudness: the line is brought to
-24 LUFS (ITU-R BS.1770-5), or less where its peak would pass full scale: the models are independent of gain.

One line from several channels: the mean of the channels, plus the side signal (half of left minus right) turned by 90 degrees at
every frequency (Hilbert transform). Sounds panned by level are in phase in middle and side, so that after the turn their powers
add up to the power of both channels, and nothing cancels: what is only in the side signal counts in full. Of a mono recording,
the line is the recording itself. The turn goes to the side on which middle and side first correlate, so that swapped channels
and inverted polarity leave the models' input as it was. Of more than two channels, the side signal is that of the first two.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from small_dataset_audio.audio.clip import Samples
from small_dataset_audio.audio.spool import Spool, applied, blocks, folder_of
from small_dataset_audio.features.loudness import energy, integrated
from small_dataset_audio.features.spectra import Spectra
from small_dataset_audio.features.timbral.frames import Line, batches, stretch
from small_dataset_audio.features.timbral.recording import RATE, Recording
from small_dataset_audio.features.timbral.reverberation import Decays

LOUDNESS: Final = -24.0
"""LUFS to which every sound is brought before it is measured."""
SHORTEST: Final = 0.1
"""Seconds that a sound must last: one frame of the loudness model."""
SHORTEST_METERED: Final = round(0.4 * RATE)
"""Samples; what is shorter is metered with silence behind it, for loudness is measured in blocks of 0.4 s."""

TOO_SHORT: Final = f"it is shorter than {SHORTEST:g} s"
SILENT: Final = "it is silent: all samples are the same"
TOO_QUIET: Final = "it is too quiet: nothing in it is louder than -70 LUFS"

SPAN: Final = 8192
"""Samples that are turned together: right within 1 % down to 50 Hz."""
FLANK: Final = 1024
"""Samples over which one span fades into the next."""
BLOCK: Final = 64 * (SPAN - FLANK)
"""Samples worked on together (10 s): whole spans."""


@dataclass(frozen=True, eq=False)
class Heard:
    """A sound as the models hear it.

    Attributes:
        line: all channels in one, at `RATE` and `LOUDNESS` ``[shape=(n,)]``.
        peak: its highest absolute value.
        decays: the free decays of each channel.
        top: Hz up to which the spectrum is the recording's own.
    """

    line: Line
    peak: float
    decays: list[Decays]
    top: float


def hear(signal: Spectra) -> Heard | str:
    """Return ``signal`` as the models hear it, or why they hear nothing.

    Raises:
        StoreError: the recording is long, and the folder for temporary files cannot be written to.
    """
    if signal.seconds < SHORTEST:
        return TOO_SHORT
    recording = Recording(signal)
    if recording.silent:
        return SILENT
    decays = [Decays() for _ in range(recording.channels)]
    spool = Spool(1, recording.length, recording.folder)
    joining = _Joining()
    for start in range(0, recording.length, BLOCK):
        stop = min(start + BLOCK, recording.length)
        around = recording.read(start - joining.before, stop + joining.after)
        here = slice(joining.before, joining.before + stop - start)
        spool.append(joining.one_line(around)[np.newaxis, here])
        for channel, decay in zip(around, decays, strict=True):
            decay.add(channel[here])
    line: Line = spool.finish()[0]
    loudness = _loudness(line)
    if loudness is None:
        return TOO_QUIET
    peak = max(max(float(part.max()), -float(part.min())) for _, part in blocks(line))
    gain = np.float32(min(10.0 ** ((LOUDNESS - loudness) / 20.0), 1.0 / peak))
    return Heard(_times(line, gain), peak * float(gain), decays, recording.top)


class _Joining:
    """Several channels become one line, block by block; the side to which the side signal turns is found on the way.

    Attributes:
        before: samples before a block, and
        after: samples after it, that must be there to join it as one with its neighbours.
    """

    before: Final = SPAN - FLANK
    after: Final = FLANK

    def __init__(self) -> None:
        self._direction = 0.0

    def one_line(self, channels: Samples) -> Line:
        """Return the channels ``[shape=(channels, n)]`` in one line whose power is that of all of them ``[shape=(n,)]``."""
        line: Line = channels[0].copy()
        for channel in channels[1:]:
            line += channel
        if channels.shape[0] > 1:
            line *= np.float32(1.0 / channels.shape[0])
            side = channels[0] - channels[1]
            if side.any():
                turned = quadrature(side)
                self._direction = self._direction or float(np.sign(np.dot(turned, line))) or 1.0
                turned *= np.float32(self._direction / channels.shape[0])
                line += turned
        return line


def quadrature(line: Line) -> Line:
    """Return ``line`` with every frequency turned by 90 degrees (Hilbert transform), its ends faded ``[shape=(n,)]``."""
    from scipy import fft  # noqa: PLC0415 - half a second that listing the features must not cost

    hop = SPAN - FLANK
    flank = (np.sin(0.5 * np.pi * (np.arange(FLANK) + 0.5) / FLANK) ** 2).astype(np.float32)
    starts = np.arange(0, max(1, line.shape[0] - FLANK), hop)
    turned = np.empty(starts.shape[0] * hop + FLANK, dtype=np.float32)
    fading = np.zeros(FLANK, dtype=np.float32)
    for first, spans in batches(line, SPAN, starts):
        last = first + spans.shape[0]
        spans[:, :FLANK] *= flank
        spans[:, hop:] *= flank[::-1]
        spectrum = fft.rfft(spans, axis=1)
        spectrum *= np.complex64(-1j)
        spectrum[:, [0, -1]] = 0.0
        made = fft.irfft(spectrum, axis=1)
        made[1:, :FLANK] += made[:-1, hop:]
        made[0, :FLANK] += fading
        fading = made[-1, hop:].copy()
        turned[first * hop : last * hop].reshape(-1, hop)[:] = made[:, :hop]
    turned[-FLANK:] = fading
    return turned[: line.shape[0]]


def _loudness(line: Line) -> float | None:
    """Return the integrated loudness of ``line`` in LUFS; None where it is under the absolute gate."""
    metered = line if line.shape[0] >= SHORTEST_METERED else stretch(line, 0, SHORTEST_METERED)
    return integrated(energy(metered[np.newaxis], RATE))


def _times(line: Line, gain: np.float32) -> Line:
    """Return ``line`` times ``gain``, in the same place where it is in memory."""
    if folder_of(line) is None:
        line *= gain
        return line
    made: Line = applied(lambda part: part * gain, line[np.newaxis])[0]
    return made
