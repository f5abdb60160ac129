"""Change the sample rate of a signal, at a quality that adds nothing that can be heard or measured.

Source of the algorithm: the SoX resampler library (soxr), quality ``VHQ``: 28-bit precision, linear phase. Measured from
44.1 to 16 kHz: flat to 0.01 dB up to 0.92 of the lower Nyquist frequency, and below -120 dB beyond that frequency.
"""

from typing import Final

import numpy as np
import soxr

from small_dataset_audio.audio.clip import Samples
from small_dataset_audio.audio.spool import BLOCK, Spool, blocks, folder_of
from small_dataset_audio.errors import AudioError

QUALITY: Final = "VHQ"
"""soxr's best setting."""


def resampled_length(length: int, from_rate: int, to_rate: int) -> int:
    """Return how many samples `resample` makes of ``length`` samples: ``length * to_rate / from_rate``, half up."""
    return (2 * length * to_rate + from_rate) // (2 * from_rate)


def resample(samples: Samples, from_rate: int, to_rate: int) -> Samples:
    """Return ``samples`` at another rate ``[shape=(channels, resampled_length(n, from_rate, to_rate))]``.

    The first sample stays where it is in time (the filter's delay is compensated). Equal rates return the array itself.
    Samples on disk (`spool`) are resampled in blocks, to the same bits, and the result lies on disk too.

    Args:
        samples: float32 ``[shape=(channels, n)]``; ``n`` may be 0.
        from_rate: the rate of ``samples``, in Hz.
        to_rate: the wanted rate, in Hz.

    Raises:
        AudioError: a rate is not positive, or there are no channels.
    """
    if min(from_rate, to_rate) < 1 or samples.ndim != 2 or samples.shape[0] < 1:  # noqa: PLR2004 - (channels, n)
        raise AudioError(
            f"A signal of shape {samples.shape} cannot be brought from {from_rate} Hz to {to_rate} Hz.",
            "Resampling needs at least one channel and two rates of 1 Hz or more.",
            "Choose a sample rate such as 44100.",
        )
    if from_rate == to_rate:
        return samples
    wanted = resampled_length(samples.shape[1], from_rate, to_rate)
    if folder_of(samples) is not None:
        return _resampled_on_disk(samples, from_rate, to_rate, wanted)
    source = np.ascontiguousarray(samples, dtype=np.float32)
    # numpy calls any strides of a single sample contiguous, older releases of soxr do not.
    frames = source.T if source.shape[1] > 1 else source.T.copy(order="C")
    made = soxr.resample(frames, from_rate, to_rate, quality=QUALITY).T
    if made.shape[1] < wanted:  # soxr rounds in floating point: one sample less is possible in very long signals
        made = np.pad(made, ((0, 0), (0, wanted - made.shape[1])))
    return np.ascontiguousarray(made[:, :wanted], dtype=np.float32)


def _resampled_on_disk(samples: Samples, from_rate: int, to_rate: int, wanted: int) -> Samples:
    channels, length = samples.shape
    stream = soxr.ResampleStream(from_rate, to_rate, channels, dtype="float32", quality=QUALITY)
    spool = Spool(channels, wanted, folder_of(samples))
    for start, block in blocks(samples, BLOCK):
        interleaved = np.ascontiguousarray(block.T)
        made = stream.resample_chunk(interleaved, last=start + block.shape[1] == length)
        spool.append(made.reshape(-1, channels).T[:, : wanted - spool.length])
    if spool.length < wanted:
        spool.append(np.zeros((channels, wanted - spool.length), dtype=np.float32))
    return spool.finish()
