"""The eight numbers together: what changes them, what must not, and why any is missing."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.audio.resample import resample
from small_dataset_audio.audio.spool import Spool
from small_dataset_audio.errors import StoreError
from small_dataset_audio.features.measured import Measured
from small_dataset_audio.features.sound import Sound
from small_dataset_audio.features.spectra import Spectra
from small_dataset_audio.features.timbral import FAMILY
from small_dataset_audio.features.timbral import family as module
from small_dataset_audio.features.timbral.attacks.attack import Attacks
from small_dataset_audio.features.timbral.heard import SILENT, TOO_SHORT
from small_dataset_audio.features.timbral.warmth import warmth
from support.signals import Signal, noise, silence, tone
from support.timbral_signals import RATE, faded, in_a_room, make, partials, spoken

RATES = [8000, 11025, 16000, 22050, 32000, 48000, 96000, 192000]


def measure(samples: Signal, rate: int = RATE) -> Measured:
    found = FAMILY.measure(Sound(Spectra(Clip(samples, rate))), Measured())
    assert set(FAMILY.features) == set(found.values) | set(found.absent)
    assert not set(found.values) & set(found.absent)
    assert all(math.isfinite(value) for value in found.values.values())
    assert all(reason and "\n" not in reason for reason in found.absent.values())
    return found


def values(samples: Signal, rate: int = RATE) -> dict[str, float]:
    found = measure(samples, rate)
    assert not found.absent
    return found.values


def notes(fundamental: float, harmonics: int, decay: float = 0.2) -> Signal:
    """Return four notes of half a second with equally strong harmonics."""
    note = faded(partials(0.5, fundamental, np.ones(harmonics), decay), 0.01, 0.05)
    return (0.2 * np.tile(note / np.abs(note).max(), 4)).astype(np.float32)[np.newaxis]


def test_it_promises_eight_names() -> None:
    assert len(set(FAMILY.features)) == len(FAMILY.features) == 8


@pytest.mark.parametrize("rate", RATES)
def test_a_sound_that_fits_under_every_rate_measures_the_same_at_every_rate(rate: int) -> None:
    sound = notes(150.0, 12)  # up to 1.8 kHz, and the decays' edges
    here, there = values(sound), values(resample(sound, RATE, rate), rate)
    for name in ("roughness", "depth", "booming", "sharpness", "brightness"):
        assert there[name] == pytest.approx(here[name], abs=1.0), name
    assert there["reverberation"] == pytest.approx(here["reverberation"], abs=4.0)
    if rate > RATE:  # these two hear how far up a spectrum reaches, which a lower rate cuts off
        assert there["hardness"] == pytest.approx(here["hardness"], abs=2.0)
        assert there["warmth"] == pytest.approx(here["warmth"], abs=2.0)


def test_a_full_spectrum_is_as_warm_at_48_khz(monkeypatch: pytest.MonkeyPatch) -> None:
    sound, off = make("pink noise"), 0.8
    here, there = values(sound)["warmth"], resample(sound, RATE, 48000)
    assert values(there, 48000)["warmth"] == pytest.approx(here, abs=off)
    monkeypatch.setattr(module, "warmth", lambda line, onsets, bark, _top: warmth(line, onsets, bark))
    assert abs(values(there, 48000)["warmth"] - here) > off  # the converter's flank, read as the sound's decline


@pytest.mark.parametrize("rate", [8000, 22050, 48000, 192000])
@pytest.mark.parametrize("channels", [1, 2])
def test_higher_and_denser_spectra_are_brighter_sharper_less_deep_and_less_warm(rate: int, channels: int) -> None:
    low, high = (np.tile(resample(notes(f, 5), RATE, rate), (channels, 1)) for f in (110.0, 660.0))
    dark, bright = values(low, rate), values(high, rate)
    for name in ("brightness", "sharpness"):
        assert bright[name] > dark[name] + 5.0, name
    for name in ("depth", "booming", "warmth"):
        assert bright[name] < dark[name] - 5.0, name


def test_beating_tones_are_rougher_than_an_octave() -> None:
    beating = tone(2.0, frequency=500.0) + tone(2.0, frequency=570.0)
    octave = tone(2.0, frequency=500.0) + tone(2.0, frequency=1000.0)
    assert measure(0.2 * beating).values["roughness"] > measure(0.2 * octave).values["roughness"] + 20.0


def test_a_sudden_sound_is_harder_than_one_that_fades_in() -> None:
    note = partials(0.5, 220.0, np.ones(20), 0.15)
    soft = note * np.minimum(np.arange(note.shape[0]) / (0.12 * RATE), 1.0)
    hard_values, soft_values = (
        values((0.2 * np.tile(one / np.abs(one).max(), 4)).astype(np.float32)[np.newaxis]) for one in (note, soft)
    )
    assert hard_values["hardness"] > soft_values["hardness"] + 5.0


def test_a_room_is_heard_as_reverberation() -> None:
    dry = spoken(8.0, 12)
    found = []
    for wave in (dry, in_a_room(dry, 0.5, 1.0, 3), in_a_room(dry, 1.2, 1.5, 3)):
        scaled = (0.5 * wave / np.abs(wave).max()).astype(np.float32)[np.newaxis]
        found.append(measure(scaled).values["reverberation"])
    assert found[0] < found[1] - 10.0 < found[2] - 20.0


@settings(max_examples=6, deadline=None)
@given(st.floats(-30.0, 20.0), st.integers(0, 100))
def test_gain_is_not_heard(gain_db: float, seed: int) -> None:
    sound = noise(0.7, channels=2, seed=seed)
    sound[:, :9000] *= np.float32(0.02)
    here, there = measure(sound).values, measure(np.float32(10.0 ** (gain_db / 20.0)) * sound).values
    assert there == pytest.approx(here, abs=1e-2)


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 100), st.booleans())
def test_swapped_channels_and_inverted_polarity_are_not_heard(seed: int, invert: bool) -> None:  # noqa: FBT001
    sound = noise(0.7, channels=2, seed=seed)
    changed = np.ascontiguousarray(-sound if invert else sound[::-1])
    assert measure(changed).values == pytest.approx(measure(sound).values, abs=1e-4)


def test_what_is_only_in_the_side_signal_is_heard() -> None:
    drums = 0.4 * make("drums")[:, : 3 * RATE]
    hiss = 0.3 * make("hats")[:, : 3 * RATE]
    mono, wide = measure(np.tile(drums, (2, 1))).values, measure(np.concatenate([drums + hiss, drums - hiss])).values
    assert wide["brightness"] > mono["brightness"] + 1.0
    opposite = np.concatenate([drums, -drums])
    assert measure(opposite).values["brightness"] == pytest.approx(mono["brightness"], abs=0.2)
    assert measure(opposite).values["roughness"] == pytest.approx(mono["roughness"], abs=2.0)


def test_an_offset_is_not_heard() -> None:
    sound = make("pink noise")[:, :RATE]
    assert measure(sound + np.float32(0.2)).values == pytest.approx(measure(sound).values, abs=0.05)


def test_silence_behind_a_sound_moves_only_what_is_averaged_over_all_frames() -> None:
    sound = make("tune")[:, : 2 * RATE]
    padded = measure(np.concatenate([sound, silence(2.0)], axis=1)).values
    plain = measure(sound).values
    for name in ("brightness", "sharpness", "reverberation", "depth"):
        assert padded[name] == pytest.approx(plain[name], abs=2.5), name
    assert padded["roughness"] == pytest.approx(plain["roughness"] + 13.98779569 * np.log10(0.5), abs=0.3)


@pytest.mark.parametrize(("samples", "reason"), [(silence(1.0, channels=2), SILENT), (noise(0.05), TOO_SHORT)])
def test_silence_and_next_to_nothing_have_one_reason_for_all(samples: Signal, reason: str) -> None:
    assert measure(samples).absent == dict.fromkeys(FAMILY.features, reason)


def test_very_short_sounds_have_no_reverberation_but_the_rest() -> None:
    found = measure(noise(0.15))
    assert found.absent == {"reverberation": module.NO_DECAY}


def test_a_sound_in_which_nothing_rises_has_no_hardness(monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = Attacks(np.empty(0), np.zeros(1), np.empty(0))
    monkeypatch.setattr(module, "measure_attacks", lambda *_arguments: nothing)
    assert measure(notes(150.0, 12)).absent == {"hardness": module.NO_ATTACK}


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(["noise", "tone", "click", "step", "low", "high"]),
    st.integers(800, 12000),
    st.sampled_from([8000, 44100, 48000]),
    st.integers(1, 3),
    st.floats(1e-5, 1.0),
)
def test_whatever_comes_every_name_has_a_number_or_a_reason(
    kind: str, length: int, rate: int, channels: int, peak: float
) -> None:
    t = np.arange(length) / rate
    wave = {
        "noise": np.random.default_rng(length).uniform(-1.0, 1.0, length),
        "tone": np.sin(2 * np.pi * 500.0 * t),
        "click": np.eye(1, length, length // 3)[0],
        "step": (np.arange(length) > length // 2).astype(np.float64),
        "low": np.sin(2 * np.pi * 12.0 * t),
        "high": np.sin(2 * np.pi * 0.47 * rate * t),
    }[kind]
    measure(np.tile((peak * wave).astype(np.float32), (channels, 1)), rate)


@pytest.mark.parametrize("rate", [44100, 48000])
def test_a_long_recording_on_disk_measures_the_same_bits(tmp_path: Path, rate: int) -> None:
    sound = np.tile(make("wide band")[:, : 4 * RATE], (1, 3))
    spool = Spool(2, sound.shape[1], tmp_path)
    spool.append(sound)
    assert measure(spool.finish(), rate).values == measure(sound, rate).values


def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sound = noise(1.0)
    spool = Spool(1, sound.shape[1], tmp_path)
    spool.append(sound)
    stored = Clip(spool.finish(), RATE)

    def refuse(*_arguments: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.pwrite", refuse)
    with pytest.raises(StoreError):
        FAMILY.measure(Sound(Spectra(stored)), Measured())


def test_what_is_missing_has_its_own_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("brightness", "warmth", "sharpness", "booming"):
        monkeypatch.setattr(module, name, lambda *_arguments: None)
    found = measure(notes(150.0, 12))
    assert found.absent == {
        "brightness": module.NOTHING_HIGH,
        "warmth": module.NOTHING_AUDIBLE,
        "sharpness": module.NOTHING_AUDIBLE,
        "booming": module.NOTHING_LOW,
    }


def test_hardness_without_middle_loudness_has_its_own_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from small_dataset_audio.features.timbral.ear.bark import bark_loudness

    monkeypatch.setattr(module, "bark_loudness", lambda line: replace(bark_loudness(line), middle=0.0))
    assert measure(notes(150.0, 12)).absent == {"hardness": module.NOTHING_IN_THE_MIDDLE}
