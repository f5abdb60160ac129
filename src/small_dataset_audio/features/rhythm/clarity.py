"""Whether there is a pulse at all.

Any series of events can be tapped along to with enough goodwill. So the pulse is compared with the best pulse in a
surrogate: the same events in a random order, with the time between them stretched at random. Music with a pulse scores
far higher than its surrogate; speech, noise, falling objects and free singing score as their surrogates do.

Source: Theiler et al., "Testing for nonlinearity in time series: the method of surrogate data", Physica D 1992 (the idea).
"""

import numpy as np

from small_dataset_audio.audio.spool import give_back
from small_dataset_audio.features.rhythm.lines import Curve
from small_dataset_audio.features.rhythm.pulse import Pulse, decode
from small_dataset_audio.features.rhythm.spectrum import FRAME_RATE

SURROGATE_SECONDS = 60.0
"""Length of the surrogate, or of all of them: of a shorter piece there are several of its own length."""
STRETCH = 0.35
"""Standard deviation of the logarithm of the factor by which the time between events is stretched."""
ATTACK_FRAMES = 4
"""An event starts this many frames before its onset."""
SEED = 0

CHANCE_SPREAD = 1.25
"""Standard deviation of the difference between a piece without a pulse and its surrogate is this, divided by the square
root of the seconds; measured on irregular events, speech and noise."""
LEAST = 3.0
"""A pulse must differ from chance by this many standard deviations."""
LEAST_EXCESS = 0.6
"""...and by this much in log-likelihood per second, however long the piece."""
HALF_SURE = 1.4
"""Difference in log-likelihood per second at which the clarity is one half."""


def surrogate(curve: Curve, onsets: Curve, frames: int, generator: np.random.Generator) -> Curve:
    """Return the events of an accent ``curve`` in random order and at random distances ``[shape=(frames,)]``.

    ``onsets`` are frames.
    """
    starts = np.maximum(np.round(onsets).astype(np.intp) - ATTACK_FRAMES, 0)
    cuts = np.unique(np.concatenate(([0], starts, [curve.shape[0]])))
    pieces: list[Curve] = []
    length = 0
    while length < frames:
        for event in generator.permutation(cuts.shape[0] - 1):
            start, stop = cuts[event], cuts[event + 1]
            stretched = max(ATTACK_FRAMES, round((stop - start) * float(np.exp(generator.normal(0.0, STRETCH)))))
            pieces.append(curve[np.minimum(start + np.arange(stretched), stop - 1)])
            give_back(curve[start:stop])
            length += stretched
            if length >= frames:
                break
    return np.concatenate(pieces)[:frames]


def clarity(pulse: Pulse, onsets: Curve) -> float:
    """Return how clearly there is a pulse, 0..1; exactly 0 where it does not differ from chance.

    ``onsets`` are frames. The same input gives the same result: the surrogates are not drawn anew.
    """
    if not onsets.size:
        return 0.0
    generator = np.random.default_rng(SEED)
    whole, enough = pulse.accents.shape[0], round(SURROGATE_SECONDS * FRAME_RATE)
    count, frames = -(-enough // whole), min(whole, enough)
    by_chance = [decode(surrogate(pulse.accents, onsets, frames, generator)).score for _ in range(count)]
    excess = pulse.score - float(np.mean(by_chance))
    if excess < max(LEAST_EXCESS, LEAST * CHANCE_SPREAD / np.sqrt(whole / FRAME_RATE)):
        return 0.0
    return float(1.0 - 0.5 ** (excess / HALF_SURE))
