"""Drums, bass and the rest without weights: a rough approximation, named as such wherever it is used.

A hit fills many frequencies for a moment, a note a few for a while: medians over frequency and over time tell them apart
(Fitzgerald, "Harmonic/percussive separation using median filtering", DAFx 2010), as soft masks in the way of a Wiener
filter. What is percussive is called drums. Of what is harmonic, the lowest octaves are called bass, and the remainder is
other. A voice cannot be told from an instrument in this way, so that it stays in other, and there is no vocals stem.

All channels share one mask, so that the stereo image stays. The remainder is the mix less drums and bass: the stems sum
to the mix within the precision of the numbers.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.models.separation.network import Estimates, Examples, Network

SOURCES: Final = ("bass", "drums", "other")

_SEGMENT: Final = 1 << 19
"""Samples of a piece: 12 s at 44.1 kHz, long against every median."""
_OVERLAP: Final = 0.125
_FRAME_SECONDS: Final = 0.093
"""Length of a transform: 4096 at 44.1 kHz resolves the lowest notes of a bass."""
_HOPS: Final = 4
"""Hops in a frame."""
_NOTE_SECONDS: Final = 0.4
"""Of the median over time: a note is longer than half of it, a hit shorter."""
_HIT_HERTZ: Final = 500.0
"""Of the median over frequency: a hit is broader than half of it, a partial narrower."""
_BASS_HERTZ: Final = (100.0, 200.0)
"""Up to the first, what is harmonic is bass; from the second on it is other."""
_LEAST: Final = 1e-20


def open_dsp() -> Network:
    """Return the embedded backend."""
    return Network(
        backend="dsp",
        model=None,
        sources=SOURCES,
        rate=None,
        channels=None,
        segment=_SEGMENT,
        overlap=_OVERLAP,
        normalise=False,
        apply=_apply,
    )


def _apply(examples: Examples, rate: int) -> Estimates:
    return np.stack([_separate(each, rate) for each in examples])


def _separate(mix: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    """Return bass, drums and other of a piece ``[shape=(3, channels, n)]``."""
    frame = 1 << max(6, round(np.log2(_FRAME_SECONDS * rate)))
    hop = frame // _HOPS
    spectrum = _transform(mix, frame, hop)
    power = np.einsum("cft,cft->ft", spectrum.real, spectrum.real) + np.einsum(
        "cft,cft->ft", spectrum.imag, spectrum.imag
    )
    magnitude = np.sqrt(power)
    note = _median_of_rows(magnitude, _odd(_NOTE_SECONDS * rate / hop))
    hit = _median_of_rows(magnitude.T, _odd(_HIT_HERTZ * frame / rate)).T
    percussive = hit * hit / (hit * hit + note * note + np.float32(_LEAST))
    low = _lowness(np.fft.rfftfreq(frame, 1 / rate))
    bass = _inverse(spectrum * ((1 - percussive) * low[:, np.newaxis]), frame, hop, mix.shape[1])
    drums = _inverse(spectrum * percussive, frame, hop, mix.shape[1])
    return np.stack([bass, drums, mix - bass - drums])


def _lowness(hertz: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """Return the share of each frequency that is bass: 1, then half a cosine over the octave's logarithm, then 0."""
    low, high = _BASS_HERTZ
    along = np.log2(np.maximum(hertz, low) / low) / np.log2(high / low)
    share: NDArray[np.float32] = (0.5 + 0.5 * np.cos(np.pi * np.minimum(along, 1))).astype(np.float32)
    return share


def _odd(length: float) -> int:
    return 2 * int(length / 2) + 1


def _median_of_rows(array: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """Return the median over ``size`` neighbours in each row; rows are mirrored at their ends."""
    from scipy.ndimage import median_filter  # noqa: PLC0415 - a tenth of a second that only this backend needs

    margin = min(size // 2, array.shape[1])
    # In one dimension scipy slides its window instead of sorting each anew; the margins keep rows apart.
    padded = np.pad(array, ((0, 0), (margin, margin)), mode="symmetric")
    found = median_filter(padded.reshape(-1), size=2 * margin + 1, mode="nearest").reshape(padded.shape)
    rows: NDArray[np.float32] = found[:, margin : margin + array.shape[1]]
    return rows


def _window(frame: int) -> NDArray[np.float32]:
    """Return the square root of a periodic Hann window, whose squares sum to a constant."""
    return np.sqrt(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(frame) / frame)).astype(np.float32)


def _transform(mix: NDArray[np.float32], frame: int, hop: int) -> NDArray[np.complex64]:
    """Return the spectrum of overlapping frames ``[shape=(channels, frame // 2 + 1, frames)]``."""
    from scipy.fft import rfft  # noqa: PLC0415 - as above

    behind = frame + -mix.shape[1] % hop
    padded = np.pad(mix, ((0, 0), (frame, behind)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, frame, axis=1)[:, ::hop]
    spectrum: NDArray[np.complex64] = rfft(frames * _window(frame), axis=2).transpose(0, 2, 1)
    return spectrum


def _inverse(spectrum: NDArray[np.complex64], frame: int, hop: int, length: int) -> NDArray[np.float32]:
    """Return the sound of a spectrum ``[shape=(channels, length)]``, the inverse of `_transform`."""
    from scipy.fft import irfft  # noqa: PLC0415 - as above

    frames = irfft(spectrum.transpose(0, 2, 1), n=frame, axis=2) * (_window(frame) * np.float32(2 / _HOPS))
    count = frames.shape[1]
    sound = np.zeros((frames.shape[0], count + _HOPS - 1, hop), dtype=np.float32)
    for part in range(_HOPS):
        sound[:, part : part + count] += frames[:, :, part * hop : (part + 1) * hop]
    return sound.reshape(frames.shape[0], -1)[:, frame : frame + length]
