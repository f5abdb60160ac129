"""Every transform of one signal, computed when first asked for and then kept.

Extractors read from here and open no files, so that nothing is computed twice. The samples of a long recording lie on disk
(`audio.spool`), and so does what is derived from them: extractors read it in blocks and give those back, so that their memory
does not grow with the recording.
"""

from collections.abc import Iterator
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.audio.clip import Clip, Samples
from small_dataset_audio.audio.resample import resample
from small_dataset_audio.audio.spool import Spool, blocks, folder_of, give_back
from small_dataset_audio.features.offset import Offset, find_offset

FRAME: Final = 2048
"""Samples per analysis frame (features.md, spectral)."""
HOP: Final = 512
"""Samples from one frame to the next."""
SILENCE_DBFS: Final = -60.0
"""Frames whose RMS is at or under this level are silent."""

_BLOCK_FRAMES: Final = 128
"""Frames transformed together: enough for the transform's vector units, few enough for the processor's cache."""
_READ_HOPS: Final = 512
"""Hops read at a time."""

Mono = NDArray[np.float32]
"""One channel of samples ``[shape=(n,)]``."""
Magnitudes = NDArray[np.float32]
"""Magnitude spectra ``[shape=(frames, bins)]``: one row per frame, so that a row is contiguous in memory."""


def frame_count(samples: int, length: int = FRAME, hop: int = HOP) -> int:
    """Return how many whole frames of ``length`` fit in ``samples`` samples, one every ``hop``."""
    return max(0, (samples - length) // hop + 1)


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
    def offset(self) -> Offset:
        """What each channel is off zero."""
        return find_offset(self.samples, self.rate)

    @cached_property
    def mono(self) -> Mono:
        """The mean of the channels, without its offset ``[shape=(n,)]``."""
        offset = self.offset.channels.mean()
        if self.channels == 1 and not offset:
            return np.ascontiguousarray(self.samples[0])
        spool = Spool(1, self.samples.shape[1], folder_of(self.samples))
        for _, block in blocks(self.samples):
            mono = block[0].copy()
            for channel in block[1:]:
                mono += channel
            mono *= np.float32(1.0 / self.channels)
            mono -= offset
            spool.append(mono[np.newaxis])
        return np.asarray(spool.finish()[0])

    def mono_at(self, rate: int) -> Mono:
        """Return the mono signal at ``rate`` samples per second ``[shape=(n,)]``."""
        if rate == self.rate:
            return self.mono
        if rate not in self._resampled:
            self._resampled[rate] = resample(self.mono[np.newaxis, :], self.rate, rate)[0]
        return self._resampled[rate]

    def let_go(self) -> None:
        """Forget the mono signal and what was resampled: the next to ask for them has them made again, to the same bits.

        For a family that is the last of its kind to read them: of a minute in stereo they take as much memory as the samples.
        """
        self.__dict__.pop("mono", None)
        self._resampled.clear()

    @cached_property
    def frame_rms(self) -> NDArray[np.float32]:
        """RMS of each frame of the mono signal ``[shape=(frames,)]``, full scale at 1.0."""
        frames = frame_count(self.mono.shape[0])
        if not frames:
            return np.empty(0, dtype=np.float32)
        per_frame = FRAME // HOP
        energies = []
        for _, block in blocks(self.mono[: (frames - 1 + per_frame) * HOP], _READ_HOPS * HOP):
            hops = block.reshape(-1, HOP)  # short sums, then joined in double precision
            energies.append(np.einsum("ij,ij->i", hops, hops).astype(np.float64))
        energy = np.lib.stride_tricks.sliding_window_view(np.concatenate(energies), per_frame).sum(axis=1)
        return np.asarray(np.sqrt(energy / FRAME), dtype=np.float32)

    @cached_property
    def sounding(self) -> NDArray[np.bool_]:
        """Which frames are not silent ``[shape=(frames,)]``: RMS above `SILENCE_DBFS`."""
        return np.asarray(self.frame_rms > 10.0 ** (SILENCE_DBFS / 20.0))

    @cached_property
    def magnitudes(self) -> Magnitudes:
        """The rows of `magnitude_blocks` together ``[shape=(frames, FRAME // 2 + 1)]``.

        A minute at 44.1 kHz takes 21 MB: for features of short sounds. What needs each frame once reads the blocks instead.
        """
        magnitudes = np.empty((frame_count(self.mono.shape[0]), FRAME // 2 + 1), dtype=np.float32)
        for first, block in self.magnitude_blocks():
            magnitudes[first : first + block.shape[0]] = block
        return magnitudes

    def magnitude_blocks(self) -> Iterator[tuple[int, Magnitudes]]:
        """Yield the STFT magnitudes of the mono signal, as (first frame, magnitudes ``[shape=(rows, FRAME // 2 + 1)]``).

        Frames of `FRAME`, every `HOP`, periodic Hann window, no padding: frame ``i`` covers samples
        ``[i * HOP, i * HOP + FRAME)``. Nothing is kept. A block is overwritten when the next one is asked for.
        """
        from scipy import fft  # noqa: PLC0415 - half a second that listing the features must not cost

        window = np.hanning(FRAME + 1)[:-1].astype(np.float32)
        frames = frames_of(self.mono, FRAME, HOP)
        windowed = np.empty((_BLOCK_FRAMES, FRAME), dtype=np.float32)
        magnitudes = np.empty((_BLOCK_FRAMES, FRAME // 2 + 1), dtype=np.float32)
        for first in range(0, frames.shape[0], _BLOCK_FRAMES):
            rows = min(_BLOCK_FRAMES, frames.shape[0] - first)
            np.multiply(frames[first : first + rows], window, out=windowed[:rows])
            np.abs(fft.rfft(windowed[:rows], axis=1), out=magnitudes[:rows])
            give_back(self.mono[first * HOP : (first + rows) * HOP])
            yield first, magnitudes[:rows]

    @cached_property
    def frequencies(self) -> NDArray[np.float32]:
        """Centre frequency of each bin of the STFT in Hz ``[shape=(FRAME // 2 + 1,)]``."""
        return (np.arange(FRAME // 2 + 1) * (self.rate / FRAME)).astype(np.float32)
