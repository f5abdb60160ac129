"""Checks of length and sample rate, against the trainer and the crops."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from small_dataset_audio.dataset.crops.plan import LEAST_SHARE
from small_dataset_audio.dataset.lint.finding import Finding
from small_dataset_audio.dataset.lint.material import Material

_VERY_LONG: Final = 30 * 60.0
"""Seconds from which a recording is more likely a set, an album or a session than a piece."""


def length(material: Material) -> Iterator[Finding]:
    """Yield recordings that are too short for a crop, or so long that they are more than one piece."""
    least = LEAST_SHARE * material.limits.crop_seconds
    for track, file, sound in material.heard():
        seconds = sound.heard.seconds
        if seconds < least:
            yield Finding(
                "length",
                "warn",
                track.name,
                file,
                f"It lasts {seconds:.1f} s; crops of {material.limits.crop_seconds:g} s need {least:.1f} s, so that it gives none.",
                {"seconds": round(seconds, 3), "least": round(least, 3)},
                "Train on shorter crops (`sda crop --seconds`), or leave it out.",
            )
        elif seconds > _VERY_LONG:
            yield Finding(
                "length",
                "note",
                track.name,
                file,
                f"It lasts {seconds / 60:.0f} minutes: one tempo, one key and one caption will hardly describe it.",
                {"seconds": round(seconds, 3)},
                "Cut it into its pieces, if it is a set or an album.",
            )


def rate(material: Material) -> Iterator[Finding]:
    """Yield recordings whose sample rate is not the trainer's."""
    wanted = material.limits.rate
    rates = Counter(sound.heard.rate for _, _, sound in material.heard())
    for track, file, sound in material.heard():
        found = sound.heard.rate
        if found == wanted:
            continue
        below = found < wanted
        lost = f"nothing above {found / 2000:g} kHz" if below else f"what is above {wanted / 2000:g} kHz is lost"
        yield Finding(
            "rate",
            "warn" if below else "note",
            track.name,
            file,
            f"{found} Hz: the trainer resamples it to {wanted} Hz, {'with ' if below else 'and '}{lost}.",
            {"rate": found, "wanted": wanted, "tracks_at_this_rate": rates[found]},
            "Use the original at a higher rate, if there is one." if below else "Nothing: that is what it should do.",
        )
