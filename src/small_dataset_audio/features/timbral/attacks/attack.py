"""How each onset's attack runs: how long it takes, how strong it is, where its energy lies.

Attack time by the weakest-effort method (Peeters 2004, CUIDADO): from the lowest point before an event's peak, the envelope passes
nine levels at a tenth to nine tenths of its rise; the attack is the run of levels that are passed without a pause of more than three times
the mean. Attack centroid: of the magnitude spectrum from 20 Hz up of the 0.125 s from the attack's start.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.audio.spool import first_highest, first_reaching, give_back, last_lowest
from small_dataset_audio.features.timbral.attacks.envelope import STEP
from small_dataset_audio.features.timbral.attacks.onsets import BEFORE, Places
from small_dataset_audio.features.timbral.frames import Line, stretch
from small_dataset_audio.features.timbral.recording import RATE
from small_dataset_audio.features.timbral.shortframes import HOP

LEVELS: Final = np.linspace(0.1, 0.9, 9)
"""Shares of the rise whose passing is timed."""
PAUSE: Final = 3.0
"""Times the mean interval between levels that ends an attack."""
LONGEST: Final = RATE // 10
"""Samples (0.1 s) that an attack lasts at most."""
MOST_STEPS: Final = 10 * RATE // STEP
"""Steps of the envelope (10 s) up to which a rise is read sample by sample; in a slower one, the steps are fine enough."""
CENTROID_SPAN: Final = int(0.125 * RATE)
"""Samples whose spectrum gives the attack centroid."""
CENTROID_LEAST: Final = 512
"""An event with no more samples than that has no centroid."""
CENTROID_LOWEST: Final = 20.0
"""Hz from which the centroid is taken."""
CENTROID_TRANSFORM: Final = 5600
"""Points of its transform: a fast length that holds the span."""

_Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Attacks:
    """The attacks of a sound.

    Attributes:
        log_seconds: decadic logarithm of the attack time of each event that has one.
        strength: highest flux of each event, in dB ``[shape=(onsets,)]``.
        centroid: attack centroid in Hz of each event that has one.
    """

    log_seconds: _Floats
    strength: _Floats
    centroid: _Floats


def measure_attacks(line: Line, onsets: Places, envelope: Line, flux: Line) -> Attacks:
    """Return how the attacks at ``onsets`` run; onsets, envelope and flux include the silence `BEFORE` the ``line``."""
    times, strength = [], []
    centroids = _Centroids()
    for at, end in pairwise([*onsets.tolist(), envelope.shape[0] * STEP]):
        strength.append(flux[at // HOP : max(end // HOP, at // HOP + 1)].max())
        steps = envelope[at // STEP : end // STEP]
        peak = first_highest(steps)
        if peak == 0:
            continue
        lowest = last_lowest(steps[:peak])
        first = at - BEFORE + lowest * STEP
        begin, duration = _attack(line, first, steps[lowest : peak + 1])
        give_back(steps)
        times.append(np.log10(duration / RATE))
        first += begin
        length = min(CENTROID_SPAN, end - BEFORE - first)
        if length > CENTROID_LEAST:
            centroids.add(stretch(line, first, first + length))
    return Attacks(np.array(times), np.array(strength, dtype=np.float64), centroids.all())


def _attack(line: Line, first: int, steps: Line) -> tuple[int, int]:
    """Return begin and duration, in samples, of the attack in the rise whose envelope is ``steps``, from sample ``first`` on."""
    if steps.shape[0] > MOST_STEPS:
        begin, duration = attack_of(steps)
        return begin * STEP, min(duration * STEP, LONGEST + 1)
    rise = np.abs(stretch(line, first, first + steps.shape[0] * STEP))
    return attack_of(np.maximum(rise, steps[0], out=rise))


def attack_of(rectified: Line) -> tuple[int, int]:
    """Return begin and duration, in samples, of the attack in a rise ``[shape=(n,)]`` from its lowest point to its peak."""
    low, high = rectified[0], rectified[first_highest(rectified)]
    passed = first_reaching(rectified, low + LEVELS.astype(np.float32) * (high - low))
    pauses = np.diff(passed)
    most = PAUSE * pauses.mean()
    first = int(np.argmax(pauses <= most))
    last = first + (int(np.argmax(pauses[first:] >= most)) or pauses.shape[0] - 1 - first)
    begin, end = int(passed[first]), int(passed[last])
    if begin == end:
        begin, end = int(passed[0]), int(passed[-1])
    return begin, max(min(end - begin, LONGEST) + (end > begin), 1)


class _Centroids:
    """Spectral centroids of stretches of sound, some taken at a time."""

    def __init__(self) -> None:
        frequency = np.arange(CENTROID_TRANSFORM // 2 + 1) * (RATE / CENTROID_TRANSFORM)
        audible = frequency >= CENTROID_LOWEST
        self._weights = np.stack([audible, audible * frequency], axis=1).astype(np.float32)
        self._waiting = np.zeros((_TOGETHER, CENTROID_TRANSFORM), dtype=np.float32)
        self._count = 0
        self._sums = [np.empty((0, 2), dtype=np.float32)]

    def add(self, span: Line) -> None:
        """Take one stretch, of at most `CENTROID_SPAN` samples."""
        self._waiting[self._count, : span.shape[0]] = span
        self._count += 1
        if self._count == _TOGETHER:
            self._transform()

    def all(self) -> _Floats:
        """Return the centroid in Hz of each stretch that was not silent."""
        self._transform()
        sums = np.concatenate(self._sums).astype(np.float64)
        sums = sums[sums[:, 0] > 0.0]
        return np.asarray(sums[:, 1] / sums[:, 0])

    def _transform(self) -> None:
        """Sum up the spectra of what waits."""
        from scipy import fft  # noqa: PLC0415 - half a second that listing the features must not cost

        waiting = self._waiting[: self._count]
        self._sums.append(np.abs(fft.rfft(waiting, axis=1)) @ self._weights)
        waiting[:] = 0.0
        self._count = 0


_TOGETHER: Final = 16
"""Spans transformed together."""
