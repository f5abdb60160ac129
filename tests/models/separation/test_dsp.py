"""The embedded approximation: its stems sum to the mix, and notes, hits and low notes go where they belong."""

import numpy as np
import pytest

from small_dataset_audio.audio.clip import Clip, Samples
from small_dataset_audio.models.batches import Batches
from small_dataset_audio.models.separation import dsp
from small_dataset_audio.models.separation.dsp import open_dsp
from small_dataset_audio.models.separation.engine import Separator
from support.signals import clicks, noise, silence, tone


def separated(mix: Samples, rate: int = 44100) -> dict[str, Samples]:
    return Separator(open_dsp(), Batches(1, "cpu")).separate(Clip(mix, rate), "separating", None, [])


def level(samples: Samples) -> float:
    return float(10 * np.log10(np.mean(samples.astype(np.float64) ** 2) + 1e-30))


@pytest.mark.parametrize("rate", [8000, 44100, 96000])
@pytest.mark.parametrize("channels", [1, 2, 3])
@pytest.mark.parametrize("length", [1, 1000, 200_000])
def test_the_stems_sum_to_the_mix(rate: int, channels: int, length: int) -> None:
    mix = noise(length / rate, rate, channels=channels)
    stems = separated(mix, rate)
    assert tuple(stems) == ("bass", "drums", "other")
    assert level(sum(stems.values()) - mix) < level(mix) - 120


def test_the_stems_sum_to_the_mix_over_several_pieces() -> None:
    mix = clicks(np.arange(0.25, 26, 0.4), 26, channels=2) + 0.2 * tone(26, frequency=60, channels=2)
    assert mix.shape[1] > 2 * dsp._SEGMENT
    stems = separated(mix)
    assert level(sum(stems.values()) - mix) < level(mix) - 120


@pytest.mark.parametrize("rate", [22050, 44100, 48000])
def test_hits_notes_and_low_notes_go_where_they_belong(rate: int) -> None:
    parts = {
        "drums": clicks(np.arange(0.25, 6, 0.5), 6, rate),
        "bass": 0.2 * tone(6, rate, 70),
        "other": 0.1 * (tone(6, rate, 660) + tone(6, rate, 1320)),
    }
    stems = separated(sum(parts.values()), rate)  # type: ignore[arg-type]
    for name, part in parts.items():
        error = level(stems[name] - part) - level(part)
        assert error < -8, (name, error)


def test_the_stereo_image_stays() -> None:
    left, right = tone(3, frequency=880), silence(3)
    stems = separated(np.concatenate([left, right]))
    assert level(stems["other"][1]) < -200
    assert level(stems["other"][0]) > level(left) - 1


def test_silence_and_the_same_bits_twice() -> None:
    assert not any(stem.any() for stem in separated(silence(1)).values())
    first, again = separated(noise(1)), separated(noise(1))
    for name, stem in first.items():
        np.testing.assert_array_equal(stem, again[name])
