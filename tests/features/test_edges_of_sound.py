"""Rhythm and loudness of what is hardly a recording: absent with a reason, never invented."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.features import loudness, rhythm
from small_dataset_audio.features.extract import measure
from small_dataset_audio.features.measured import Measured
from small_dataset_audio.features.rhythm.family import FEW_ONSETS, NO_BEATS, NO_ONSETS, SILENT, TOO_SHORT
from small_dataset_audio.features.sound import Sound
from small_dataset_audio.features.spectra import Spectra
from support.signals import Signal, clicks, noise, silence, tone

RATE = 44100
OF_ONSETS = ("ioi_mean", "ioi_std", "rhythmic_complexity", "rhythmic_evenness")
OF_BEATS = ("bpm", "beat_regularity", "on_beat_ratio", "syncopation")


def measured(samples: Signal, rate: int = RATE) -> Measured:
    """Return rhythm and loudness, after checking that every name has a finite number or a reason."""
    families = (rhythm.FAMILY, loudness.FAMILY)
    found = measure(Sound(Spectra(Clip(samples, rate))), families)
    names = {name for family in families for name in family.features}
    assert found.values.keys() | found.absent.keys() == names
    assert not found.values.keys() & found.absent.keys()
    assert all(np.isfinite(number) for number in found.values.values())
    for times in found.times.values():
        assert times.min() >= 0.0
        assert times.max() <= samples.shape[1] / rate
        assert np.all(np.diff(times) > 0.0)
    return found


@pytest.mark.parametrize("seconds", [1 / RATE, 0.001, 0.05, 0.39])
def test_what_is_too_short_has_only_a_peak(seconds: float) -> None:
    found = measured(tone(seconds, RATE, phase=1.0))
    assert found.values.keys() == {"bpm_is_defined", "true_peak"}
    assert found.values["bpm_is_defined"] == 0.0
    assert found.absent["onset_count"] == TOO_SHORT
    assert not found.times


@pytest.mark.parametrize("level", [0.0, 0.5, -1.0])
@pytest.mark.parametrize("channels", [1, 2, 8])
def test_a_constant_has_no_rhythm(level: float, channels: int) -> None:
    found = measured(np.full((channels, 5 * RATE), level, dtype=np.float32))
    assert found.absent["onset_count"] == found.absent["bpm"] == SILENT
    assert not found.times
    assert ("true_peak" in found.values) == (level != 0.0)


def test_what_a_constant_is_added_to_keeps_its_rhythm() -> None:
    sound = 0.4 * clicks(np.arange(0.25, 11.9, 0.5), 12.0, RATE)
    alone, lifted = measured(sound), measured(sound + np.float32(0.3))
    assert lifted.values["bpm"] == pytest.approx(alone.values["bpm"], rel=1e-4)
    assert lifted.values["onset_count"] == alone.values["onset_count"]
    apart = np.concatenate((sound + np.float32(0.3), -sound + np.float32(0.3)))
    assert measured(apart).values["onset_count"] == alone.values["onset_count"]


def test_one_click_is_one_onset_and_no_rhythm() -> None:
    found = measured(clicks(np.array([3.0]), 10.0, RATE))
    assert found.values["onset_count"] == 1.0
    assert found.values["onset_density"] == pytest.approx(0.1)
    assert found.times["onsets"] == pytest.approx([3.0], abs=0.01)
    assert {found.absent[name] for name in OF_ONSETS} == {FEW_ONSETS}
    assert {found.absent[name] for name in OF_BEATS} == {NO_BEATS}
    assert found.values["beat_count"] == found.values["bpm_is_defined"] == 0.0


@pytest.mark.parametrize("seconds", [1.0, 4.37, 10.0])
def test_a_tone_that_is_cut_off_ends_with_no_onset(seconds: float) -> None:
    found = measured(tone(seconds, RATE, 441.3, phase=1.0, channels=2))
    assert found.values["onset_count"] <= 1.0
    assert "beats" not in found.times
    assert all(times.max() < 0.05 for times in found.times.values())


@pytest.mark.parametrize("cut", [3.1, 4.444, 7.9])
def test_a_crop_has_no_onset_that_its_piece_does_not_have(cut: float) -> None:
    chords = sum(tone(9.0, RATE, frequency, peak=0.2) for frequency in (220.0, 277.2, 329.6))
    sound = np.asarray(chords + clicks(np.arange(0.25, 8.9, 0.5), 9.0, RATE), dtype=np.float32)
    whole = measured(sound).times["onsets"]
    crop = measured(sound[:, : round(cut * RATE)]).times["onsets"]
    for onset in crop:
        assert np.abs(whole - onset).min() < 0.02


def test_what_is_driven_into_the_ceiling_is_measured_like_anything_else() -> None:
    squared = np.sign(tone(10.0, RATE, channels=2)).astype(np.float32)
    found = measured(squared)
    assert found.values["onset_count"] <= 1.0
    assert found.values["lufs"] > 0.0
    loud = measured(np.clip(9.0 * noise(10.0, RATE), -1.0, 1.0).astype(np.float32))
    assert loud.values["onset_density"] < 0.5
    assert loud.absent["bpm"] == NO_BEATS


@pytest.mark.parametrize("rate", [8000, 22050, 96000, 192_000])
@pytest.mark.parametrize("channels", [1, 8])
def test_the_same_beat_at_any_rate_and_on_any_number_of_channels(rate: int, channels: int) -> None:
    sound = np.repeat(clicks(np.arange(0.25, 9.9, 0.5), 10.0, rate), channels, axis=0)
    found = measured(sound, rate)
    assert found.values["bpm"] == pytest.approx(120.0, rel=2e-3)
    assert found.values["bpm_is_defined"] == 1.0
    assert found.values["onset_count"] == found.values["beat_count"] == 20.0
    assert found.values["ioi_mean"] == pytest.approx(0.5, abs=1e-3)


def test_silence_says_so() -> None:
    found = measured(silence(5.0, RATE, 2))
    assert found.values == {"bpm_is_defined": 0.0}
    assert found.absent["bpm"] == SILENT
    assert "silent" in found.absent["lufs"]


@settings(max_examples=25, deadline=None)
@given(
    length=st.integers(1, 40_000),
    rate=st.sampled_from([1000, 8000, 11025, 44100, 192_000]),
    channels=st.integers(1, 8),
    gain=st.sampled_from([1e-6, 0.01, 1.0, 1e4]),
    offset=st.sampled_from([0.0, 0.3]),
    seed=st.integers(0, 99),
)
def test_any_sound_has_finite_numbers_or_reasons(
    *, length: int, rate: int, channels: int, gain: float, offset: float, seed: int
) -> None:
    sound = np.random.default_rng(seed).standard_normal((channels, length)) ** 3
    found = measured((gain * sound + offset).astype(np.float32), rate)
    if found.values.get("onset_count") == 0.0:
        assert found.absent["ioi_mean"] == NO_ONSETS
