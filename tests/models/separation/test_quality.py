"""Which stems hold an instrument: levels and flatness of signals that are known, and the verdicts over them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from small_dataset_audio.audio.spool import Spool
from small_dataset_audio.models.separation.quality import Quality, quality
from support.signals import noise, silence, tone


@pytest.mark.parametrize("rate", [16000, 44100])
def test_levels_and_peaks_of_tones(rate: int) -> None:
    found = quality(tone(3, rate, 440, peak=0.5, channels=2), rate)
    assert found.loudest_db == pytest.approx(20 * np.log10(0.5 / np.sqrt(2)), abs=0.05)
    assert found.peak == pytest.approx(0.5, abs=1e-3)
    assert found.flatness is not None
    assert found.flatness < 0.01


def test_white_noise_is_flat() -> None:
    found = quality(noise(3), 44100)
    assert found.flatness == pytest.approx(0.56, abs=0.05)  # exp(-Euler's constant), of one frame's spectrum


def test_a_short_sound_counts_where_it_is_loudest() -> None:
    sound = silence(10)
    sound[:, 44100 * 7 : 44100 * 7 + 22050] = tone(0.5, peak=0.5)
    assert quality(sound, 44100).loudest_db > -11


def test_silence_and_less_than_a_frame() -> None:
    assert quality(silence(1), 44100) == Quality(-120.0, 0.0, None)
    short = quality(tone(0.01), 44100)
    assert short.flatness is not None
    assert short.peak > 0.4


def test_channels_that_cancel_are_no_silence() -> None:
    wave = tone(1)
    assert quality(np.concatenate([wave, -wave]), 44100).flatness is not None


def test_on_disk_the_answer_is_the_same(tmp_path: Path) -> None:
    sound = noise(3, channels=2)
    spool = Spool(2, sound.shape[1], tmp_path)
    spool.append(sound)
    assert quality(spool.finish(), 44100) == quality(sound, 44100)


MIX = Quality(-10.0, 0.9, 0.05)


@pytest.mark.parametrize(
    ("stem", "why"),
    [
        (Quality(-20.0, 0.5, 0.05), None),
        (Quality(-20.0, 0.5, 0.56), None),
        (Quality(-34.0, 0.1, 0.56), None),
        (Quality(-36.0, 0.1, 0.56), "faint noise: 26 dB below the mix, with a spectral flatness of 0.56"),
        (Quality(-36.0, 0.1, 0.2), None),
        (Quality(-54.0, 0.1, 0.05), None),
        (Quality(-56.0, 0.1, 0.05), "46 dB below that of the mix"),
        (Quality(-120.0, 0.0, None), "it is silent"),
        (Quality(-120.0, 1e-9, 0.3), "it is silent"),
    ],
)
def test_verdicts(stem: Quality, why: str | None) -> None:
    found = stem.weakness(MIX)
    assert found is None if why is None else found is not None and why in found


def test_a_quiet_mix_may_have_quiet_stems() -> None:
    assert Quality(-70.0, 0.01, 0.1).weakness(replace(MIX, loudest_db=-60.0)) is None
