"""Spectral peaks and the tuning that they share."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from small_dataset_audio.features.harmonic import peaks as module
from small_dataset_audio.features.harmonic.peaks import CELLS, FRAME, HOP, Peaks, spectral_peaks, tuning_of
from small_dataset_audio.features.harmonic.pitchband import PITCH_RATE, pitch_band
from support.harmonic_chords import MAJOR, Signal, cadence, hertz, notes, spectra
from support.signals import noise, silence, tone


def peaks_of(samples: Signal, rate: int = 22050) -> Peaks:
    return spectral_peaks(pitch_band(spectra(samples, rate)))


@pytest.mark.parametrize("note", [28, 33, 45, 57, 69, 81, 93, 105])
def test_a_sine_is_one_peak_with_its_pitch_and_its_amplitude(note: int) -> None:
    peaks = peaks_of(tone(2.0, 22050, hertz(note), peak=0.5))
    assert peaks.frames == 1 + (2 * PITCH_RATE - FRAME) // HOP
    for row in peaks.octave:
        assert int(np.argmax(row)) == (note % 12) * (CELLS // 12)
        assert row.max() == pytest.approx(0.5, rel=0.04)  # the parabola overrates a peak between bins
        assert row.sum() == row.max()


def test_peaks_outside_40_to_5000_hz_do_not_count() -> None:
    assert peaks_of(tone(1.0, 22050, 30.0)).octave.shape[0] == 0
    assert peaks_of(tone(1.0, 22050, 5300.0)).octave.shape[0] == 0
    assert peaks_of(tone(1.0, 22050, 4978.0)).octave.shape[0] > 0


def test_peaks_over_c7_are_not_in_the_register_that_tells_the_key() -> None:
    both = peaks_of(tone(1.0, 22050, 440.0) + tone(1.0, 22050, hertz(97)))
    row = both.octave[0] > 0.1
    assert set(np.flatnonzero(row) // (CELLS // 12)) == {9, 1}
    assert set(np.flatnonzero(both.register[0] > 0.1) // (CELLS // 12)) == {9}
    assert peaks_of(tone(1.0, 22050, hertz(97))).register.shape == (0, CELLS)


def test_what_is_60_db_under_the_strongest_does_not_count() -> None:
    soft = tone(1.0, 22050, 1000.0, peak=0.5 * 10 ** (-62 / 20))
    audible = tone(1.0, 22050, 1000.0, peak=0.5 * 10 ** (-55 / 20))
    alone = peaks_of(tone(1.0, 22050, 440.0)).octave[1]
    np.testing.assert_array_equal(peaks_of(tone(1.0, 22050, 440.0) + soft).octave[1] > 1e-4, alone > 1e-4)
    assert (peaks_of(tone(1.0, 22050, 440.0) + audible).octave[1] > 1e-4).sum() == (alone > 1e-4).sum() + 1


def test_silence_and_what_is_too_short_have_no_peaks() -> None:
    for samples in (silence(1.0, 22050), silence(0.0, 22050), tone(0.3, 22050), tone(1.0, 22050, peak=1e-4)):
        peaks = peaks_of(samples)
        assert peaks.frames == 0
        assert peaks.octave.shape == (0, CELLS)
        assert tuning_of(peaks) == 0.0


def test_silent_stretches_are_left_out() -> None:
    gap = np.concatenate([tone(1.0, 22050), silence(2.0, 22050), tone(1.0, 22050)], axis=1)
    assert peaks_of(gap).frames < peaks_of(tone(4.0, 22050)).frames - 7


def test_a_click_sounds_but_has_no_peaks() -> None:
    samples = silence(0.5, PITCH_RATE)
    samples[0, 2048] = 1.0
    peaks = peaks_of(samples, PITCH_RATE)
    assert peaks.frames == 1
    assert peaks.octave.shape[0] == 0


def test_the_side_signal_is_heard_like_the_middle() -> None:
    wave = notes([60, 64, 67], 1.0)
    middle, side = peaks_of(np.concatenate([wave, wave])), peaks_of(np.concatenate([wave, -wave]))
    np.testing.assert_allclose(side.octave, middle.octave, rtol=1e-3, atol=1e-5)


def test_blocks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = noise(3.0, 22050)
    whole = peaks_of(samples)
    monkeypatch.setattr(module, "BLOCK", 3)
    parts = peaks_of(samples)
    assert parts.frames == whole.frames
    np.testing.assert_allclose(parts.octave, whole.octave, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(parts.cents, whole.cents, rtol=1e-5)


@pytest.mark.parametrize("cents", [-49.0, -40.0, -17.0, 0.0, 8.0, 33.0, 40.0, 49.0])
def test_the_tuning_of_a_chord_is_found(cents: float) -> None:
    assert tuning_of(peaks_of(notes([60 + step for step in MAJOR], 2.0, cents=cents))) == pytest.approx(cents, abs=1.0)


@pytest.mark.parametrize("cents", [-40.0, 0.0, 40.0])
def test_the_tuning_of_a_piece_with_harmonics_is_found(cents: float) -> None:
    assert tuning_of(peaks_of(cadence(2, "minor", 0.5, cents=cents))) == pytest.approx(cents, abs=2.0)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.integers(30, 90), min_size=1, max_size=6, unique=True),
    st.floats(-49.0, 49.0),
    st.floats(0.01, 0.15),
)
def test_the_tuning_of_any_notes_is_found_whatever_their_level(chord: list[int], cents: float, peak: float) -> None:
    low = [note for note in chord if note >= 48]  # C3: below, two notes a semitone apart are one peak
    if low:
        found = tuning_of(peaks_of(notes(low, 0.8, cents=cents, peak=peak)))
        assert abs((found - cents + 50.0) % 100.0 - 50.0) < 4.0
