"""The family of timbre: what is measured, and why anything is missing."""

from typing import Final

from small_dataset_audio.features.measured import Measured
from small_dataset_audio.features.sound import Family, Sound
from small_dataset_audio.features.timbral.attacks.attack import Attacks, measure_attacks
from small_dataset_audio.features.timbral.attacks.bandwidth import mean_bandwidth
from small_dataset_audio.features.timbral.attacks.envelope import peak_envelope
from small_dataset_audio.features.timbral.attacks.onsets import BEFORE, Places, find_onsets, flux
from small_dataset_audio.features.timbral.brightness import brightness
from small_dataset_audio.features.timbral.depth import depth
from small_dataset_audio.features.timbral.ear.bark import BarkLoudness, bark_loudness
from small_dataset_audio.features.timbral.ear.points import booming, sharpness
from small_dataset_audio.features.timbral.frames import Line
from small_dataset_audio.features.timbral.hardness import hardness
from small_dataset_audio.features.timbral.heard import Heard, hear
from small_dataset_audio.features.timbral.recording import RATE
from small_dataset_audio.features.timbral.reverberation import SHORTEST, reverberation
from small_dataset_audio.features.timbral.roughness import roughness
from small_dataset_audio.features.timbral.shortframes import ShortFrames, short_frames
from small_dataset_audio.features.timbral.warmth import warmth

FEATURES: Final = (
    "brightness",
    "roughness",
    "hardness",
    "depth",
    "booming",
    "reverberation",
    "sharpness",
    "warmth",
)
"""All from 0 to 100 in the sounds that the models were made with; other sounds can lie outside, and are stored as measured."""

NOTHING_HIGH: Final = "there is nothing in it above 2 kHz"
NOTHING_AUDIBLE: Final = "nothing in it is loud enough to be heard"
NOTHING_LOW: Final = "nothing in it under 280 Hz is loud enough to be heard"
NO_ATTACK: Final = "nothing in it rises, so that there is no attack to judge"
NOTHING_IN_THE_MIDDLE: Final = "nothing in it between 7 and 14 Bark (0.8 to 2.5 kHz) is loud enough to be heard"
NO_DECAY: Final = f"it is shorter than {SHORTEST / RATE:.2f} s, too short for a decay"


def measure(sound: Sound, earlier: Measured) -> Measured:  # noqa: ARG001 - the signature of a family
    """Return the eight timbral models of the mix."""
    heard = hear(sound.mix)
    if isinstance(heard, str):
        return Measured(absent=dict.fromkeys(FEATURES, heard))
    found = Measured()
    _put(found, "reverberation", reverberation(heard.decays), NO_DECAY)
    bark = bark_loudness(heard.line)
    _put(found, "sharpness", sharpness(bark), NOTHING_AUDIBLE)
    _put(found, "booming", booming(bark), NOTHING_LOW)
    short = short_frames(heard.line)
    found.values["roughness"] = roughness(heard.line, short.loudest)
    _put(found, "brightness", brightness(short.power), NOTHING_HIGH)
    _events(found, heard, bark, short)
    return found


FAMILY: Final = Family("timbral", FEATURES, measure)
"""The AudioCommons timbral models."""


def _put(found: Measured, name: str, value: float | None, reason: str) -> None:
    """Put ``value`` under ``name``, or ``reason`` where there is no value."""
    if value is None:
        found.absent[name] = reason
    else:
        found.values[name] = value


def _events(found: Measured, heard: Heard, bark: BarkLoudness, short: ShortFrames) -> None:
    """Measure what is read from single events: depth, warmth and hardness."""
    rise = flux(short.mel, short.floor)
    envelope = peak_envelope(heard.line, heard.peak, BEFORE)
    onsets = find_onsets(rise, envelope)
    attacks = measure_attacks(heard.line, onsets, envelope, rise)
    del envelope
    found.values["depth"] = depth(heard.line, heard.peak, onsets)
    _put(found, "warmth", warmth(heard.line, onsets, bark, heard.top), NOTHING_AUDIBLE)
    _hardness(found, heard.line, onsets, attacks, bark, short.percussive)


def _hardness(
    found: Measured, line: Line, onsets: Places, attacks: Attacks, bark: BarkLoudness, percussive: float | None
) -> None:
    """Measure hardness, where all that it is made of is there."""
    if not percussive or not attacks.log_seconds.size or not attacks.strength.any():
        found.absent["hardness"] = NO_ATTACK
    elif not bark.middle > 0.0:
        found.absent["hardness"] = NOTHING_IN_THE_MIDDLE
    else:
        bandwidth = mean_bandwidth(line, onsets, attacks.strength)
        found.values["hardness"] = hardness(attacks, bandwidth, bark, percussive)
