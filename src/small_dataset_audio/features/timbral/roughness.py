"""How rough a sound is: the beating of neighbouring partials, frame by frame.

Model: Vassilakis (2007), SRA: a web-based research tool for spectral and roughness analysis of sound signals, with the beating curve of
Plomp & Levelt as fitted by Sethares; regression on listeners' ratings by AudioCommons (Pearce et al., deliverable D5.8). In each frame
of 50 ms, spectral peaks that reach and stand out by one hundredth of the highest value of all frames are paired; a pair beats most when
its partials are about a quarter of a critical band apart. The reference takes the amplitude ratio of a pair upside down (twice the *larger* over
the sum, where Vassilakis has the smaller): its regression was fitted that way, so it is kept.

Long or dense sounds are measured at evenly spread frames. A sound without beating pairs has the roughness 0.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.features.timbral.contrast import (
    Maxima,
    contrasting,
    interpolated,
    local_maxima,
)
from small_dataset_audio.features.timbral.frames import Line, batches, thinning
from small_dataset_audio.features.timbral.recording import RATE

FRAME: Final = 2205
"""Samples per frame: 50 ms. Frames overlap by half."""
TRANSFORM: Final = 4096
"""Points of the transform, the frame filled up with zeros."""
SILENCE_BEFORE: Final = 512
"""Samples of silence put before the sound."""
CONTRAST: Final = 0.01
"""Height and prominence that make a peak, over the highest value of all spectra."""
MOST_FRAMES: Final = 1200
"""Frames measured at most: all of 30 s."""
MOST_PEAKS: Final = 250_000
"""Peaks paired at most; only long noise has more, and its frames are all alike."""

SLOW, FAST = 3.51, 5.75
"""Exponents of the beating curve, rise and fall."""
WIDEST: Final = 0.24
"""Place of the curve's maximum, in the unit that the next two give."""
WIDTH_SLOPE, WIDTH_OFFSET = 0.0207, 18.96
"""How the critical band grows with frequency, in Hz."""
LOUDNESS_EXPONENT, RATIO_EXPONENT = 0.1, 3.11
"""Of the product of amplitudes, and of their ratio."""
SLOPE, OFFSET = 13.98779569, 48.97606571545886
"""Points per decade of mean beating, and points at 1."""
LEAST: Final = 0.01
"""Mean beating under which a sound is not rough at all."""

_ROWS: Final = 1000
"""Frames whose peaks are found together."""
_FARTHEST: Final = 2.0
"""Scaled distance beyond which a pair's beating (all such pairs together: 0.2 %) is not worth adding."""


def roughness(line: Line, loudest: NDArray[np.intp]) -> float:
    """Return the roughness in points.

    Args:
        line: the sound, at -24 LUFS ``[shape=(n,)]``.
        loudest: samples around which its spectrum is highest.
    """
    mean = mean_beating(line, loudest)
    return 0.0 if mean < LEAST else float(SLOPE * np.log10(mean) + OFFSET)


def mean_beating(line: Line, loudest: NDArray[np.intp]) -> float:
    """Return the summed beating of all pairs of peaks, mean over the frames; arguments as those of `roughness`."""
    total = line.shape[0] + SILENCE_BEFORE
    count = int(2 * total / FRAME)  # the reference counts a last frame that is not whole
    whole = 1 + max(0, 2 * (total - FRAME) // FRAME)
    floor = CONTRAST * _highest(line, loudest, whole - 1)
    step = thinning(whole, MOST_FRAMES)
    starts = _starts(np.arange(0, whole, step))
    parts = [_partials(line, starts[first : first + _ROWS], first, floor) for first in range(0, starts.shape[0], _ROWS)]
    frame, frequency, level = (np.concatenate(column) for column in zip(*parts, strict=True))
    fewer = thinning(frame.shape[0], MOST_PEAKS)
    if fewer > 1:
        kept = frame % fewer == 0
        frame, frequency, level = frame[kept], frequency[kept], level[kept]
    return summed_beating(frame, frequency, level) * step * fewer / count


def _starts(frames: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the first sample of each of ``frames``."""
    return frames * FRAME // 2 - SILENCE_BEFORE


def _highest(line: Line, loudest: NDArray[np.intp], last: int) -> float:
    """Return the highest value in the spectra of the frames around ``loudest``; ``last`` is the last frame of all."""
    middle = 2 * (loudest + SILENCE_BEFORE) // FRAME
    frames = np.unique(np.clip(middle[:, np.newaxis] + np.arange(-2, 2), 0, last))
    return max(float(spectra.max()) for _, spectra in _spectra(line, _starts(frames)))


def _spectra(line: Line, starts: NDArray[np.intp]) -> Iterator[tuple[int, Line]]:
    """Yield the spectra of the frames that begin at ``starts``, some at a time, as (index of the first, spectra)."""
    from scipy import fft  # noqa: PLC0415 - half a second that listing the features must not cost

    window = np.hamming(FRAME + 2)[1:-1].astype(np.float32)
    for first, frames in batches(line, FRAME, starts):
        yield first, np.abs(fft.rfft(np.multiply(frames, window, out=frames), TRANSFORM, axis=1))


def _partials(
    line: Line, starts: NDArray[np.intp], first_row: int, floor: float
) -> tuple[NDArray[np.intp], Line, Line]:
    """Return frame, frequency in Hz and level of the spectral peaks that stand out by ``floor``."""
    maxima = [local_maxima(spectra, floor, first_row + first) for first, spectra in _spectra(line, starts)]
    peaks = contrasting(Maxima.joined(maxima), floor)
    place, level = interpolated(peaks, TRANSFORM // 2)
    return peaks.row, (place * (RATE / TRANSFORM)).astype(np.float32), level


def summed_beating(frame: NDArray[np.intp], frequency: Line, level: Line) -> float:
    """Return the beating of all pairs of partials in the same frame, summed over all frames.

    Args:
        frame: the frame of each partial, ascending ``[shape=(partials,)]``.
        frequency: in Hz, ascending within a frame.
        level: linear amplitude.
    """
    scale = (WIDEST / (WIDTH_SLOPE * frequency + WIDTH_OFFSET)).astype(np.float32)
    strength = level ** np.float32(LOUDNESS_EXPONENT)
    total = 0.0
    lower = np.arange(frame.shape[0] - 1)
    apart = 1
    while lower.size:
        lower = lower[: np.searchsorted(lower, frame.shape[0] - apart)]
        upper = lower + apart
        distance = scale[lower] * (frequency[upper] - frequency[lower])
        near = (frame[lower] == frame[upper]) & (distance < _FARTHEST)
        lower, upper, distance = lower[near], upper[near], distance[near]
        one, other = level[lower], level[upper]
        ratio = (2.0 * np.maximum(one, other) / (one + other)) ** np.float32(RATIO_EXPONENT)
        beating = np.exp(-SLOW * distance) - np.exp(-FAST * distance)
        total += 0.5 * float(np.dot(strength[lower] * strength[upper], ratio * beating))
        apart += 1
    return total
