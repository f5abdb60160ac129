"""The loudness features of a mix and its stems."""

from typing import Final

from small_dataset_audio.errors import FeatureError
from small_dataset_audio.features.loudness.meter import (
    MOMENTARY_STEPS,
    Energy,
    energy,
    integrated,
    loudness_range,
)
from small_dataset_audio.features.measured import Measured
from small_dataset_audio.features.sound import STEMS, Family, Sound
from small_dataset_audio.features.spectra import Spectra
from small_dataset_audio.features.true_peak import true_peak

TOO_SHORT: Final = "it is shorter than 0.4 s, the block in which loudness is measured"
SILENT: Final = "it is silent: no 0.4 s of it are louder than -70 LUFS"
RANGE_TOO_SHORT: Final = "it has fewer than two windows of 3 s that are loud enough to count"
NO_PEAK: Final = "every sample is zero"


def measure(sound: Sound, earlier: Measured) -> Measured:  # noqa: ARG001 - the signature of a family
    """Return ``lufs``, ``lra``, ``true_peak`` and ``plr`` of the mix, ``lufs_{stem}`` and ``lra_{stem}`` of each stem."""
    found = _loudness(sound.mix, "")
    found.add(_peaks(sound.mix, found.values.get("lufs")))
    for stem in STEMS:
        if stem in sound.stems:
            found.add(_loudness(sound.stems[stem], f"_{stem}"))
        else:
            reason = sound.why_without(stem)
            found.absent.update({f"lufs_{stem}": reason, f"lra_{stem}": reason})
    return found


def _loudness(signal: Spectra, suffix: str) -> Measured:
    """Return integrated loudness and loudness range of one signal, their names ending in ``suffix``."""
    found = Measured()
    lufs, lra = f"lufs{suffix}", f"lra{suffix}"
    try:
        measured = energy(signal.samples, signal.rate)
    except FeatureError as error:
        found.absent.update({lufs: error.what, lra: error.what})
        return found
    _put(found, lufs, integrated(measured), _why_no_loudness(measured))
    _put(found, lra, loudness_range(measured), RANGE_TOO_SHORT)
    return found


def _peaks(mix: Spectra, loudness: float | None) -> Measured:
    """Return the true peak of the mix and its ratio to the loudness, where it has one."""
    found = Measured()
    peak = true_peak(mix.samples)
    _put(found, "true_peak", peak, NO_PEAK)
    if peak is None or loudness is None:
        found.absent["plr"] = "it has no loudness to compare the peak with"
    else:
        found.values["plr"] = peak - loudness
    return found


def _why_no_loudness(measured: Energy) -> str:
    """Return the reason why ``measured`` has no integrated loudness."""
    return SILENT if measured.sums.size >= MOMENTARY_STEPS else TOO_SHORT


def _put(found: Measured, name: str, value: float | None, reason: str) -> None:
    """Put ``value`` under ``name``, or ``reason`` where there is no value."""
    if value is None:
        found.absent[name] = reason
    else:
        found.values[name] = value


FAMILY: Final = Family(
    name="loudness",
    features=(
        "lufs",
        "lra",
        *(name for stem in STEMS for name in (f"lufs_{stem}", f"lra_{stem}")),
        "true_peak",
        "plr",
    ),
    measure=measure,
)
"""Loudness by ITU-R BS.1770-5 and EBU Tech 3342."""
