"""The family of features that describe pitch: what is measured on what, and why anything is missing."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from small_dataset_audio.features.harmonic.change import movement_and_variance, steps
from small_dataset_audio.features.harmonic.chroma import frame_chroma, mean_chroma
from small_dataset_audio.features.harmonic.constantq import GRID
from small_dataset_audio.features.harmonic.hpcp import frame_profiles, mean_profile
from small_dataset_audio.features.harmonic.peaks import FRAME, Peaks, spectral_peaks, tuning_of
from small_dataset_audio.features.harmonic.pitchband import PITCH_RATE, Band, mixed, pitch_band
from small_dataset_audio.features.harmonic.tiv import tonal_interval_vector
from small_dataset_audio.features.harmonic.tonic import find_key
from small_dataset_audio.features.measured import Measured
from small_dataset_audio.features.sound import Family, Sound
from small_dataset_audio.features.steps import averaged

CHROMA: Final = tuple(f"chroma_{i}" for i in range(12))
HPCP: Final = tuple(f"hpcp_{i}" for i in range(12))
TIV: Final = tuple(f"tiv_{i}" for i in range(12))
TONIC: Final = ("tonic", "tonic_strength")
PITCHED_STEMS: Final = ("bass", "other")
"""The stems that carry the harmony: their sum is heard for the profile and the key, each alone for its movement."""
CHANGE: Final = tuple(f"harmonic_{what}_{stem}" for what in ("movement", "variance") for stem in PITCHED_STEMS)

TOO_SHORT: Final = f"the sound is shorter than {FRAME / PITCH_RATE:.2f} s, too short to tell pitches apart"
SILENT: Final = "nothing in it is louder than -60 dBFS"
NO_PEAKS: Final = "its spectrum has no peaks between 40 and 5000 Hz"
NO_LOW_PEAKS: Final = "its spectrum has no peaks under 2093 Hz, where keys are told"
FLAT: Final = "all pitch classes sound equally strong"
NO_KEY: Final = "its pitch classes stand out no more than those of noise, so that no key can be told"
NO_STEPS: Final = "no two successive steps of it sound"


def measure(sound: Sound, earlier: Measured) -> Measured:
    """Return chroma, HPCP, TIV and key of ``sound``, and the harmonic change of its bass and of its other instruments.

    Chroma is of the mix; HPCP, TIV and key are of the stems bass and other together where both are there, else of the mix.
    ``confidence`` holds ``tonic``. One tuning, that of the spectral peaks, serves all.

    Args:
        sound: the mix, and the stems where there are any.
        earlier: ``times["beats"]`` and ``values["bpm"]`` give the steps of the harmonic change.
    """
    found = Measured()
    mix = pitch_band(sound.mix)
    stems = {name: pitch_band(sound.stems[name]) for name in PITCHED_STEMS if name in sound.stems}
    harmony = mixed(list(stems.values())) if len(stems) == len(PITCHED_STEMS) else mix
    peaks = spectral_peaks(harmony)
    tuning = tuning_of(peaks)
    found.add(_chroma(mix, tuning, sound))
    found.add(_profile(harmony, peaks, tuning, sound.options.key_profile))
    found.add(_change(sound, stems, tuning, earlier))
    return found


FAMILY: Final = Family("harmonic", (*CHROMA, *HPCP, *TIV, *TONIC, *CHANGE), measure)


def _missing(names: tuple[str, ...], why: str) -> Measured:
    """Return that none of ``names`` could be measured, and why."""
    return Measured(absent=dict.fromkeys(names, why))


def _chroma(band: Band, tuning: float, sound: Sound) -> Measured:
    """Return the chroma of ``band``, that of the mix of ``sound``."""
    if band.shape[1] < FRAME:
        return _missing(CHROMA, TOO_SHORT)
    frames = frame_chroma(band, tuning)
    chroma = mean_chroma(frames)
    if chroma is None:
        return _missing(CHROMA, SILENT)
    found = Measured(values=dict(zip(CHROMA, chroma.tolist(), strict=True)))
    if steps := sound.options.timeseries_steps:
        edges = np.arange(frames.shape[0] + 1) * (GRID / PITCH_RATE)
        found.series["chroma"] = averaged(frames, edges, sound.mix.seconds, steps, frames.max(axis=1))
    return found


def _profile(band: Band, peaks: Peaks, tuning: float, key_profile: str) -> Measured:
    """Return HPCP, TIV and key of ``band``, whose peaks are ``peaks``."""
    names = (*HPCP, *TIV, *TONIC)
    if band.shape[1] < FRAME:
        return _missing(names, TOO_SHORT)
    if not peaks.frames:
        return _missing(names, SILENT)
    if not peaks.octave.shape[0]:
        return _missing(names, NO_PEAKS)
    hpcp = mean_profile(frame_profiles(peaks.octave, tuning))
    found = Measured(values=dict(zip(HPCP, hpcp.tolist(), strict=True)))
    vector = tonal_interval_vector(hpcp)
    if vector is None:
        found.add(_missing((*TIV, *TONIC), FLAT))
        return found
    found.values.update(zip(TIV, vector.tolist(), strict=True))
    found.add(_key(peaks, tuning, key_profile))
    return found


def _key(peaks: Peaks, tuning: float, key_profile: str) -> Measured:
    """Return the key that the peaks tell."""
    if not peaks.register.shape[0]:
        return _missing(TONIC, NO_LOW_PEAKS)
    key = find_key(frame_profiles(peaks.register, tuning), key_profile)
    if key is None:
        return _missing(TONIC, NO_KEY)
    found = Measured()
    found.values.update(tonic=float(key.tonic), tonic_strength=key.strength)
    found.labels["tonic_scale"] = {key.scale: key.strength}
    found.confidence["tonic"] = key.confidence
    return found


def _change(sound: Sound, stems: Mapping[str, Band], tuning: float, earlier: Measured) -> Measured:
    """Return movement and variance of each of the stems."""
    found = Measured()
    beats, bpm = earlier.times.get("beats"), earlier.values.get("bpm")
    for stem in PITCHED_STEMS:
        names = (f"harmonic_movement_{stem}", f"harmonic_variance_{stem}")
        if stem not in stems:
            found.add(_missing(names, sound.why_without(stem)))
            continue
        edges = steps(stems[stem].shape[1] / PITCH_RATE, beats, bpm)
        change = movement_and_variance(stems[stem], tuning, edges)
        if change is None:
            found.add(_missing(names, NO_STEPS))
        else:
            found.values.update(zip(names, change, strict=True))
    return found
