"""The loudness meter: momentary, short-term and integrated loudness, and loudness range.

Sources: ITU-R BS.1770-5 annex 1 (weighting, channels, gates), EBU Tech 3341 (momentary and short-term), EBU Tech 3342
(loudness range). Everything is built on the K-weighted energy in steps of 10 ms: windows of 0.4 s and 3 s are sums of
whole steps. Where 10 ms is no whole number of samples, a step ends at the nearest sample.

Channels are in the order of WAV and FLAC files, and weighted by where their loudspeaker stands (BS.1770-5 annexes 1 and
3: 1.41 for those 60° to 120° to the side at ear height, 1 elsewhere, none for low-frequency effects):

====================  ==========================================================
1 mono                1: it is one loudspeaker, not two
2 stereo              L R: 1
3                     L R C: 1
4 quadraphonic        L R: 1, Ls Rs: 1.41
5                     L R C: 1, Ls Rs: 1.41
6 (5.1)               L R C: 1, LFE: 0, Ls Rs: 1.41
7 (6.1)               L R C: 1, LFE: 0, back centre: 1, side Ls Rs: 1.41
8 (7.1)               L R C: 1, LFE: 0, back Lb Rb: 1, side Ls Rs: 1.41
====================  ==========================================================
"""

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.audio.clip import Samples
from small_dataset_audio.errors import FeatureError
from small_dataset_audio.features.loudness.recursion import BlockRecursion
from small_dataset_audio.features.loudness.weighting import k_weighting

STEPS_PER_SECOND: Final = 100
"""Steps of energy: EBU Tech 3341 needs its maxima to be found on a grid as fine as this."""
MOMENTARY_STEPS: Final = 40
"""0.4 s: the block of integrated loudness and the window of momentary loudness (BS.1770-5; Tech 3341)."""
SHORT_TERM_STEPS: Final = 300
"""3 s: the window of short-term loudness (Tech 3341)."""
HOP_STEPS: Final = 10
"""0.1 s from one window to the next: blocks overlap by 75 % (BS.1770-5); 10 Hz for the range (Tech 3342)."""
OFFSET_DB: Final = -0.691
"""Makes 997 Hz come out at its level: it takes back the weighting's gain there (BS.1770-5, equation 2)."""
ABSOLUTE_GATE: Final = -70.0
"""LUFS; what is not above it is silence (BS.1770-5; Tech 3342)."""
RELATIVE_GATE: Final = -10.0
"""LU from the loudness of what passes the absolute gate (BS.1770-5)."""
RANGE_GATE: Final = -20.0
"""LU from the loudness of what passes the absolute gate, for the range (Tech 3342)."""
RANGE_PERCENTILES: Final = (0.10, 0.95)
"""Between these lies the loudness range (Tech 3342)."""

_SIDE: Final = 1.41
CHANNEL_WEIGHTS: Final[dict[int, tuple[float, ...]]] = {
    1: (1.0,),
    2: (1.0, 1.0),
    3: (1.0, 1.0, 1.0),
    4: (1.0, 1.0, _SIDE, _SIDE),
    5: (1.0, 1.0, 1.0, _SIDE, _SIDE),
    6: (1.0, 1.0, 1.0, 0.0, _SIDE, _SIDE),
    7: (1.0, 1.0, 1.0, 0.0, 1.0, _SIDE, _SIDE),
    8: (1.0, 1.0, 1.0, 0.0, 1.0, 1.0, _SIDE, _SIDE),
}
"""Number of channels -> weight of each, in the order of the file."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Energy:
    """The K-weighted energy of a signal, step by step.

    Attributes:
        sums: sum over the channels of weight times squared samples in each whole step ``[shape=(steps,)]``.
        edges: the sample at which each step begins, and that at which the last one ends ``[shape=(steps + 1,)]``.
    """

    sums: Floats
    edges: NDArray[np.int64]


def channel_weights(channels: int) -> tuple[float, ...]:
    """Return the weight of each of ``channels`` channels, in the order of the file.

    Raises:
        FeatureError: there is no customary loudspeaker layout for that many channels.
    """
    if channels not in CHANNEL_WEIGHTS:
        raise FeatureError(
            f"The loudness of {channels} channels is not defined.",
            "ITU-R BS.1770 weights channels by where their loudspeakers stand, and files of more than 8 do not say.",
            "Give a mono, stereo or surround file of 1 to 8 channels.",
        )
    return CHANNEL_WEIGHTS[channels]


def energy(samples: Samples, rate: int) -> Energy:
    """Return the K-weighted energy of ``samples`` ``[shape=(channels, n)]`` at ``rate``, in steps of 10 ms.

    Raises:
        FeatureError: there is no customary loudspeaker layout for that many channels, or a step of 10 ms is shorter
            than a sample.
    """
    if rate < STEPS_PER_SECOND:
        raise FeatureError(
            f"The loudness of a signal at {rate} Hz is not defined.",
            f"It is metered in steps of 1/{STEPS_PER_SECOND} s, which hold no sample.",
            "Give a file with an audio sample rate.",
        )
    weights = channel_weights(samples.shape[0])
    steps = samples.shape[1] * STEPS_PER_SECOND // rate
    edges = (2 * np.arange(steps + 1, dtype=np.int64) * rate + STEPS_PER_SECOND) // (2 * STEPS_PER_SECOND)
    sums = np.zeros(steps)
    for channel, weight in zip(samples, weights, strict=True):
        if weight > 0.0:
            sums += weight * _energy_of_channel(channel, rate, edges)
    return Energy(sums, edges)


def momentary(measured: Energy) -> Floats:
    """Return the momentary loudness in LUFS, every 10 ms from 0.4 s on ``[shape=(steps - 39,)]``; silence is -inf."""
    return _loudness(_window_power(measured, MOMENTARY_STEPS, 1))


def short_term(measured: Energy) -> Floats:
    """Return the short-term loudness in LUFS, every 10 ms from 3 s on ``[shape=(steps - 299,)]``; silence is -inf."""
    return _loudness(_window_power(measured, SHORT_TERM_STEPS, 1))


def integrated(measured: Energy) -> float | None:
    """Return the integrated loudness in LUFS (BS.1770-5 annex 1).

    None where no whole block of 0.4 s is louder than `ABSOLUTE_GATE`.
    """
    power = _window_power(measured, MOMENTARY_STEPS, HOP_STEPS)
    power = power[_loudness(power) > ABSOLUTE_GATE]
    if not power.size:
        return None
    gate = _loudness(power.mean(keepdims=True)) + RELATIVE_GATE
    return float(_loudness(power[_loudness(power) > gate].mean(keepdims=True))[0])


def loudness_range(measured: Energy) -> float | None:
    """Return the loudness range in LU (EBU Tech 3342): nearest-rank percentiles of the gated short-term loudness.

    None where fewer than two windows of 3 s pass the gates: one value has no range.
    """
    power = _window_power(measured, SHORT_TERM_STEPS, HOP_STEPS)
    power = power[_loudness(power) > ABSOLUTE_GATE]
    if not power.size:
        return None
    levels = np.sort(_loudness(power))
    levels = levels[levels >= _loudness(power.mean(keepdims=True)) + RANGE_GATE]
    if levels.size < 2:  # noqa: PLR2004 - a range lies between two values
        return None
    low, high = (levels[int((levels.size - 1) * share + 0.5)] for share in RANGE_PERCENTILES)
    return float(high - low)


@cache
def _recursion(rate: int) -> BlockRecursion:
    """Return the K-weighting for ``rate``, prepared once."""
    return BlockRecursion(k_weighting(rate))


def _energy_of_channel(channel: NDArray[np.float32], rate: int, edges: NDArray[np.int64]) -> Floats:
    """Return the K-weighted energy of one channel between successive ``edges``."""
    sums = np.zeros(edges.shape[0] - 1)
    for start, weighted in _recursion(rate).chunks(channel[: edges[-1]]):
        np.multiply(weighted, weighted, out=weighted)
        first, last = np.searchsorted(edges, (start, start + weighted.shape[0] - 1), side="right") - 1
        cuts = edges[first : last + 1] - start
        cuts[0] = 0  # the step that the chunk before began
        sums[first : last + 1] += np.add.reduceat(weighted, cuts)
    return sums


def _window_power(measured: Energy, steps: int, hop: int) -> Floats:
    """Return the mean power in windows of ``steps`` steps, every ``hop`` steps; whole windows only."""
    if measured.sums.shape[0] < steps:
        return np.empty(0)
    sums = np.lib.stride_tricks.sliding_window_view(measured.sums, steps)[::hop].sum(axis=1)
    samples = (measured.edges[steps:] - measured.edges[:-steps])[::hop]
    return np.asarray(sums / samples)


def _loudness(power: Floats) -> Floats:
    """Return the loudness in LUFS of a mean weighted power; none at all is -inf."""
    with np.errstate(divide="ignore"):
        return np.asarray(OFFSET_DB + 10.0 * np.log10(power))
