"""What the package timbral_models 0.4.0 says of twelve sounds and a band, beside what is measured here.

The values were made with ``benchmarks/timbre.py``, which runs that package (numpy 2.4, librosa 0.11, pyloudnorm 0.2, scikit-learn 1.9)
on the mean of the channels of the sounds of ``support.timbral_signals``, rounded to hundredths of a point. Reverberation is the
probability behind its yes or no, times 100.
"""

import numpy as np
import pytest

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.features.measured import Measured
from small_dataset_audio.features.sound import Sound
from small_dataset_audio.features.spectra import Spectra
from small_dataset_audio.features.timbral import FAMILY
from support.timbral_signals import RATE, make

TOLERANCE = {
    "brightness": 0.15,
    "roughness": 0.1,
    "hardness": 1.0,
    "depth": 0.6,
    "booming": 0.1,
    "reverberation": 0.1,
    "sharpness": 0.15,
    "warmth": 0.5,
}
"""Points by which any of them may be off, in the order of the columns."""

REFERENCE = {
    "white noise": (87.44, 87.15, 86.15, 35.82, 11.46, 29.81, 75.16, 18.6),
    "pink noise": (78.45, 81.29, 78.51, 55.46, 23.71, 36.92, 64.44, 43.36),
    "sawtooth": (58.75, 67.87, 57.98, 66.04, 31.93, 29.81, 52.47, 46.06),
    "cluster": (50.4, 59.5, 52.42, 57.43, 32.94, 29.81, 32.0, 62.13),
    "tune": (58.3, 57.27, 62.16, 40.04, 22.52, 72.64, 48.81, 46.69),
    "bells": (81.08, 41.74, 71.27, 22.75, -7.24, 71.7, 73.39, 19.07),
    "kicks": (27.96, 22.5, 36.39, 71.3, 54.55, 64.01, 25.21, 63.79),
    "one snare": (83.46, 71.12, 83.36, 41.58, 34.32, 38.07, 68.7, 17.74),
    "hats": (87.78, 79.99, 78.87, 5.31, -19.14, 31.28, 90.07, 28.78),
    "drums in a room": (80.19, 66.8, 77.73, 58.18, 43.14, 55.26, 67.84, 30.31),
    "voice": (63.5, 60.37, 62.42, 22.56, 11.48, 31.16, 48.7, 35.93),
    "distorted guitar": (53.2, 64.58, 64.0, 58.74, 36.27, 81.17, 38.71, 59.39),
    "band": (71.19, 65.69, 73.55, 62.33, 35.8, 81.36, 55.13, 42.19),
}


@pytest.mark.parametrize("name", REFERENCE)
def test_it_says_what_the_reference_says(name: str) -> None:
    samples = make(name).mean(axis=0, keepdims=True, dtype=np.float32)
    found = FAMILY.measure(Sound(Spectra(Clip(samples, RATE))), Measured()).values
    for feature, wanted in zip(TOLERANCE, REFERENCE[name], strict=True):
        assert found[feature] == pytest.approx(wanted, abs=TOLERANCE[feature]), feature
