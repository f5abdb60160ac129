"""The loudness features: present where they were measured, absent with a reason where not."""

import numpy as np
import pytest

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.features.catalog import BY_NAME
from small_dataset_audio.features.loudness import FAMILY
from small_dataset_audio.features.measured import Measured
from small_dataset_audio.features.sound import STEMS, Sound
from small_dataset_audio.features.spectra import Spectra
from support.signals import Signal, noise, silence, tone

STEM_NAMES = tuple(name for stem in STEMS for name in (f"lufs_{stem}", f"lra_{stem}"))


def measured(mix: Signal, rate: int = 44100, stems: dict[str, Signal] | None = None) -> Measured:
    sound = Sound(Spectra(Clip(mix, rate)), {name: Spectra(Clip(stem, rate)) for name, stem in (stems or {}).items()})
    found = FAMILY.measure(sound, Measured())
    assert set(found.values) | set(found.absent) == set(FAMILY.features)
    assert not set(found.values) & set(found.absent)
    return found


def test_every_name_is_in_the_catalog_and_the_other_way_round() -> None:
    assert set(FAMILY.features) == {name for name, feature in BY_NAME.items() if feature.group == "loudness"}
    assert FAMILY.name == "loudness"


@pytest.mark.parametrize("rate", [8000, 44100, 192000])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_tone_has_the_numbers_that_follow_from_it(rate: int, channels: int) -> None:
    found = measured(tone(5.0, rate, 997.0, peak=0.5, channels=channels), rate)
    level = 20 * np.log10(0.5)
    loudness = level - 3.01 + 10 * np.log10(channels)
    assert found.values["lufs"] == pytest.approx(loudness, abs=0.01)
    assert found.values["lra"] == pytest.approx(0.0, abs=0.01)
    assert found.values["true_peak"] == pytest.approx(level, abs=0.1)  # the tone's abrupt end rings
    assert found.values["plr"] == pytest.approx(found.values["true_peak"] - found.values["lufs"], abs=1e-12)


def test_stems_are_metered_each_on_its_own() -> None:
    stems = {name: noise(4.0, rms=0.02 * (i + 1), channels=2, seed=i) for i, name in enumerate(STEMS)}
    found = measured(noise(4.0, channels=2), stems=stems)
    levels = [found.values[f"lufs_{name}"] for name in STEMS]
    steps = 20 * np.log10(np.arange(1, 5))
    assert np.array(levels) - levels[0] == pytest.approx(steps, abs=0.1)
    assert all(found.values[f"lra_{name}"] < 0.5 for name in STEMS)
    assert not found.absent


def test_without_stems_their_numbers_are_absent_and_say_what_to_run() -> None:
    found = measured(noise(4.0))
    assert {found.absent[name] for name in STEM_NAMES} == {"there are no stems beside the mix"}


def test_one_missing_and_one_silent_stem_are_told_apart() -> None:
    found = measured(noise(4.0), stems={"bass": noise(4.0), "vocals": silence(4.0)})
    assert "lufs_bass" in found.values
    assert "silent" in found.absent["lufs_vocals"]
    assert found.absent["lufs_drums"] == "there is no drums stem"
    assert found.absent["lra_drums"] == "there is no drums stem"


def test_silence_has_no_numbers() -> None:
    found = measured(silence(5.0, channels=2))
    assert not found.values
    assert "silent" in found.absent["lufs"]
    assert "zero" in found.absent["true_peak"]
    assert found.absent["plr"]


def test_what_is_too_quiet_to_be_loud_still_has_a_peak() -> None:
    found = measured(tone(5.0, peak=1e-5))
    assert set(found.values) == {"true_peak"}
    assert found.values["true_peak"] == pytest.approx(-100.0, abs=0.1)
    assert "-70 LUFS" in found.absent["lufs"]


def test_a_tenth_of_a_second_is_too_short_for_a_loudness() -> None:
    found = measured(noise(0.1))
    assert set(found.values) == {"true_peak"}
    assert "0.4 s" in found.absent["lufs"]
    assert "3 s" in found.absent["lra"]


def test_two_seconds_have_a_loudness_but_no_range() -> None:
    found = measured(noise(2.0))
    assert {"lufs", "true_peak", "plr"} == set(found.values)
    assert "two windows of 3 s" in found.absent["lra"]


def test_nine_channels_have_a_peak_but_no_loudness() -> None:
    found = measured(noise(4.0, channels=9))
    assert set(found.values) == {"true_peak"}
    assert "9 channels" in found.absent["lufs"]
    assert "9 channels" in found.absent["lra"]


def test_no_samples_at_all() -> None:
    assert not measured(silence(0.0)).values
