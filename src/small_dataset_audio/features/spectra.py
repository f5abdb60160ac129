"""Every transform of one signal, computed when first asked for and then kept.

Extractors read from here and open no files, so that nothing is computed twice.
"""

from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from small_dataset_audio.audio.clip import Clip, Samples
from small_dataset_audio.audio.resample import resample

FRAME = 2048
"""Samples per analysis frame (features.md, spectral)."""
HOP = 512
"""Samples from one frame to the next."""
SILENCE_DBFS = -60.0
"""Frames whose RMS is at or under this level are silent."""

Mono = NDArray[np.float32]
"""One channel of samples ``[shape=(n,)]``."""
Magnitudes = NDArray[np.float32]
"""Magnitude spectra ``[shape=(frames, bins)]``: one row per frame, so that a row is contiguous in memory."""


def frames_of(signal: Mono, length: int, hop: int) -> NDArray[np.float32]:
    """Return overlapping frames of ``signal`` as a read-only view ``[shape=(frames, length)]``.

    Only whole frames are returned: a signal shorter than ``length`` has none.
    """
    if signal.shape[0] < length:
        return np.empty((0, length), dtype=signal.dtype)
    return np.lib.stride_tricks.sliding_window_view(signal, length)[::hop]


class Spectra:
    """The shared transforms of one signal: the mix, or one stem.

    Attributes:
        samples: float32 ``[shape=(channels, n)]``.
        rate: samples per second.
    """

    def __init__(self, clip: Clip) -> None:
        self.samples: Samples = clip.samples
        self.rate: int = clip.rate
        self._resampled: dict[int, Mono] = {}

    @property
    def channels(self) -> int:
        """Number of channels."""
        return int(self.samples.shape[0])

    @property
    def seconds(self) -> float:
        """Duration in seconds."""
        return float(self.samples.shape[1] / self.rate)

    @cached_property
    def mono(self) -> Mono:
        """The mean of the channels ``[shape=(n,)]``."""
        if self.channels == 1:
            return self.samples[0]
        return np.ascontiguousarray(self.samples.mean(axis=0, dtype=np.float32))

    def mono_at(self, rate: int) -> Mono:
        """Return the mono signal at ``rate`` samples per second ``[shape=(n,)]``."""
        if rate == self.rate:
            return self.mono
        if rate not in self._resampled:
            self._resampled[rate] = resample(self.mono[np.newaxis, :], self.rate, rate)[0]
        return self._resampled[rate]

    @cached_property
    def frame_rms(self) -> NDArray[np.float32]:
        """RMS of each frame of the mono signal ``[shape=(frames,)]``, full scale at 1.0."""
        frames = frames_of(self.mono, FRAME, HOP)
        return np.sqrt(np.einsum("ij,ij->i", frames, frames, dtype=np.float64) / FRAME).astype(np.float32)

    @cached_property
    def sounding(self) -> NDArray[np.bool_]:
        """Which frames are not silent ``[shape=(frames,)]``: RMS above `SILENCE_DBFS`."""
        return np.asarray(self.frame_rms > 10.0 ** (SILENCE_DBFS / 20.0))

    @cached_property
    def magnitudes(self) -> Magnitudes:
        """STFT magnitudes of the mono signal at its own rate ``[shape=(frames, FRAME // 2 + 1)]``.

        Frames of `FRAME`, every `HOP`, periodic Hann window, no padding: frame ``i`` covers samples
        ``[i * HOP, i * HOP + FRAME)``.
        """
        window = np.hanning(FRAME + 1)[:-1].astype(np.float32)
        frames = frames_of(self.mono, FRAME, HOP)
        spectra = np.empty((frames.shape[0], FRAME // 2 + 1), dtype=np.float32)
        block = 1024  # bounds the temporary memory of the complex transform
        for start in range(0, frames.shape[0], block):
            windowed = frames[start : start + block] * window
            np.abs(fft.rfft(windowed, axis=1), out=spectra[start : start + block])
        return spectra

    @cached_property
    def frequencies(self) -> NDArray[np.float32]:
        """Centre frequency of each bin of `magnitudes` in Hz ``[shape=(FRAME // 2 + 1,)]``."""
        return (np.arange(FRAME // 2 + 1) * (self.rate / FRAME)).astype(np.float32)
