"""The constant-Q transform, octave by octave, on a signal whose rate is halved from octave to octave.

Source: Brown, "Calculation of a constant Q spectral transform", JASA 89 (1991); the recursion over octaves after
Schörkhuber and Klapuri, "Constant-Q transform toolbox for music processing", SMC 2010. The kernels are applied in the
time domain, as one matrix product per octave: the same kernels serve all octaves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.audio.resample import resample
from small_dataset_audio.audio.spool import give_back
from small_dataset_audio.features.harmonic.pitchband import PITCH_RATE, Band

OCTAVES: Final = 7
"""C1 (32.7 Hz) to B7 (3951 Hz)."""
C1_HZ: Final = 440.0 * 2.0 ** (-45.0 / 12.0)
"""The lowest note, where A4 is 440 Hz."""
GRID: Final = 1024
"""Samples from one frame of `mean_powers` to the next: 93 ms."""
HOP: Final = 128
"""Most samples, at an octave's own rate, from one window of `mean_powers` to the next."""
BLOCK: Final = 2048
"""Windows per matrix product, and frames that are looked at together: bounds the temporary memory."""

Signal = NDArray[np.float32]
"""One channel ``[shape=(n,)]``."""
Powers = NDArray[np.float32]
"""Power in each bin ``[shape=(frames, OCTAVES * bins per octave)]``, C1 first, summed over channels."""


@dataclass(frozen=True)
class Resolution:
    """How finely a transform parts pitches, and so how long it listens.

    Attributes:
        per_semitone: bins per semitone, odd: one lies on the note.
        q: centre frequency over bandwidth: each window lasts ``q`` periods.
    """

    per_semitone: int
    q: float

    @property
    def per_octave(self) -> int:
        """Bins per octave."""
        return 12 * self.per_semitone


def kernels(resolution: Resolution, tuning: float) -> NDArray[np.float32]:
    """Return the top octave's kernels ``[shape=(length, 2 * bins per octave)]``: cosine parts, then sine parts.

    A kernel is a Hann window, scaled so that a sine of amplitude 1 at its centre frequency has power 1.

    Args:
        resolution: bins per semitone and Q.
        tuning: where A4 lies, in cents from 440 Hz.
    """
    steps = (np.arange(resolution.per_octave) - resolution.per_semitone // 2) / resolution.per_octave
    radians = 2.0 * np.pi * C1_HZ / PITCH_RATE * 2.0 ** (OCTAVES - 1 + tuning / 1200.0 + steps)
    lengths = 2.0 * np.pi * resolution.q / radians
    half = int(lengths.max() / 2.0) + 1
    t = np.arange(-half, half + 1)[:, np.newaxis]
    window = np.where(np.abs(t) < lengths / 2.0, 0.5 + 0.5 * np.cos(2.0 * np.pi * t / lengths), 0.0)
    window *= 2.0 / window.sum(axis=0)
    return np.hstack([window * np.cos(radians * t), window * np.sin(radians * t)]).astype(np.float32)


def octaves_of(band: Band) -> list[Band]:
    """Return ``band`` at the rate of each octave, from 0 up: the highest (`OCTAVES` - 1) is ``band`` itself."""
    octaves = [band]
    while len(octaves) < OCTAVES:
        octaves.append(resample(octaves[-1], 2, 1))  # only the ratio counts
    return octaves[::-1]


def octave_powers(signal: Signal, kernel: NDArray[np.float32], centres: NDArray[np.int64]) -> Powers:
    """Return the power of one octave around each of ``centres`` ``[shape=(centres, bins per octave)]``.

    Args:
        signal: the signal at the octave's rate.
        kernel: from `kernels`.
        centres: samples, at least 0; beyond the end there is silence.
    """
    bins = kernel.shape[1] // 2
    powers = np.empty((centres.shape[0], bins), dtype=np.float32)
    for start in range(0, centres.shape[0], BLOCK):
        parts = _windows(signal, kernel.shape[0], centres[start : start + BLOCK]) @ kernel
        parts *= parts
        np.add(parts[:, :bins], parts[:, bins:], out=powers[start : start + BLOCK])
    return powers


def _windows(signal: Signal, length: int, centres: NDArray[np.int64]) -> Signal:
    """Return ``length`` samples around each of ``centres`` ``[shape=(centres, length)]``; before and after there is silence."""
    half = length // 2
    start, stop = int(centres.min()) - half, int(centres.max()) + half + 1
    read = signal[max(start, 0) : max(stop, 0)]
    missing = stop - max(start, 0) - read.shape[0]
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(read, (max(-start, 0), missing)), length)
    give_back(read)
    return np.asarray(windows[centres - half - start])


def mean_powers(octaves: Sequence[Band], resolution: Resolution, tuning: float, frames: range | None = None) -> Powers:
    """Return the mean power in each bin over each `GRID` samples of a band; the windows leave no sample out.

    Args:
        octaves: the band, from `octaves_of`.
        resolution: bins per semitone and Q.
        tuning: where A4 lies, in cents from 440 Hz.
        frames: which stretches of `GRID` samples; None for all.
    """
    kernel = kernels(resolution, tuning)
    rows = np.asarray(range(grid_frames(octaves[-1])) if frames is None else frames)
    powers = np.zeros((rows.shape[0], OCTAVES, resolution.per_octave), dtype=np.float32)
    for octave, channels in enumerate(octaves):
        samples = GRID >> (OCTAVES - 1 - octave)
        hop = min(HOP, samples)
        centres = (rows[:, np.newaxis] * samples + np.arange(samples // hop) * hop + hop // 2).ravel()
        for signal in channels:
            windows = octave_powers(signal, kernel, centres)
            powers[:, octave] += windows.reshape(rows.shape[0], samples // hop, resolution.per_octave).mean(axis=1)
    return powers.reshape(rows.shape[0], OCTAVES * resolution.per_octave)


def grid_frames(band: Band) -> int:
    """Return how many stretches of `GRID` samples ``band`` has; the last one may be shorter."""
    return -int(-band.shape[1] // GRID)


def powers_at(octaves: Sequence[Band], resolution: Resolution, tuning: float, times: NDArray[np.float64]) -> Powers:
    """Return the power in each bin around each of ``times``: one row per time.

    Args:
        octaves: the band, from `octaves_of`.
        resolution: bins per semitone and Q.
        tuning: where A4 lies, in cents from 440 Hz.
        times: seconds, at least 0, ascending.
    """
    kernel = kernels(resolution, tuning)
    powers = np.zeros((times.shape[0], OCTAVES, resolution.per_octave), dtype=np.float32)
    for octave, channels in enumerate(octaves):
        centres = np.rint(times * (PITCH_RATE / (1 << (OCTAVES - 1 - octave)))).astype(np.int64)
        for signal in channels:
            powers[:, octave] += octave_powers(signal, kernel, centres)
    return powers.reshape(times.shape[0], OCTAVES * resolution.per_octave)


def pitch_classes(powers: Powers) -> NDArray[np.float32]:
    """Return the amplitude in each pitch class, C first ``[shape=(frames, 12)]``: powers summed over octaves, rooted."""
    frames, bins = powers.shape
    return np.asarray(np.sqrt(powers.reshape(frames, OCTAVES, 12, bins // (12 * OCTAVES)).sum(axis=(1, 3))))
