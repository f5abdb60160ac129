"""What sharpness, booming, warmth and hardness take from specific loudness.

Sharpness of a frame: the first moment of specific loudness over critical-band rate, high bands weighted up; 1 acum is a band of
noise at 1 kHz. Source: Zwicker & Fastl, Psychoacoustics: Facts and Models, section 9; the weight is the polynomial of the reference.

Booming index of a frame: weighted specific loudness summed like levels, times the share of loudness under 280 Hz. Source: Hatano &
Hashimoto (2000), Booming index as a measure for evaluating booming sensation; Shin et al. (2009), Applied Acoustics 70.

Level of a Bark range: specific loudness under a parabola that is zero at both ends and 1 in the middle of the range.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.features.timbral.ear.octaves import FRAME, third_octave_powers
from small_dataset_audio.features.timbral.ear.tables import STEPS
from small_dataset_audio.features.timbral.ear.zwicker import specific_loudness
from small_dataset_audio.features.timbral.frames import Line, stretch

FULL_SCALE_SPL: Final = 100.0
"""dB SPL that a level of 0 dBFS stands for; sounds are at -24 LUFS."""
INAUDIBLE: Final = 0.0005
"""Sone under which a frame counts as silent: the model rounds loudness to thousandths."""

MIDDLE: Final = (70, 140)
"""Tenths of a Bark: the middle of hearing, for hardness."""
LOW: Final = (0, 70)
"""For booming."""
WARM: Final = (10, 40)
"""For warmth: what makes it warm."""
HIGH: Final = (80, 240)
"""For warmth: what takes it away."""

BOOM_TOP: Final = 280.0
"""Hz under which loudness booms."""
_THIRD_OCTAVE: Final = (25.0, 31.5)
"""Nominal centres of the first two third-octave bands in Hz: the origin and the step of the booming weight's scale."""
_BOOM_SCALE: Final = 2.13
_BOOM_DECAY: Final = 0.151
_BOOM_LOWEST: Final = (0.8, 1.05, 1.10, 1.18)
"""Weight at 0.1 to 0.4 Bark, where the exponential would go on rising."""

_TOGETHER: Final = 512
"""Frames whose loudness patterns are drawn together."""

Floats = NDArray[np.float64]
_BARK = np.arange(1, STEPS + 1) / 10.0


@dataclass(frozen=True, eq=False)
class BarkLoudness:
    """What the models read of a sound's specific loudness.

    Attributes:
        sharpness: mean over the frames, weighted by power, in acum.
        booming: mean booming index, weighted by power.
        low: mean level of `LOW` over the frames.
        middle: mean level of `MIDDLE`, weighted by RMS.
        warm: mean level of `WARM`.
        high: mean level of `HIGH`, weighted by RMS.
    """

    sharpness: float
    booming: float
    low: float
    middle: float
    warm: float
    high: float


def bark_loudness(line: Line) -> BarkLoudness:
    """Return what the models read of the specific loudness of ``line`` ``[shape=(n,)]``, which is at -24 LUFS."""
    parts = [
        _read(stretch(line, start, min(start + _TOGETHER * FRAME, line.shape[0])))
        for start in range(0, line.shape[0], _TOGETHER * FRAME)
    ]
    read = _Frames(*(np.concatenate(column) for column in zip(*parts, strict=True)))
    power = read.rms**2
    return BarkLoudness(
        sharpness=float(np.average(read.sharpness, weights=power)),
        booming=float(np.average(read.booming, weights=power)),
        low=float(np.mean(read.low)),
        middle=float(np.average(read.middle, weights=read.rms)),
        warm=float(np.mean(read.warm)),
        high=float(np.average(read.high, weights=read.rms)),
    )


class _Frames(NamedTuple):
    """What is read of each frame ``[shape=(frames,)]``."""

    rms: Floats
    sharpness: Floats
    booming: Floats
    low: Floats
    middle: Floats
    warm: Floats
    high: Floats


def _read(part: Line) -> _Frames:
    """Return what is read of the frames of a ``part`` of a line."""
    powers, rms = third_octave_powers(part)
    with np.errstate(divide="ignore"):
        loudness, total = specific_loudness(10.0 * np.log10(powers) + FULL_SCALE_SPL)
    heard = total >= INAUDIBLE
    sharp, boom = np.zeros_like(rms), np.zeros_like(rms)
    sharp[heard], boom[heard] = sharpness(loudness[heard]), booming_index(loudness[heard])
    return _Frames(rms, sharp, boom, *(loudness @ range_weight(*steps) for steps in (LOW, MIDDLE, WARM, HIGH)))


def sharpness(loudness: Floats) -> Floats:
    """Return the sharpness of each row of specific loudness in acum ``[shape=(frames,)]``; rows may not be silent."""
    weight = np.polynomial.polynomial.polyval(_BARK, [3.5, -0.81, 0.1, -0.0056, 0.00012])
    weight[_BARK <= 14.0] = 1.0  # noqa: PLR2004 - where the polynomial begins
    return np.asarray(0.11 * (loudness @ (weight * _BARK)) / loudness.sum(axis=1))


def booming_index(loudness: Floats) -> Floats:
    """Return the booming index of each row of specific loudness ``[shape=(frames,)]``; rows may not be silent."""
    frequency = 600.0 * np.sinh(_BARK / 6.0)
    lowest, second = np.log10(_THIRD_OCTAVE)
    place = (np.log10(frequency) - lowest) / (second - lowest) + 1.0
    weight = _BOOM_SCALE * np.exp(-_BOOM_DECAY * place)
    weight[: len(_BOOM_LOWEST)] = _BOOM_LOWEST
    summed = 10.0 * np.log10(np.sum(np.exp(loudness * (weight * np.log(10.0) / 10.0)), axis=1))
    return np.asarray(summed * loudness[:, frequency < BOOM_TOP].sum(axis=1) / loudness.sum(axis=1))


def range_weight(low: int, high: int) -> Floats:
    """Return the weight of each step in the level of a Bark range, given in tenths of a Bark ``[shape=(240,)]``."""
    place = np.arange(low, high)
    curve = np.exp(-0.5 * (0.01 * (place - 0.5 * (low + high))) ** 2)  # so flat a Gaussian is a parabola
    weight = np.zeros(STEPS)
    weight[low:high] = (curve - curve.min()) / (curve.max() - curve.min())
    return weight
