"""All families of features on one sound, with the rules that hold for every number."""

import logging
import math
from collections.abc import Mapping, Sequence
from typing import Final

from threadpoolctl import threadpool_limits

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.errors import FeatureError
from small_dataset_audio.features import bands, harmonic, loudness, rhythm, saturation, spectral, timbral
from small_dataset_audio.features.added import added_features
from small_dataset_audio.features.catalog import Feature, declared
from small_dataset_audio.features.measured import Measured
from small_dataset_audio.features.sound import Family, GivenBeats, Options, Sound
from small_dataset_audio.features.spectra import Spectra

_log = logging.getLogger(__name__)

VERSION: Final = 3
"""Raised whenever a measured value can differ from what the version before gave for the same audio."""

FAMILIES: Final[tuple[Family, ...]] = (
    loudness.FAMILY,
    spectral.FAMILY,
    bands.FAMILY,
    saturation.FAMILY,
    rhythm.FAMILY,
    harmonic.FAMILY,
    timbral.FAMILY,
)
"""In the order in which they run: rhythm before what needs beats."""


def all_families() -> tuple[Family, ...]:
    """Return the families of sda, then those that installed packages add.

    Raises:
        FeatureError: a package adds what cannot be used.
    """
    return (*FAMILIES, *(one.family for one in added_features()))


def measure(sound: Sound, families: Sequence[Family] | None = None) -> Measured:
    """Return what ``families`` (all of them when None) find in ``sound``.

    Every promised name is in ``values`` (a finite number) or in ``absent`` (with the reason). Linear algebra runs on
    one thread, so that the same sound gives the same bits whatever else the process or machine does.

    Raises:
        FeatureError: a family broke its promise: it forgot a name or made one that the catalog does not know.
    """
    found, known = Measured(), declared()  # asked for once: it looks through the installed packages
    with threadpool_limits(limits=1):
        for family in all_families() if families is None else families:
            part = family.measure(sound, found)
            _keep_promises(family, part, known)
            found.add(part)
    return found


def measure_clips(
    mix: Clip, stems: Mapping[str, Clip], options: Options, given_beats: GivenBeats | None = None
) -> Measured:
    """Return all features of a decoded mix and its decoded stems (stem name -> clip; may be empty).

    With ``given_beats`` everything that needs beats is measured against these.
    """
    return measure(Sound(Spectra(mix), {name: Spectra(stem) for name, stem in stems.items()}, options, given_beats))


def _keep_promises(family: Family, part: Measured, known: Mapping[str, Feature]) -> None:
    """Check one family's outcome; a value that is not a finite number becomes absent, with that as the reason.

    Counts and flags become whole numbers.
    """
    for name, value in list(part.values.items()):
        if not math.isfinite(value):
            del part.values[name]
            part.absent[name] = f"the measurement gave {value}, which is no number: please report this file"
            _log.warning("%s gave %s for %s", family.name, value, name)
        elif name in known and known[name].kind != "float":
            part.values[name] = round(value)
    made = set(part.values) | set(part.absent)
    if made != set(family.features) or not made <= set(known):
        difference = sorted(made ^ set(family.features)) + sorted(made - set(known))
        raise FeatureError(
            f"The feature family {family.name!r} did not keep its promise.",
            f"These names were promised and not delivered, delivered and not promised, or unknown: {', '.join(difference)}.",
            "This is a fault in sda or in an added feature: declare exactly the names that the family returns.",
        )
