"""Level in four bands, over the whole file and all its channels.

The level of a band is 10 lg of the mean over all samples and channels of the squared signal, counting only frequencies
from the band's lower edge up to, not including, its upper edge. So a square wave over the full range is at 0 dBFS, a sine
at -3.01 dBFS, and the powers of touching bands add up to that of their union. Powers, not samples, are averaged over the
channels: what is only in the side signal counts in full. The mean of each channel (0 Hz) is left out.

The split is made in the spectrum (Parseval), without filters: the signal is cut into blocks that overlap by a quarter under
windows whose squares add up to one, so that every sample counts once. The edges are sharp to about 2 Hz. Two channels
share a complex transform, the power of which, over positive and negative frequencies, is that of both.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.audio.clip import Samples
from small_dataset_audio.audio.spool import blocks, give_back
from small_dataset_audio.features.bandseries import band_power
from small_dataset_audio.features.measured import Measured
from small_dataset_audio.features.sound import Family, Sound

BANDS: Final[dict[str, tuple[float, float]]] = {
    "rms_energy_bass": (20.0, 120.0),
    "rms_energy_body": (120.0, 600.0),
    "rms_energy_mid": (600.0, 2500.0),
    "rms_energy_air": (2500.0, 22000.0),
}
"""Feature -> lower and upper edge in Hz (features.md); the upper one is half the sample rate where that is lower."""

BLOCK_SECONDS: Final = 2.0
"""A block is the shortest power of two that lasts as long: the resolution of the edges is its inverse."""
ROUNDING: Final = 1e-13
"""Single precision leaves rounding noise of this share (-130 dB) of the power, spread evenly over all frequencies."""

_BATCH: Final = 4
"""Blocks per transform call: the transform runs as many side by side in the processor's vectors."""

_Block = NDArray[np.complex64]


def band_powers(samples: Samples, rate: int) -> dict[str, float]:
    """Return the mean power in each of `BANDS` ``[samples: shape=(channels, n)]``, full-scale square at 1.0.

    A band that begins above half the sample rate is not in the result, nor is one that holds no more than rounding noise.
    """
    channels, length = samples.shape
    size = 1 << max(2, int(np.ceil(np.log2(BLOCK_SECONDS * rate))))
    # First bin at or above each edge; past the bin at half the sample rate there is none.
    edges = {
        name: (int(np.ceil(low * size / rate)), min(int(np.ceil(high * size / rate)), size // 2 + 1))
        for name, (low, high) in BANDS.items()
        if low < rate / 2
    }
    if not edges or not length:
        return {}
    means = sum(block.sum(axis=1, dtype=np.float64) for _, block in blocks(samples)) / length
    energy = dict.fromkeys(edges, 0.0)
    everything = float(np.sum(means**2)) * length
    for spectrum in _spectra(samples, means, size):
        everything += _energy(spectrum) / size
        for name, (first, last) in edges.items():
            energy[name] += (
                _energy(spectrum[first:last]) + _energy(spectrum[size - last + 1 : size - first + 1])
            ) / size
            if last == size // 2 + 1:  # the bin at half the sample rate is its own mirror image
                energy[name] -= _energy(spectrum[size // 2 : size // 2 + 1]) / size
    return {
        name: value / (length * channels)
        for name, value in energy.items()
        if value > ROUNDING * everything * (edges[name][1] - edges[name][0]) / (size // 2)
    }


def _energy(spectrum: _Block) -> float:
    """Return the sum of the squared magnitudes."""
    parts = spectrum.view(np.float32)
    return float(np.dot(parts, parts))


def _spectra(samples: Samples, means: NDArray[np.float64], size: int) -> Iterator[_Block]:
    """Yield the spectrum of each block of each pair of channels ``[shape=(size,)]``."""
    from scipy import fft  # noqa: PLC0415 - half a second that listing the features must not cost

    cuts = list(_cuts(samples.shape[1], size))
    ramp = _ramp(size // 4)
    for first in range(0, samples.shape[0], 2):
        pair, mean = samples[first : first + 2], means[first : first + 2]
        for start in range(0, len(cuts), _BATCH):
            batch = cuts[start : start + _BATCH]
            signal = np.zeros((len(batch), size), dtype=np.complex64)
            for row, (begin, end) in zip(signal, batch, strict=True):
                used = row[: end - begin]
                used.real = pair[0, begin:end] - np.float32(mean[0])
                if pair.shape[0] > 1:
                    used.imag = pair[1, begin:end] - np.float32(mean[1])
                if begin > 0:
                    used[: ramp.shape[0]] *= ramp
                if end < samples.shape[1]:
                    used[-ramp.shape[0] :] *= ramp[::-1]
            give_back(pair[:, batch[0][0] : batch[-1][1]])
            yield from fft.fft(signal, axis=1, overwrite_x=True)


def _cuts(length: int, size: int) -> Iterator[tuple[int, int]]:
    """Yield first and last sample of each block; successive blocks share a quarter of ``size``."""
    begin = 0
    while begin + size < length:
        yield begin, begin + size
        begin += size - size // 4
    yield begin, length


def _ramp(length: int) -> NDArray[np.float32]:
    """Return a rising window flank whose square and that of its mirror image add up to one (that of Vorbis I)."""
    place = (np.arange(length) + 0.5) / length
    return np.sin(0.5 * np.pi * np.sin(0.5 * np.pi * place) ** 2).astype(np.float32)


def measure(sound: Sound, earlier: Measured) -> Measured:  # noqa: ARG001 - the signature of a family
    """Return the level of each band of the mix in dBFS."""
    found = Measured()
    mix = sound.mix
    powers = band_powers(mix.samples, mix.rate)
    for name, (low, _) in BANDS.items():
        if name in powers:
            found.values[name] = float(10.0 * np.log10(powers[name]))
        elif low >= mix.rate / 2:
            found.absent[name] = (
                f"the band begins at {low:g} Hz, and at {mix.rate} Hz there is nothing above {mix.rate / 2:g} Hz"
            )
        else:
            found.absent[name] = "there is no sound in this band"
    if sound.options.timeseries_steps and mix.samples.shape[1]:
        edges = tuple(BANDS.values())
        found.series["band_power"] = band_power(mix.samples, mix.rate, edges, sound.options.timeseries_steps)
    return found


FAMILY: Final = Family(name="bands", features=tuple(BANDS), measure=measure)
"""The four band levels."""
