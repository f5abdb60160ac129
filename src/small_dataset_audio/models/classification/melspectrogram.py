"""The mel front end of Discogs-EffNet: what Essentia calls TensorflowInputMusiCNN, after its documentation.

16 kHz mono; frames of 512 samples every 256 under a symmetric Hann window, the first one centred on the first sample;
power; 96 triangles between 0 and 8000 Hz, equally wide on Slaney's mel scale (Auditory Toolbox, 1998) and of equal area;
``log10(1 + 10000 x)``. Agrees with Essentia 2.1-beta6 to 6e-5 on broad-band signals and to 6e-4 where all energy lies on
one filter's edge: Essentia computes these edges in single precision.

scipy's transform serves here because it is faster than torch's (`benchmarks/labels.py` measures both), and the stage then
starts without torch.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

RATE: Final = 16000
"""Hz."""
FRAME: Final = 512
HOP: Final = 256
BANDS: Final = 96
TOP_HZ: Final = 8000.0
COMPRESSION: Final = 10000.0
"""The factor in front of the energy under the logarithm."""

_LINEAR_TOP_HZ: Final = 1000.0
_LINEAR_TOP_MEL: Final = 15.0
"""Slaney's scale is linear up to 1000 Hz, which is 15 mel."""
_LOG_STEP: Final = np.log(6.4) / 27.0
"""Beyond, 27 mel lead from 1000 to 6400 Hz in equal ratios."""
_BLOCK_FRAMES: Final = 256
"""Frames transformed together: enough for the transform's vector units, few enough for the processor's cache."""

Frames = NDArray[np.float32]
"""Log-mel frames ``[shape=(frames, BANDS)]``."""


def log_mel(blocks: Iterable[NDArray[np.float32]]) -> Iterator[Frames]:
    """Yield the log-mel frames of a signal in pieces ``[shape=(at most 256, BANDS)]``; ``1 + ceil(n / HOP)`` in all.

    The signal stands in silence: the first frame is centred on its first sample, and the last one reaches past its end.
    A signal without samples has no frames.

    Args:
        blocks: the mono signal at `RATE`, cut anywhere ``[shape=(n,)]``.
    """
    waiting = np.zeros(FRAME // 2, dtype=np.float32)
    length = 0
    for block in blocks:
        length += block.shape[0]
        waiting = np.concatenate([waiting, block])
        frames = (waiting.shape[0] - FRAME) // HOP + 1
        if frames > 0:
            yield from _transformed(waiting)
            waiting = waiting[frames * HOP :]
    if length:
        yield from _transformed(np.pad(waiting, (0, -length % HOP + FRAME // 2)))


def _transformed(signal: NDArray[np.float32]) -> Iterator[Frames]:
    """Yield the log-mel frames that lie wholly in ``signal``."""
    from scipy import fft  # noqa: PLC0415 - half a second that asking for the models must not cost

    window = np.hanning(FRAME).astype(np.float32)
    filters = mel_filters().T
    frames = np.lib.stride_tricks.sliding_window_view(signal, FRAME)[::HOP]
    for start in range(0, frames.shape[0], _BLOCK_FRAMES):
        spectrum = fft.rfft(frames[start : start + _BLOCK_FRAMES] * window, axis=1)
        power = spectrum.real**2
        power += spectrum.imag**2
        mel = power @ filters
        mel *= np.float32(COMPRESSION)
        mel += np.float32(1.0)
        yield np.log10(mel, out=mel)


@cache
def mel_filters() -> NDArray[np.float32]:
    """Return the weights of the spectrum's bins in each band ``[shape=(BANDS, FRAME // 2 + 1)]``."""
    edges = _hz(np.linspace(0.0, _mel(TOP_HZ), BANDS + 2))
    low, centre, high = edges[:-2, np.newaxis], edges[1:-1, np.newaxis], edges[2:, np.newaxis]
    bins = np.arange(FRAME // 2 + 1) * (RATE / FRAME)
    triangles = np.maximum(0.0, np.minimum((bins - low) / (centre - low), (high - bins) / (high - centre)))
    filters = (triangles * (2.0 / (high - low))).astype(np.float32)
    filters.flags.writeable = False
    return filters


def _mel(hz: float) -> float:
    """Return a frequency beyond `_LINEAR_TOP_HZ` in mel."""
    return float(_LINEAR_TOP_MEL + np.log(hz / _LINEAR_TOP_HZ) / _LOG_STEP)


def _hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    linear = mel * (_LINEAR_TOP_HZ / _LINEAR_TOP_MEL)
    return np.where(mel < _LINEAR_TOP_MEL, linear, _LINEAR_TOP_HZ * np.exp((mel - _LINEAR_TOP_MEL) * _LOG_STEP))
