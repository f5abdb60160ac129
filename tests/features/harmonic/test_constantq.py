"""The constant-Q transform on tones whose place and power are known."""

import numpy as np
import pytest

from small_dataset_audio.features.harmonic import constantq
from small_dataset_audio.features.harmonic.chroma import RESOLUTION
from small_dataset_audio.features.harmonic.constantq import (
    GRID,
    OCTAVES,
    Resolution,
    kernels,
    mean_powers,
    octaves_of,
    pitch_classes,
    powers_at,
)
from small_dataset_audio.features.harmonic.pitchband import PITCH_RATE, pitch_band
from support.harmonic_chords import hertz, notes, spectra
from support.signals import noise, tone

C1 = 24
"""MIDI number of the lowest bin."""
SEMITONES = Resolution(per_semitone=1, q=25.0)


@pytest.mark.parametrize("note", range(C1, C1 + 12 * OCTAVES, 5))
def test_a_sine_has_its_power_in_its_own_bin_in_every_octave(note: int) -> None:
    band = pitch_band(spectra(tone(4.0, 22050, hertz(note), peak=0.5)))
    powers = mean_powers(octaves_of(band), RESOLUTION, 0.0)
    middle = powers[powers.shape[0] // 2]
    assert int(np.argmax(middle)) == 3 * (note - C1) + 1
    assert middle.max() == pytest.approx(0.25, rel=0.02)


@pytest.mark.parametrize("cents", [-40.0, 25.0, 40.0])
def test_the_kernels_follow_the_tuning(cents: float) -> None:
    band = pitch_band(spectra(notes([69], 2.0, cents=cents, peak=0.5)))
    powers = mean_powers(octaves_of(band), SEMITONES, cents)
    assert powers[powers.shape[0] // 2, 69 - C1] == pytest.approx(0.25, rel=0.02)


def test_the_next_semitone_is_far_down() -> None:
    powers = mean_powers(octaves_of(pitch_band(spectra(tone(3.0, 22050, 440.0, peak=1.0)))), RESOLUTION, 0.0)
    middle = pitch_classes(powers)[powers.shape[0] // 2]
    assert middle[9] > 1.0
    assert max(middle[8], middle[10]) < 0.04 * middle[9]
    assert np.delete(middle, [8, 9, 10]).max() < 0.01 * middle[9]


def test_there_is_one_frame_for_each_started_stretch_of_the_grid() -> None:
    assert mean_powers(octaves_of(np.zeros((1, 3 * GRID + 1), dtype=np.float32)), RESOLUTION, 0.0).shape == (4, 252)
    assert mean_powers(octaves_of(np.zeros((1, 0), dtype=np.float32)), RESOLUTION, 0.0).shape == (0, 252)


def test_a_short_note_is_seen_in_its_own_frame_wherever_it_lies() -> None:
    for start in range(0, GRID, 100):
        band = np.zeros((1, 9 * GRID), dtype=np.float32)
        burst = np.sin(2 * np.pi * 1760.0 * np.arange(200) / PITCH_RATE) * np.hanning(200)
        band[0, 4 * GRID + start : 4 * GRID + start + 200] = burst
        powers = mean_powers(octaves_of(band), RESOLUTION, 0.0)[:, 3 * (93 - C1) + 1]
        assert powers[4:6].sum() > 0.7 * powers.sum() > 0.0


def test_channels_add_their_powers() -> None:
    band = noise(1.0, PITCH_RATE, channels=2)
    both = mean_powers(octaves_of(band), RESOLUTION, 0.0)
    apart = mean_powers(octaves_of(band[:1]), RESOLUTION, 0.0) + mean_powers(octaves_of(band[1:]), RESOLUTION, 0.0)
    np.testing.assert_allclose(both, apart, rtol=1e-4)


def test_powers_at_times_agree_with_the_mean_over_a_steady_tone() -> None:
    band = pitch_band(spectra(tone(4.0, 22050, 220.0, peak=0.5)))
    at = powers_at(octaves_of(band), SEMITONES, 0.0, np.array([1.5, 2.0, 2.5]))
    assert at.shape == (3, 12 * OCTAVES)
    np.testing.assert_allclose(at[:, 57 - C1], 0.25, rtol=0.01)


def test_times_beyond_the_end_are_silent_and_no_times_give_no_rows() -> None:
    band = pitch_band(spectra(tone(0.5, 22050)))
    assert powers_at(octaves_of(band), SEMITONES, 0.0, np.array([30.0])).max() == 0.0
    assert powers_at(octaves_of(band), SEMITONES, 0.0, np.empty(0)).shape == (0, 84)


def test_blocks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    band = noise(1.0, PITCH_RATE)
    whole = mean_powers(octaves_of(band), RESOLUTION, 0.0)
    monkeypatch.setattr(constantq, "BLOCK", 7)
    np.testing.assert_allclose(mean_powers(octaves_of(band), RESOLUTION, 0.0), whole, rtol=1e-4, atol=1e-9)


def test_kernels_have_unit_gain_at_their_centre() -> None:
    kernel = kernels(RESOLUTION, 0.0)
    assert kernel.shape[1] == 2 * RESOLUTION.per_octave
    assert kernel.shape[0] % 2 == 1
    np.testing.assert_allclose(np.abs(kernel[:, :36] - 1j * kernel[:, 36:]).sum(axis=0), 2.0, rtol=1e-5)
