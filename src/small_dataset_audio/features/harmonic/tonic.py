"""The key: which of the 24 major and minor keys the pitch content fits best, and how well.

Source of the method: Krumhansl, "Cognitive foundations of musical pitch" (1990), chapter 4: correlation of the music's profile
of pitch classes with the profile of each key.
"""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.features.harmonic.hpcp import Profile, mean_profile, spreading
from small_dataset_audio.features.harmonic.peaks import CELLS

Scale = Literal["major", "minor"]
SCALES: Final[tuple[Scale, Scale]] = ("major", "minor")

KEY_PROFILES: Final = {
    # Krumhansl and Kessler, "Tracing the dynamic changes in perceived tonal organization in a spatial representation
    # of musical keys", Psychological Review 89 (1982): how well listeners found each note to fit
    "krumhansl": (
        (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
        (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
    ),
    # Faraldo, Jordà, Herrera, "A multi-profile method for key estimation in EDM", AES Conference on Semantic Audio
    # (2017): medians over a corpus of electronic dance music, the faint ones set to 0
    "electronic": (
        (1.00, 0.00, 0.42, 0.00, 0.53, 0.37, 0.00, 0.77, 0.00, 0.38, 0.21, 0.30),
        (1.00, 0.00, 0.36, 0.39, 0.00, 0.38, 0.00, 0.74, 0.27, 0.00, 0.42, 0.23),
    ),
}
"""Weight of each degree, semitones above the tonic, in a major and in a minor key."""
OF_NOTES: Final = frozenset({"krumhansl"})
"""Profiles of notes. In a recording each note brings its harmonics along, so that these are spread over them before they are
compared; the others were taken from recordings and hold the harmonics already (Gómez 2006, chapter 4)."""
NOTE_HARMONICS: Final = 4
"""How many harmonics each note of such a profile brings along (Gómez 2006)."""
OPENING: Final = 8
"""Frames (1.7 s) at the start of the music that are heard once more on their own: most pieces and loops set out from the tonic."""
OPENING_WEIGHT: Final = 0.05
"""How much the opening counts beside the whole: it decides between keys that fit about equally well, as relative keys do."""
NOISE_CONTRAST: Final = 0.2
"""Standard deviation over mean of a profile up to which it tells no key: half a second of white noise has up to 0.2, longer
noise 0.1 to 0.15, speech 0.15, most drum kits less than 0.2, a solo voice 0.21, other music from 0.23 up."""
SHARPNESS: Final = 30.0
"""Slope that turns differences between correlations into odds, so that confidence is the share of keys found right."""


@dataclass(frozen=True)
class Key:
    """A key that was found.

    Attributes:
        tonic: pitch class of the tonic, 0 for C to 11 for B.
        scale: major or minor.
        strength: correlation of the whole music's profile with that key's, 0 to 1.
        confidence: estimated probability that this is the key, 0 to 1.
    """

    tonic: int
    scale: Scale
    strength: float
    confidence: float


def key_correlations(profile: Profile, key_profile: str) -> NDArray[np.float64]:
    """Return the correlation of ``profile`` with the profile of each key ``[shape=(2, 12)]``: major, minor; C first.

    Args:
        profile: of the music, not flat.
        key_profile: a name in `KEY_PROFILES`.
    """
    degrees = np.array(KEY_PROFILES[key_profile])
    if key_profile in OF_NOTES:
        degrees = degrees @ spreading(0.0, NOTE_HARMONICS)[:: CELLS // 12].T  # what sounds when a note does
    keys = np.stack([np.roll(degrees, tonic, axis=1) for tonic in range(12)], axis=1)
    keys -= keys.mean(axis=2, keepdims=True)
    keys /= np.linalg.norm(keys, axis=2, keepdims=True)
    centred = profile - profile.mean()
    return np.asarray(keys @ (centred / np.linalg.norm(centred)))


def contrast(profile: Profile) -> float:
    """Return the standard deviation of ``profile`` over its mean: 0 where all pitch classes are alike."""
    return float(profile.std() / profile.mean())


def find_key(profiles: NDArray[np.float64], key_profile: str) -> Key | None:
    """Return the key of the music; None where its profile is as flat as that of noise (see `NOISE_CONTRAST`).

    The key is that with the highest sum of two correlations: of the whole, and, by `OPENING_WEIGHT`, of the opening.

    Args:
        profiles: from `frame_profiles` of `Peaks.register`, in the order of time, at least one ``[shape=(frames, 12)]``.
        key_profile: a name in `KEY_PROFILES`.
    """
    whole = mean_profile(profiles)
    told = contrast(whole)
    if told <= NOISE_CONTRAST:
        return None
    correlations = key_correlations(whole, key_profile)
    opening = mean_profile(profiles[:OPENING])
    scores = correlations.copy()
    if contrast(opening) > NOISE_CONTRAST:
        scores += OPENING_WEIGHT * key_correlations(opening, key_profile)
    scale, tonic = np.unravel_index(int(np.argmax(scores)), scores.shape)
    odds = np.exp(SHARPNESS * (scores - scores[scale, tonic]))
    heard = 1.0 - (NOISE_CONTRAST / told) ** 2  # the share of the profile's variance that noise would not have
    return Key(int(tonic), SCALES[scale], max(0.0, float(correlations[scale, tonic])), float(heard / odds.sum()))
