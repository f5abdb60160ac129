"""The part of a signal in which pitch is measured: every channel, at a rate that just holds 5 kHz."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.audio.clip import Samples
from small_dataset_audio.audio.resample import resample
from small_dataset_audio.audio.spool import BLOCK, Spool, applied, blocks, folder_of, give_back
from small_dataset_audio.features.spectra import SILENCE_DBFS, Spectra

PITCH_RATE: Final = 11025
"""Samples per second of every analysis in this package: the resampler leaves all up to 5033 Hz as it was."""
SILENT_POWER: Final = float(10.0 ** (SILENCE_DBFS / 10.0))
"""Mean square at or under which a stretch of sound is silent."""

Band = Samples
"""Channels at `PITCH_RATE`, scaled so that their powers add up to the mean power of the channels that were recorded."""


def pitch_band(signal: Spectra) -> Band:
    """Return the channels of ``signal`` at `PITCH_RATE` ``[shape=(channels, n)]``.

    The channels stay apart, because powers can be added where amplitudes would cancel: what is only in the side signal, or
    out of phase between the channels, counts like everything else. Channels that are all the same (mono in a stereo file)
    come back as one. What a channel is off zero is left out: it would hide soft notes, and make silence sound.
    """
    samples, offset = signal.samples, signal.offset.channels
    if all(np.array_equal(block[0], channel) for _, block in blocks(samples) for channel in block[1:]):
        samples, offset = samples[:1], offset[:1]
    gain = np.float32(samples.shape[0] ** -0.5)
    return applied(lambda block: (block - offset) * gain, resample(samples, signal.rate, PITCH_RATE))


def mixed(bands: Sequence[Band]) -> Band:
    """Return the sum of ``bands`` ``[shape=(most channels, n)]``, as long as the shortest.

    A band with fewer channels than another sounds equally, as its mean, in all of them.
    """
    channels = max(band.shape[0] for band in bands)
    length = min(band.shape[1] for band in bands)
    spool = Spool(channels, length, next((folder for band in bands if (folder := folder_of(band))), None))
    for start in range(0, length, BLOCK):
        total = np.zeros((channels, min(BLOCK, length - start)), dtype=np.float32)
        for band in bands:
            heard = band[:, start : start + total.shape[1]]
            total += (
                heard
                if band.shape[0] == channels
                else heard.mean(axis=0) * np.float32((band.shape[0] / channels) ** 0.5)
            )
            give_back(heard)
        spool.append(total)
    return spool.finish()


def mean_square(band: Band, edges: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the power of ``band``, summed over its channels, between successive ``edges`` ``[shape=(edges - 1,)]``.

    Args:
        band: from `pitch_band`.
        edges: ascending positions in samples; beyond the end of ``band`` there is silence.
    """
    places = np.minimum(edges, band.shape[1])
    sums = np.zeros(places.shape[0])
    before = 0.0
    for start, block in blocks(band):
        running = np.zeros(block.shape[1] + 1)
        for channel in block:
            running[1:] += np.square(channel, dtype=np.float64)
        running[0] = before
        np.cumsum(running, out=running)
        inside = slice(*np.searchsorted(places, (start, start + block.shape[1] + 1)))
        sums[inside] = running[places[inside] - start]
        before = running[-1]
    return np.asarray(np.diff(sums) / np.diff(edges))
