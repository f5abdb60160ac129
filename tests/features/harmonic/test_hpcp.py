"""The harmonic pitch class profile: exact on chords, in every key, at every tuning."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from small_dataset_audio.features.harmonic.hpcp import DECAY, HARMONICS, WINDOW, frame_profiles, mean_profile, spreading
from small_dataset_audio.features.harmonic.peaks import CELLS, spectral_peaks, tuning_of
from small_dataset_audio.features.harmonic.pitchband import pitch_band
from support.harmonic_chords import MAJOR, MINOR, cadence, notes, spectra
from support.signals import silence


def hpcp(samples: NDArray[np.float32], rate: int = 22050) -> NDArray[np.float64]:
    peaks = spectral_peaks(pitch_band(spectra(samples, rate)))
    return mean_profile(frame_profiles(peaks.octave, tuning_of(peaks)))


def expected(midi: list[int]) -> NDArray[np.float64]:
    """What the definition gives for sines of equal amplitude that are exactly in tune."""
    profile = np.zeros(12)
    for note in midi:
        for harmonic in range(1, HARMONICS + 1):
            fundamental = note - 12.0 * np.log2(harmonic)
            for pitch_class in range(12):
                away = abs((fundamental - pitch_class + 6.0) % 12.0 - 6.0)
                if away < WINDOW / 2.0:
                    profile[pitch_class] += np.cos(np.pi * away / WINDOW) ** 2 * DECAY ** (harmonic - 1)
    return np.asarray(profile / profile.max())


@pytest.mark.parametrize("root", range(12))
@pytest.mark.parametrize("cents", [-40.0, 0.0, 40.0])
@pytest.mark.parametrize("chord", [MAJOR, MINOR])
def test_chords_of_sines_have_the_profile_of_the_definition(root: int, cents: float, chord: tuple[int, ...]) -> None:
    midi = [60 + root + step for step in chord]
    np.testing.assert_allclose(hpcp(notes(midi, 1.5, cents=cents)), expected(midi), atol=0.03)


@pytest.mark.parametrize("root", range(12))
@pytest.mark.parametrize("cents", [-40.0, 40.0])
def test_the_notes_of_a_chord_with_harmonics_stand_out(root: int, cents: float) -> None:
    partials = [0.7**k for k in range(10)]
    profile = hpcp(notes([48 + root + step for step in MINOR], 1.5, cents=cents, partials=partials))
    assert set(np.argsort(profile)[-3:]) == {(root + step) % 12 for step in MINOR}


@pytest.mark.parametrize("octave", range(2, 8))
def test_one_note_has_the_same_profile_in_every_octave(octave: int) -> None:
    np.testing.assert_allclose(hpcp(notes([12 * (octave + 1)], 1.0)), expected([60]), atol=0.01)


@pytest.mark.parametrize("rate", [8000, 16000, 44100, 48000, 96000, 192000])
def test_the_sample_rate_does_not_matter(rate: int) -> None:
    np.testing.assert_allclose(hpcp(notes([60, 64, 67], 1.0, rate), rate), hpcp(notes([60, 64, 67], 1.0)), atol=0.02)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(55, 75), min_size=1, max_size=4, unique=True), st.integers(1, 11))
def test_transposing_turns_the_profile(chord: list[int], up: int) -> None:
    turned = hpcp(notes([note + up for note in chord], 0.8))
    np.testing.assert_allclose(turned, np.roll(hpcp(notes(chord, 0.8)), up), atol=0.08)


@settings(max_examples=10, deadline=None)
@given(st.floats(0.05, 4.0))
def test_level_does_not_matter(gain: float) -> None:
    samples = cadence(0, "major", 0.4)
    np.testing.assert_allclose(hpcp(samples * np.float32(gain)), hpcp(samples), atol=0.02)


def test_loud_and_soft_passages_count_the_same() -> None:
    loud, soft = notes([60], 2.0, peak=0.5), notes([66], 2.0, peak=0.02)
    profile = hpcp(np.concatenate([loud, silence(0.5, 22050), soft], axis=1))
    assert profile[0] == pytest.approx(profile[6], abs=0.1)


def test_the_spreading_of_a_peak_is_the_same_for_all_pitch_classes_and_follows_the_tuning() -> None:
    spread = spreading(0.0)
    assert spread.shape == (CELLS, 12)
    cells = CELLS // 12
    np.testing.assert_allclose(spread[3 * cells], np.roll(spread[0], 3))
    np.testing.assert_allclose(spreading(25.0)[5], spread[0])
    octaves = sum(DECAY ** (harmonic - 1) for harmonic in (1, 2, 4, 8))
    assert spread[0, 0] == pytest.approx(octaves)
