"""The shape of the spectrum: flatness, flux, skewness and kurtosis.

All are taken from the magnitude spectra of the mono mix without its offset (`Spectra.magnitude_blocks`: frames of 2048 samples
every 512, Hann window), over every bin from 0 Hz to half the sample rate, and are medians over the frames that sound (RMS above
-60 dBFS). A frame is so many samples, whatever the rate: flux is higher, and the moments are of a wider spectrum, at a higher one.

- flatness: geometric over arithmetic mean of the power spectrum. Power more than 120 dB under a frame's mean counts as
  120 dB under it: below that is the rounding of the transform, not the sound.
- flux: L2 norm of the difference between a frame's magnitude spectrum and that of the frame before it, each scaled to an
  L2 norm of 1; of frames that sound and follow one that sounds. 0 is steady, the square root of 2 is all new.
- skewness, kurtosis: third and fourth standardised moment of frequency, with the magnitudes as weights; kurtosis is Pearson's,
  3 for a Gaussian.

Source: Peeters (2004), A large set of audio features for sound description, sections 6.1 and 7; flatness: Johnston (1988).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.audio.spool import blocks
from small_dataset_audio.features.measured import Measured
from small_dataset_audio.features.sound import Family, Sound
from small_dataset_audio.features.spectra import FRAME, Spectra

FEATURES: Final = ("spectral_flatness", "spectral_flux", "spectral_skewness", "spectral_kurtosis")
"""In the order of the columns of `frame_shapes`."""
POWER_FLOOR: Final = 1e-12
"""Lowest power of a bin that flatness knows, over the mean power of the frame (-120 dB)."""

TOO_SHORT: Final = f"it is shorter than one frame of {FRAME} samples"
SILENT: Final = "it is silent: no frame is above -60 dBFS"
SILENT_IN_MONO: Final = "it is silent in mono: no frame of the mean of its channels is above -60 dBFS"
NO_PAIR: Final = "no two successive frames are above -60 dBFS"

Floats = NDArray[np.float64]


def frame_shapes(signal: Spectra) -> Floats:
    """Return flatness, flux, skewness and kurtosis of each frame of ``signal`` ``[shape=(frames, 4)]``.

    NaN marks what is not defined: everything of a silent frame, and the flux of a frame after a silent one.
    """
    sounding = signal.sounding
    shapes = np.full((sounding.shape[0], len(FEATURES)), np.nan)
    powers = np.linspace(-1.0, 1.0, FRAME // 2 + 1)[:, np.newaxis] ** np.arange(5)
    before = np.zeros(FRAME // 2 + 1)
    if not sounding.any():
        return shapes
    with np.errstate(divide="ignore", invalid="ignore"):  # what is zero divided by zero is NaN: not defined
        for first, block in signal.magnitude_blocks():
            rows = slice(first, first + block.shape[0])
            magnitudes = block.astype(np.float64)
            magnitudes[~sounding[rows]] = 0.0
            energy = np.einsum("ij,ij->i", magnitudes, magnitudes)
            shapes[rows, 0] = _flatness(block, energy)
            shapes[rows, 1] = _flux(magnitudes, energy, before)
            shapes[rows, 2:] = _skewness_and_kurtosis(magnitudes @ powers)
            before = magnitudes[-1]
    return shapes


def _flatness(magnitudes: NDArray[np.float32], energy: Floats) -> Floats:
    """Return the flatness of each row, given its sum of squares; NaN where that is zero."""
    scale = np.sqrt(magnitudes.shape[1] / energy)
    scale[np.isinf(scale)] = np.nan
    relative = magnitudes * scale.astype(np.float32)[:, np.newaxis]
    np.maximum(relative, np.float32(np.sqrt(POWER_FLOOR)), out=relative)
    np.log(relative, out=relative)
    return np.asarray(np.exp(2.0 * relative.mean(axis=1)))


def _flux(magnitudes: Floats, energy: Floats, before: Floats) -> Floats:
    """Return the flux of each row against the one above it (``before`` for the first); NaN where one of the two is zero."""
    earlier = np.append(np.dot(before, before), energy[:-1])
    common = np.append(np.dot(before, magnitudes[0]), np.einsum("ij,ij->i", magnitudes[1:], magnitudes[:-1]))
    return np.asarray(np.sqrt(np.maximum(2.0 - 2.0 * common / np.sqrt(energy * earlier), 0.0)))


def _skewness_and_kurtosis(raw: Floats) -> Floats:
    """Return both of each row of raw moments of order 0 to 4 ``[shape=(rows, 2)]``.

    Frequency is measured from the middle of the spectrum in units of half its width, which keeps the moments of
    order 1: in double precision nothing that matters is lost when they are moved to the mean.
    """
    _, m1, m2, m3, m4 = (raw / raw[:, :1]).T
    variance = m2 - m1**2
    third = m3 - 3.0 * m1 * m2 + 2.0 * m1**3
    fourth = m4 - 4.0 * m1 * m3 + 6.0 * m1**2 * m2 - 3.0 * m1**4
    return np.column_stack([third / variance**1.5, fourth / variance**2])


def measure(sound: Sound, earlier: Measured) -> Measured:  # noqa: ARG001 - the signature of a family
    """Return the medians of the spectral shape of the mix over the frames that sound."""
    mix = sound.mix
    found = Measured()
    shapes = frame_shapes(mix)
    for name, column in zip(FEATURES, shapes.T, strict=True):
        known = column[~np.isnan(column)]
        if known.size:
            found.values[name] = float(np.median(known))
        else:
            found.absent[name] = _why_absent(mix)
    return found


def _why_absent(mix: Spectra) -> str:
    """Return why a median over sounding frames could not be taken."""
    if not mix.sounding.size:
        return TOO_SHORT
    if mix.sounding.any():
        return NO_PAIR
    return SILENT_IN_MONO if mix.channels > 1 and any(block.any() for _, block in blocks(mix.samples)) else SILENT


FAMILY: Final = Family(name="spectral", features=FEATURES, measure=measure)
"""The shape of the spectrum of the mono mix."""
