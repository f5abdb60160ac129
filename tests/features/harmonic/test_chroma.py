"""Chroma: exact on chords in every key and at every tuning, deaf to drums and to level."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from small_dataset_audio.features.harmonic.chroma import frame_chroma, harmonic_part, mean_chroma, running_median
from small_dataset_audio.features.harmonic.peaks import spectral_peaks, tuning_of
from small_dataset_audio.features.harmonic.pitchband import pitch_band
from support.harmonic_chords import MAJOR, MINOR, cadence, notes, spectra
from support.signals import clicks, noise, silence


def chroma(samples: NDArray[np.float32], rate: int = 22050) -> NDArray[np.float64]:
    band = pitch_band(spectra(samples, rate))
    found = mean_chroma(frame_chroma(band, tuning_of(spectral_peaks(band))))
    assert found is not None
    return found


def only(pitch_classes: set[int]) -> NDArray[np.float64]:
    return np.array([1.0 if i in pitch_classes else 0.0 for i in range(12)])


@pytest.mark.parametrize("root", range(12))
@pytest.mark.parametrize("cents", [-40.0, 0.0, 40.0])
@pytest.mark.parametrize("chord", [MAJOR, MINOR])
def test_chords_have_their_notes_and_no_others(root: int, cents: float, chord: tuple[int, ...]) -> None:
    midi = [60 + root + step for step in chord]
    found = chroma(notes(midi, 1.5, cents=cents))
    np.testing.assert_allclose(found, only({note % 12 for note in midi}), atol=0.08)
    assert found.max() == 1.0


@pytest.mark.parametrize("octave", range(1, 8))
def test_one_note_is_one_pitch_class_in_every_octave(octave: int) -> None:
    np.testing.assert_allclose(chroma(notes([12 * (octave + 1) + 9], 2.0)), only({9}), atol=0.07)


@pytest.mark.parametrize("rate", [8000, 16000, 44100, 48000, 96000, 192000])
def test_the_sample_rate_does_not_matter(rate: int) -> None:
    np.testing.assert_allclose(
        chroma(notes([60, 64, 67], 1.0, rate), rate), chroma(notes([60, 64, 67], 1.0)), atol=0.02
    )


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(50, 75), min_size=1, max_size=5, unique=True), st.integers(1, 11))
def test_transposing_turns_the_chroma(chord: list[int], up: int) -> None:
    turned = chroma(notes([note + up for note in chord], 0.8))
    np.testing.assert_allclose(turned, np.roll(chroma(notes(chord, 0.8)), up), atol=0.06)


@settings(max_examples=10, deadline=None)
@given(st.floats(0.05, 4.0))
def test_level_does_not_matter(gain: float) -> None:
    samples = cadence(0, "major", 0.4)
    np.testing.assert_allclose(chroma(samples * np.float32(gain)), chroma(samples), atol=0.02)


def test_channels_may_be_swapped_or_out_of_phase() -> None:
    left, right = notes([60, 64], 1.0), notes([67], 1.0)
    found = chroma(np.concatenate([left, right]))
    np.testing.assert_allclose(chroma(np.concatenate([right, left])), found, atol=1e-4)
    np.testing.assert_allclose(chroma(np.concatenate([left, -left])), chroma(left), atol=1e-3)
    np.testing.assert_allclose(found, only({0, 4, 7}), atol=0.08)


def test_silence_around_the_music_does_not_matter() -> None:
    music = notes([57, 61, 64], 3.0)
    padded = np.concatenate([silence(1.0, 22050), music, silence(2.0, 22050)], axis=1)
    np.testing.assert_allclose(chroma(padded), chroma(music), atol=0.08)


def test_drums_are_taken_out() -> None:
    music = notes([60, 64, 67], 6.0, peak=0.1)
    hits = clicks(np.arange(0.25, 6.0, 0.5), 6.0, 22050, peak=0.8)
    generator = np.random.default_rng(0)
    for start in range(5000, hits.shape[1] - 2000, 11025):
        hits[0, start : start + 1500] += (0.4 * generator.standard_normal(1500)).astype(np.float32)
    found = chroma(music + hits)
    assert found[[0, 4, 7]].min() > 0.8
    assert np.delete(found, [0, 4, 7]).max() < 0.35


def test_nothing_that_sounds_has_no_chroma() -> None:
    for samples in (silence(1.0, 22050), notes([60], 1.0, peak=1e-5)):
        assert mean_chroma(frame_chroma(pitch_band(spectra(samples)), 0.0)) is None


def test_the_running_median_is_that_of_each_row_alone() -> None:
    rows = noise(0.01, 4000, channels=5, seed=3)
    smooth = running_median(rows, 7)
    padded = np.pad(rows, ((0, 0), (3, 3)), mode="edge")
    for row in range(5):
        expected = [np.median(padded[row, i : i + 7]) for i in range(rows.shape[1])]
        np.testing.assert_allclose(smooth[row], expected)


def test_a_held_note_passes_and_a_hit_does_not() -> None:
    powers = np.zeros((41, 252), dtype=np.float32)
    powers[:, 100] = 1.0
    powers[20] = 1.0
    kept = harmonic_part(powers)
    assert kept[10, 100] == pytest.approx(1.0)
    assert kept[20, 50] == 0.0
