"""The whole family: every promised name is a number or has a reason."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from small_dataset_audio.features.harmonic import FAMILY
from small_dataset_audio.features.harmonic import family as module
from small_dataset_audio.features.measured import Measured
from small_dataset_audio.features.sound import Options, Sound
from support.harmonic_chords import Signal, cadence, notes, progression, spectra
from support.signals import noise, silence, tone


def measure(
    mix: Signal, rate: int = 22050, stems: dict[str, Signal] | None = None, earlier: Measured | None = None
) -> Measured:
    parts = {name: spectra(samples, rate) for name, samples in (stems or {}).items()}
    found = FAMILY.measure(Sound(spectra(mix, rate), parts), earlier or Measured())
    assert set(FAMILY.features) == set(found.values) | set(found.absent)
    assert not set(found.values) & set(found.absent)
    assert all(math.isfinite(value) for value in found.values.values())
    assert all(reason and "\n" not in reason for reason in found.absent.values())
    return found


def vector(found: Measured, name: str) -> list[float]:
    return [found.values[f"{name}_{i}"] for i in range(12)]


def test_it_promises_42_names() -> None:
    assert len(set(FAMILY.features)) == len(FAMILY.features) == 42


def test_a_piece_without_stems_has_all_but_harmonic_change() -> None:
    found = measure(cadence(9, "minor", 0.5))
    assert set(found.absent) == set(module.CHANGE)
    assert set(found.absent.values()) == {"there are no stems beside the mix"}
    assert found.values["tonic"] == 9.0
    assert found.labels == {"tonic_scale": {"minor": found.values["tonic_strength"]}}
    assert 0.0 < found.confidence["tonic"] <= 1.0
    assert max(vector(found, "chroma")) == max(vector(found, "hpcp")) == 1.0
    assert min(vector(found, "chroma") + vector(found, "hpcp")) >= 0.0
    assert np.linalg.norm(vector(found, "tiv")) == pytest.approx(1.0)


def test_with_stems_profile_and_key_are_of_bass_and_other_and_chroma_is_of_the_mix() -> None:
    vocals = notes([66], 4.0, peak=0.4)
    bass, other = notes([36], 4.0), notes([52, 55], 4.0)
    found = measure(vocals + bass + other, stems={"bass": bass, "other": other, "vocals": vocals})
    assert not found.absent
    assert found.values["tonic"] == 0.0
    assert found.values["hpcp_6"] < 0.1
    assert found.values["chroma_6"] > 0.9


def test_with_one_of_the_two_stems_the_mix_is_heard_and_the_other_stem_is_absent() -> None:
    bass = notes([36], 3.0)
    found = measure(notes([66], 3.0, peak=0.3) + bass, stems={"bass": bass})
    assert found.values["hpcp_6"] == 1.0
    assert set(found.absent) == {"harmonic_movement_other", "harmonic_variance_other"}


def test_harmonic_change_takes_its_steps_from_the_beats() -> None:
    music = progression([(0, (0, 4, 7)), (6, (0, 4, 7))] * 4, 0.5)
    stems = {"bass": music, "other": music}
    free = measure(music, stems=stems)
    tempo = measure(music, stems=stems, earlier=Measured(values={"bpm": 120.0}))
    beats = measure(music, stems=stems, earlier=Measured(times={"beats": np.arange(0.0, 4.0, 0.5)}))
    assert free.values["harmonic_movement_bass"] > tempo.values["harmonic_movement_bass"]
    assert tempo.values["harmonic_movement_bass"] == pytest.approx(beats.values["harmonic_movement_bass"], abs=0.01)
    assert free.values["harmonic_movement_bass"] == free.values["harmonic_movement_other"]


def test_silence_is_absent_with_a_reason() -> None:
    found = measure(silence(3.0), 44100, stems={"bass": silence(3.0), "other": silence(3.0)})
    assert not found.values
    assert not found.labels
    assert not found.confidence
    assert found.absent["chroma_0"] == found.absent["tiv_11"] == found.absent["tonic"] == module.SILENT
    assert found.absent["harmonic_movement_bass"] == module.NO_STEPS


@pytest.mark.parametrize("seconds", [0.0, 0.001, 0.1, 0.37])
def test_what_is_too_short_is_absent_with_a_reason(seconds: float) -> None:
    found = measure(tone(seconds, 44100), 44100)
    assert not found.values
    assert found.absent["chroma_3"] == found.absent["hpcp_3"] == found.absent["tonic"] == module.TOO_SHORT


def test_half_a_second_is_enough() -> None:
    assert measure(notes([60, 64, 67], 0.5)).values["tonic"] == 0.0


def test_a_sound_without_peaks_has_no_profile() -> None:
    impulse = silence(0.5, 11025)
    impulse[0, 2048] = 1.0
    found = measure(impulse, 11025)
    assert found.absent["hpcp_0"] == found.absent["tiv_0"] == found.absent["tonic_strength"] == module.NO_PEAKS


def test_a_sound_that_is_all_treble_has_a_profile_but_no_key() -> None:
    found = measure(tone(1.0, 22050, 3520.0))
    assert found.values["hpcp_9"] == 1.0
    assert found.absent["tonic"] == module.NO_LOW_PEAKS


def test_noise_has_a_profile_but_no_key() -> None:
    for samples in (noise(4.0, 22050), noise(4.0, 22050, channels=2, seed=2)):
        found = measure(samples)
        assert "hpcp_0" in found.values
        assert found.absent["tonic"] == found.absent["tonic_strength"] == module.NO_KEY
        assert not found.labels
        assert "tonic" not in found.confidence


def test_all_pitch_classes_alike_have_neither_vector_nor_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "tonal_interval_vector", lambda _: None)
    found = measure(notes([60], 1.0))
    assert found.absent["tiv_0"] == found.absent["tonic"] == module.FLAT
    assert "hpcp_0" in found.values


def test_the_key_profile_is_an_option() -> None:
    music = spectra(cadence(4, "major", 0.4))
    default = FAMILY.measure(Sound(music), Measured())
    electronic = FAMILY.measure(Sound(music, options=Options(key_profile="electronic")), Measured())
    assert default.values["tonic"] == electronic.values["tonic"] == 4.0
    assert default.values["tonic_strength"] != electronic.values["tonic_strength"]


@pytest.mark.parametrize("rate", [8000, 44100, 192000])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_any_rate_and_any_number_of_channels(rate: int, channels: int) -> None:
    samples = np.tile(cadence(5, "major", 0.25, rate), (channels, 1))
    samples[-1] *= -0.5
    assert measure(samples, rate).values["tonic"] == 5.0


def test_what_is_only_in_the_side_signal_is_measured() -> None:
    wave = cadence(2, "minor", 0.4)
    side = measure(np.concatenate([wave, -wave]))
    middle = measure(np.concatenate([wave, wave]))
    for name in module.CHROMA + module.HPCP + module.TIV:
        assert side.values[name] == pytest.approx(middle.values[name], abs=1e-3)


def test_the_same_sound_gives_the_same_bits() -> None:
    music = cadence(1, "major", 0.4)
    assert measure(music).values == measure(music.copy()).values


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 11), st.integers(1, 11), st.sampled_from(["major", "minor"]))
def test_transposing_the_music_transposes_everything(tonic: int, up: int, scale: str) -> None:
    first = measure(cadence(tonic, scale, 0.3))
    second = measure(cadence(tonic + up, scale, 0.3))
    assert second.values["tonic"] == (first.values["tonic"] + up) % 12
    # the voicing stays within one octave, so the octaves of some notes differ
    np.testing.assert_allclose(vector(second, "hpcp"), np.roll(vector(first, "hpcp"), up), atol=0.2)
    np.testing.assert_allclose(vector(second, "chroma"), np.roll(vector(first, "chroma"), up), atol=0.2)
