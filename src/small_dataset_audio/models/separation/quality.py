"""Whether a stem holds an instrument, or what a model makes of one that is not there.

A network that is asked for vocals where nobody sings gives something all the same: next to nothing, or a faint hiss.
Both are judged beside the mix, and where they are loudest, so that a short solo counts.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.audio.clip import Samples
from small_dataset_audio.audio.spool import blocks

_WINDOW_SECONDS: Final = 0.4
"""Of the loudest moment: the length of a gating block in ITU-R BS.1770."""
NEARLY_SILENT_DB: Final = -45.0
"""A stem's loudest moment beside the mix's, below which it is inaudible in it."""
FAINT_DB: Final = -25.0
"""Below this, a stem is also asked whether it is noise: louder noise may be an instrument, such as cymbals or wind."""
_NOISE_FLATNESS: Final = 0.35
"""Spectral flatness from which a sound is noise: 0.56 is white noise, and music is below 0.1."""
_BAND: Final = (100.0, 10000.0)
"""In which flatness is measured: above it, lossy files are empty, and below it everything hums."""
_FRAME: Final = 4096
_SILENCE_DB: Final = -120.0


@dataclass(frozen=True)
class Quality:
    """What is known of a stem.

    Attributes:
        loudest_db: the level of its loudest 0.4 s, in dB relative to full scale; -120 for silence.
        peak: its largest sample, without sign.
        flatness: of the spectrum of its loudest second, 0 to 1; None where it is silent.
    """

    loudest_db: float
    peak: float
    flatness: float | None

    def weakness(self, mix: "Quality") -> str | None:
        """Return why this is no stem to speak of, as the end of a sentence; None where it is one."""
        below = self.loudest_db - mix.loudest_db
        if self.flatness is None or self.loudest_db <= _SILENCE_DB:
            return "it is silent"
        if below < NEARLY_SILENT_DB:
            return f"its loudest moment is {-below:.0f} dB below that of the mix"
        if below < FAINT_DB and self.flatness > _NOISE_FLATNESS:
            return f"it is faint noise: {-below:.0f} dB below the mix, with a spectral flatness of {self.flatness:.2f}"
        return None


def quality(samples: Samples, rate: int) -> Quality:
    """Return what is known of a stem or a mix ``[shape=(channels, n)]``, read once, in blocks."""
    window = max(1, round(_WINDOW_SECONDS * rate))
    second = max(_FRAME, rate)
    loudest, peak, moment = -1.0, 0.0, np.zeros(0, dtype=np.float32)
    for start, block in blocks(samples, second):
        peak = max(peak, float(np.abs(block).max()))
        power = _window_power(block, window)
        if power > loudest:
            # Of the channels the one with the most energy: their average may cancel.
            loudest, moment = power, samples[int(np.square(block).sum(axis=1).argmax()), start : start + second]
    level = 10 * np.log10(max(loudest, 10 ** (_SILENCE_DB / 10)))
    return Quality(float(level), peak, _flatness(moment, rate))


def _window_power(block: Samples, window: int) -> float:
    """Return the mean square of the loudest of the windows side by side in ``block``, the rest counting as one more."""
    squares = np.square(block, dtype=np.float64).mean(axis=0)
    return max(float(squares[start : start + window].sum()) / window for start in range(0, len(squares), window))


def _flatness(mono: NDArray[np.float32], rate: int) -> float | None:
    """Return the geometric over the arithmetic mean of the power spectrum, averaged over frames; None for silence."""
    count = len(mono) // _FRAME
    padded = mono if count else np.pad(mono, (0, _FRAME - len(mono)))
    frames = padded[: max(1, count) * _FRAME].reshape(-1, _FRAME) * np.hanning(_FRAME)
    power = np.square(np.abs(np.fft.rfft(frames, axis=1)))
    hertz = np.fft.rfftfreq(_FRAME, 1 / rate)
    band = power[:, (hertz >= _BAND[0]) & (hertz < _BAND[1])]
    sounding = band[band.mean(axis=1) > 0]
    if not sounding.size:
        return None
    floor = sounding.mean(axis=1, keepdims=True) * 1e-12
    flatness = np.exp(np.log(sounding + floor).mean(axis=1)) / sounding.mean(axis=1)
    return float(flatness.mean())
