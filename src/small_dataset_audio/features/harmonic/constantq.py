"""The constant-Q transform, octave by octave, on a signal whose rate is halved from octave to octave.

Source: Brown, "Calculation of a constant Q spectral transform", JASA 89 (1991); the recursion over octaves after
Schörkhuber and Klapuri, "Constant-Q transform toolbox for music processing", SMC 2010. The kernels are applied in the
time domain, as one matrix product per octave: the same kernels serve all octaves.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.audio.resample import resample
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
"""Windows per matrix product: bounds the temporary memory."""

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


def octaves_of(band: Band) -> Iterator[tuple[int, Band]]:
    """Yield each octave's number, from the highest (`OCTAVES` - 1) down to 0, and ``band`` at that octave's rate."""
    for octave in range(OCTAVES - 1, -1, -1):
        yield octave, band
        if octave:
            band = resample(band, 2, 1)  # only the ratio counts


def octave_powers(signal: Signal, kernel: NDArray[np.float32], centres: NDArray[np.int64]) -> Powers:
    """Return the power of one octave around each of ``centres`` ``[shape=(centres, bins per octave)]``.

    Args:
        signal: the signal at the octave's rate.
        kernel: from `kernels`.
        centres: samples, at least 0; beyond the end there is silence.
    """
    bins = kernel.shape[1] // 2
    half = kernel.shape[0] // 2
    missing = max(0, int(centres.max(initial=0)) + 1 - signal.shape[0])
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(signal, (half, half + missing)), kernel.shape[0])
    powers = np.empty((centres.shape[0], bins), dtype=np.float32)
    for start in range(0, centres.shape[0], BLOCK):
        parts = windows[centres[start : start + BLOCK]] @ kernel
        parts *= parts
        np.add(parts[:, :bins], parts[:, bins:], out=powers[start : start + BLOCK])
    return powers


def mean_powers(band: Band, resolution: Resolution, tuning: float) -> Powers:
    """Return the mean power in each bin over each `GRID` samples of ``band``; the windows leave no sample out.

    Args:
        band: from `pitch_band`.
        resolution: bins per semitone and Q.
        tuning: where A4 lies, in cents from 440 Hz.
    """
    kernel = kernels(resolution, tuning)
    frames = -(-band.shape[1] // GRID)
    powers = np.zeros((frames, OCTAVES, resolution.per_octave), dtype=np.float32)
    for octave, channels in octaves_of(band):
        samples = GRID >> (OCTAVES - 1 - octave)
        hop = min(HOP, samples)
        centres = np.arange(frames * (samples // hop)) * hop + hop // 2
        for signal in channels:
            windows = octave_powers(signal, kernel, centres)
            powers[:, octave] += windows.reshape(frames, samples // hop, resolution.per_octave).mean(axis=1)
    return powers.reshape(frames, OCTAVES * resolution.per_octave)


def powers_at(band: Band, resolution: Resolution, tuning: float, times: NDArray[np.float64]) -> Powers:
    """Return the power in each bin around each of ``times``: one row per time.

    Args:
        band: from `pitch_band`.
        resolution: bins per semitone and Q.
        tuning: where A4 lies, in cents from 440 Hz.
        times: seconds, at least 0.
    """
    kernel = kernels(resolution, tuning)
    powers = np.zeros((times.shape[0], OCTAVES, resolution.per_octave), dtype=np.float32)
    for octave, channels in octaves_of(band):
        centres = np.rint(times * (PITCH_RATE / (1 << (OCTAVES - 1 - octave)))).astype(np.int64)
        for signal in channels:
            powers[:, octave] += octave_powers(signal, kernel, centres)
    return powers.reshape(times.shape[0], OCTAVES * resolution.per_octave)


def pitch_classes(powers: Powers) -> NDArray[np.float32]:
    """Return the amplitude in each pitch class, C first ``[shape=(frames, 12)]``: powers summed over octaves, rooted."""
    frames, bins = powers.shape
    return np.asarray(np.sqrt(powers.reshape(frames, OCTAVES, 12, bins // (12 * OCTAVES)).sum(axis=(1, 3))))
