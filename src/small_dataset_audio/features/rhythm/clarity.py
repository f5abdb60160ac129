"""Whether there is a pulse at all.

Any series of events can be tapped along to with enough goodwill. So the pulse is compared with the best pulse in a
surrogate: the same events in a random order, with the time between them stretched at random. Music with a pulse scores
far higher than its surrogate; speech, noise, falling objects and free singing score as their surrogates do.

Source: Theiler et al., "Testing for nonlinearity in time series: the method of surrogate data", Physica D 1992 (the idea).
"""

import numpy as np

from small_dataset_audio.features.rhythm.pulse import Pulse, decode
from small_dataset_audio.features.rhythm.spectrum import FRAME_RATE, Curve

SURROGATE_SECONDS = 60.0
"""Length of the surrogate; longer ones would only cost time."""
STRETCH = 0.35
"""Standard deviation of the logarithm of the factor by which the time between events is stretched."""
ATTACK_FRAMES = 4
"""An event starts this many frames before its onset."""
SEED = 0

CHANCE_SPREAD = 1.25
"""Standard deviation of the difference between a piece without a pulse and its surrogate is this, divided by the square
root of the seconds; measured on irregular events, speech and noise."""
LEAST = 2.0
"""A pulse must differ from chance by this many standard deviations."""
HALF_SURE = 1.4
"""Difference in log-likelihood per second at which the clarity is one half."""


def surrogate(curve: Curve, onsets: Curve) -> Curve:
    """Return the events of an accent ``curve`` in random order and at random distances.

    ``onsets`` are frames. The result has at least `SURROGATE_SECONDS`; it is the same for the same input.
    """
    generator = np.random.default_rng(SEED)
    starts = np.maximum(np.round(onsets).astype(np.intp) - ATTACK_FRAMES, 0)
    cuts = np.unique(np.concatenate(([0], starts, [curve.shape[0]])))
    pieces: list[Curve] = []
    length = 0
    while length < SURROGATE_SECONDS * FRAME_RATE:
        for event in generator.permutation(cuts.shape[0] - 1):
            start, stop = cuts[event], cuts[event + 1]
            stretched = max(ATTACK_FRAMES, round((stop - start) * float(np.exp(generator.normal(0.0, STRETCH)))))
            pieces.append(curve[np.minimum(start + np.arange(stretched), stop - 1)])
            length += stretched
            if length >= SURROGATE_SECONDS * FRAME_RATE:
                break
    return np.concatenate(pieces)


def clarity(pulse: Pulse, onsets: Curve) -> float:
    """Return how clearly there is a pulse, 0..1; exactly 0 where it does not differ from chance.

    ``onsets`` are frames.
    """
    if not onsets.size:
        return 0.0
    excess = pulse.score - decode(surrogate(pulse.accents, onsets)).score
    if excess < LEAST * CHANCE_SPREAD / np.sqrt(pulse.accents.shape[0] / FRAME_RATE):
        return 0.0
    return float(1.0 - 0.5 ** (excess / HALF_SURE))
