"""The curves of rising energy: what counts as a rise, and what must not change them."""

import numpy as np
import pytest

from small_dataset_audio.features.rhythm import spectrum
from small_dataset_audio.features.rhythm.spectrum import (
    ANALYSIS_RATE,
    FRAME_RATE,
    HOP,
    band_magnitudes,
    curves,
    filterbank,
    loudness_of,
    rises,
    sustained_rise,
)
from support.signals import clicks, noise, silence, tone


def test_bands_are_triangles_of_height_one_over_the_whole_range() -> None:
    weights, centres = filterbank()
    assert weights.shape == (spectrum.FRAME // 2 + 1, centres.size)
    assert weights.max(axis=0) == pytest.approx(1.0)
    assert np.all(np.diff(centres) > 0)
    assert centres[0] < 80
    assert centres[-1] > 10000
    assert weights.sum(axis=1).max() <= 1.0 + 1e-6


def test_a_tone_is_in_the_band_of_its_frequency() -> None:
    bands = band_magnitudes(tone(1.0, ANALYSIS_RATE, 1000.0)[0])
    _, centres = filterbank()
    assert abs(centres[bands[50].argmax()] - 1000.0) < 30.0


def test_there_is_a_frame_every_ten_milliseconds_centred_on_its_time() -> None:
    found = curves(clicks(np.array([1.0]), 2.0, ANALYSIS_RATE)[0])
    assert found.full.shape == found.low.shape == found.high.shape == found.sustained.shape == found.bass.shape
    assert found.full.shape[0] == 2 * ANALYSIS_RATE // HOP + 1
    assert found.tones.shape[0] == found.top.shape[0] == found.full.shape[0]
    assert found.seconds == pytest.approx(2.0, abs=0.02)
    assert found.full.argmax() / FRAME_RATE == pytest.approx(1.0, abs=0.015)


def test_gain_changes_nothing() -> None:
    loud = noise(2.0, ANALYSIS_RATE) + clicks(np.array([0.5, 1.2]), 2.0, ANALYSIS_RATE)
    first, second = curves(loud[0]), curves(0.01 * loud[0])
    assert second.full == pytest.approx(first.full, rel=1e-4, abs=1e-5)
    assert second.bass == pytest.approx(first.bass, rel=1e-4)


def test_added_silence_leaves_the_music_alone() -> None:
    music = clicks(np.arange(0.2, 3.0, 0.4), 3.0, ANALYSIS_RATE) + noise(3.0, ANALYSIS_RATE, rms=0.01)
    padded = np.concatenate((music[0], np.zeros(20 * ANALYSIS_RATE, dtype=np.float32)))
    alone, within = curves(music[0]), curves(padded)
    inside = slice(0, alone.full.shape[0] - 10)
    assert within.full[inside] == pytest.approx(alone.full[inside], rel=0.02, abs=1e-3)


def test_blocks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    music = (clicks(np.arange(0.2, 4.0, 0.3), 4.0, ANALYSIS_RATE) + noise(4.0, ANALYSIS_RATE, rms=0.02))[0]
    whole = curves(music)
    monkeypatch.setattr(spectrum, "BLOCK", 37)
    pieces = curves(music)
    for name in ("full", "low", "high", "sustained", "bass", "top", "tones"):
        assert getattr(pieces, name) == pytest.approx(getattr(whole, name), rel=1e-4, abs=1e-5), name


def test_silence_rises_nowhere_and_is_divided_by_nothing() -> None:
    found = curves(silence(1.0, ANALYSIS_RATE)[0])
    assert not found.full.any()
    assert not found.bass.any()
    assert loudness_of(np.zeros(4)) == 1.0


def test_a_steady_tone_rises_once() -> None:
    found = curves(tone(3.0, ANALYSIS_RATE)[0])
    assert found.full[20:-20].max() < 0.01 * found.full.max() + 1e-4


def test_a_file_may_begin_with_an_attack_but_not_in_the_middle_of_a_sound() -> None:
    struck = curves(clicks(np.array([0.0]), 2.0, ANALYSIS_RATE)[0])
    assert struck.full.argmax() <= 1
    assert struck.full[:3].max() > 0.2
    for lasting in (noise(2.0, ANALYSIS_RATE), tone(2.0, ANALYSIS_RATE, phase=np.pi / 2)):
        found = curves(lasting[0])
        assert found.full[:3].max() < 0.5 * struck.full[:3].max()


@pytest.mark.parametrize("frequency", [110.0, 441.3, 3000.0])
@pytest.mark.parametrize("seconds", [1.0, 4.987])
def test_where_sound_is_cut_off_nothing_begins(frequency: float, seconds: float) -> None:
    found = curves(tone(seconds, ANALYSIS_RATE, frequency, phase=1.0)[0])
    assert found.full[10:].max() < 0.05
    assert found.full.shape == found.low.shape == found.high.shape
    assert not found.high[-2:].any()


def test_a_hit_just_before_the_end_is_heard() -> None:
    found = curves(clicks(np.array([1.96]), 2.0, ANALYSIS_RATE)[0])
    assert found.full.argmax() / FRAME_RATE == pytest.approx(1.96, abs=0.015)


def test_vibrato_is_no_rise() -> None:
    t = np.arange(3 * ANALYSIS_RATE) / ANALYSIS_RATE
    sung = (0.5 * np.sin(2 * np.pi * 440 * t + 25 * np.sin(2 * np.pi * 5.5 * t) / 5.5)).astype(np.float32)
    struck = clicks(np.array([1.0]), 3.0, ANALYSIS_RATE)[0]
    with_vibrato, with_click = curves(sung), curves(struck)
    assert with_vibrato.full[20:-20].max() < 0.05 * with_click.full.max()


def test_a_rise_counts_against_the_loudest_neighbour_two_frames_ago() -> None:
    logs = np.zeros((5, 4), dtype=np.float32)
    logs[:2, 1] = 1.0
    logs[2:] = 1.0
    flux = rises(logs)
    assert flux[2].tolist() == [0.0, 0.0, 0.0, 1.0]
    assert not flux[:2].any()
    assert not flux[4].any()


def test_a_sustained_rise_compares_means_and_ignores_a_click() -> None:
    step = np.zeros((60, 3), dtype=np.float32)
    step[30:] = 2.0
    click = np.zeros((60, 3), dtype=np.float32)
    click[30] = 2.0
    assert sustained_rise(step)[30] == pytest.approx(2.0)
    assert sustained_rise(click).max() == pytest.approx(2.0 / 15)
    assert not sustained_rise(step[:30]).any()
    assert not sustained_rise(step)[:15].any()
