"""The key: found in all 24 keys, absent where there is none, and honest about how sure it is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from small_dataset_audio.features.harmonic.hpcp import DECAY, WINDOW, frame_profiles
from small_dataset_audio.features.harmonic.peaks import spectral_peaks, tuning_of
from small_dataset_audio.features.harmonic.pitchband import pitch_band
from small_dataset_audio.features.harmonic.tonic import (
    KEY_PROFILES,
    NOISE_CONTRAST,
    NOTE_HARMONICS,
    OF_NOTES,
    Key,
    contrast,
    find_key,
    key_correlations,
)
from support.harmonic_chords import MAJOR, MINOR, cadence, notes, progression, spectra
from support.signals import noise


def key_of(samples: NDArray[np.float32], key_profile: str = "krumhansl") -> Key | None:
    peaks = spectral_peaks(pitch_band(spectra(samples)))
    return find_key(frame_profiles(peaks.register, tuning_of(peaks)), key_profile)


@pytest.mark.parametrize("tonic", range(12))
@pytest.mark.parametrize("scale", ["major", "minor"])
@pytest.mark.parametrize("key_profile", ["krumhansl", "electronic"])
def test_a_cadence_is_in_its_key(tonic: int, scale: str, key_profile: str) -> None:
    key = key_of(cadence(tonic, scale, 0.4, cents=(tonic * 7) % 80 - 40.0), key_profile)
    assert key is not None
    assert (key.tonic, key.scale) == (tonic, scale)
    assert 0.6 < key.strength <= 1.0
    assert key.confidence > 0.5


@pytest.mark.parametrize(
    ("roots", "tonic", "scale"),
    [
        ([(0, MAJOR), (7, MAJOR), (9, MINOR), (5, MAJOR)], 0, "major"),
        ([(2, MAJOR), (11, MINOR), (7, MAJOR), (9, MAJOR)], 2, "major"),
        ([(9, MINOR), (2, MINOR), (4, MINOR), (9, MINOR)], 9, "minor"),
        ([(4, MINOR), (0, MAJOR), (9, MINOR), (11, MAJOR)], 4, "minor"),
    ],
)
def test_common_progressions_are_in_the_key_they_set_out_from(
    roots: list[tuple[int, tuple[int, ...]]], tonic: int, scale: str
) -> None:
    key = key_of(progression(roots * 2, 0.5))
    assert key is not None
    assert (key.tonic, key.scale) == (tonic, scale)


def test_the_opening_decides_between_relative_keys() -> None:
    loop = [(9, MINOR), (5, MAJOR), (0, MAJOR), (7, MAJOR)]
    turned = [*loop[2:], *loop[:2]]
    minor, major = key_of(progression(loop * 2, 1.0)), key_of(progression(turned * 2, 1.0))
    assert major is not None
    assert minor is not None
    assert (major.tonic, major.scale) == (0, "major")
    assert minor.confidence < 0.9


@pytest.mark.parametrize("seed", range(5))
def test_noise_has_no_key(seed: int) -> None:
    assert key_of(noise(3.0, 22050, seed=seed)) is None


def test_noise_over_music_lowers_the_confidence() -> None:
    music = cadence(7, "major", 0.5)
    clear, buried = key_of(music), key_of(music + noise(4.0, 22050, rms=0.03))
    assert clear is not None
    assert buried is not None
    assert buried.confidence < clear.confidence


@pytest.mark.parametrize("partials", [(1.0,), (1.0, 0.5, 0.33, 0.25, 0.2, 0.17), (1.0, 0.0, 0.5, 0.0, 0.3)])
@pytest.mark.parametrize("key_profile", sorted(KEY_PROFILES))
def test_a_single_note_is_a_tonic(partials: tuple[float, ...], key_profile: str) -> None:
    key = key_of(notes([45], 2.0, partials=partials), key_profile)
    assert key is not None
    assert key.tonic == 9


def in_a_recording(key_profile: str, scale: int, tonic: int) -> NDArray[np.float64]:
    """The key profile as a recording would show it: profiles of notes bring the harmonics of the notes along."""
    degrees = np.roll(np.array(KEY_PROFILES[key_profile][scale]), tonic)
    if key_profile not in OF_NOTES:
        return degrees
    profile = np.zeros(12)
    for note, weight in enumerate(degrees):
        for harmonic in range(1, NOTE_HARMONICS + 1):
            height = note + 12.0 * np.log2(harmonic)
            for pitch_class in range(12):
                away = abs((height - pitch_class + 6.0) % 12.0 - 6.0)
                if away < WINDOW / 2.0:
                    profile[pitch_class] += weight * np.cos(np.pi * away / WINDOW) ** 2 * DECAY ** (harmonic - 1)
    return profile


@pytest.mark.parametrize("key_profile", sorted(KEY_PROFILES))
@pytest.mark.parametrize("scale", [0, 1])
def test_a_key_profile_fits_itself_perfectly_in_every_transposition(key_profile: str, scale: int) -> None:
    for tonic in range(12):
        profile = in_a_recording(key_profile, scale, tonic)
        correlations = key_correlations(profile, key_profile)
        assert correlations[scale, tonic] == pytest.approx(1.0)
        assert int(np.argmax(correlations)) == 12 * scale + tonic


@given(arrays(np.float64, 12, elements=st.floats(0.0, 1.0)), st.integers(0, 11))
def test_correlations_are_pearsons_and_turn_with_the_music(profile: NDArray[np.float64], up: int) -> None:
    profile[0] += 1.5
    correlations = key_correlations(profile, "krumhansl")
    for scale in (0, 1):
        expected = np.corrcoef(profile, in_a_recording("krumhansl", scale, 5))[0, 1]
        assert correlations[scale, 5] == pytest.approx(expected)
    np.testing.assert_allclose(
        key_correlations(np.roll(profile, up), "krumhansl"), np.roll(correlations, up, axis=1), atol=1e-9
    )


def test_an_opening_without_a_pitch_says_nothing() -> None:
    frames = np.tile(np.roll(np.array(KEY_PROFILES["krumhansl"][1]) / 6.33, 3), (40, 1))
    frames[:8] = 1.0
    key = find_key(frames, "krumhansl")
    assert key is not None
    assert (key.tonic, key.scale) == (3, "minor")


def test_a_flat_profile_has_no_key_and_contrast_grows_with_the_music() -> None:
    assert find_key(np.ones((4, 12)), "krumhansl") is None
    assert contrast(np.ones(12)) == 0.0
    assert contrast(np.eye(12)[0]) > NOISE_CONTRAST
