"""Onsets: where they are, where there are none, and how strong they are."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from small_dataset_audio.features.rhythm.onsets import detect, refine
from small_dataset_audio.features.rhythm.spectrum import ANALYSIS_RATE, curves
from support.rhythm_pieces import ROCK, beat_times, drums, piano
from support.signals import Signal, clicks, noise, silence, tone


def onset_times(samples: Signal) -> list[float]:
    return [float(time) for time in detect(curves(samples[0]).full).times]


def test_clicks_are_found_where_they_are() -> None:
    times = np.array([0.5, 0.81, 1.3, 1.42, 2.0, 2.9])
    assert onset_times(clicks(times, 3.5, ANALYSIS_RATE)) == pytest.approx(times.tolist(), abs=0.01)


def test_the_median_error_is_under_eight_milliseconds() -> None:
    for piece in (drums(ROCK, beat_times(40, 117.0)), piano(beat_times(40, 93.0))):
        found = detect(curves(piece.samples[0]).full).times
        nearest = np.abs(found[:, np.newaxis] - piece.onsets).argmin(axis=1)
        assert abs(found.size - piece.onsets.size) <= 1
        assert abs(np.median(found - piece.onsets[nearest])) < 0.008


def test_an_onset_at_the_very_beginning_is_at_zero() -> None:
    found = onset_times(clicks(np.array([0.0, 1.0]), 2.0, ANALYSIS_RATE))
    assert found == pytest.approx([0.0, 1.0], abs=0.015)
    assert min(found) >= 0.0


def test_attacks_within_thirty_milliseconds_are_one_onset() -> None:
    assert len(onset_times(clicks(np.array([1.0, 1.02]), 2.0, ANALYSIS_RATE))) == 1
    assert len(onset_times(clicks(np.array([1.0, 1.08]), 2.0, ANALYSIS_RATE))) == 2


@pytest.mark.parametrize("samples", [silence(3.0, ANALYSIS_RATE), tone(3.0, ANALYSIS_RATE)[:, ANALYSIS_RATE // 2 :]])
def test_nothing_happens_in_silence_and_in_the_middle_of_a_tone(samples: Signal) -> None:
    assert [time for time in onset_times(samples) if 0.1 < time < samples.shape[1] / ANALYSIS_RATE - 0.1] == []


def test_steady_noise_has_hardly_any_onsets() -> None:
    assert len(onset_times(noise(20.0, ANALYSIS_RATE))) < 10


def test_strengths_are_in_units_of_the_mean() -> None:
    envelope = np.full(200, 0.01)
    envelope[[50, 120]] = 1.0, 3.0
    found = detect(envelope)
    assert found.times.size == 2
    assert found.strengths == pytest.approx([1.0 / envelope.mean(), 3.0 / envelope.mean()])


def test_a_hill_on_a_plateau_must_stand_out_twofold() -> None:
    envelope = np.full(200, 0.5)
    envelope[100] = 0.9
    assert detect(envelope).times.size == 0
    envelope[100] = 1.2
    assert detect(envelope).times.size == 1


@given(st.floats(-0.45, 0.45), st.floats(0.1, 5.0))
@settings(max_examples=50)
def test_the_vertex_of_a_parabola_is_found(shift: float, height: float) -> None:
    frames = np.arange(11.0)
    curve = height * (30.0 - (frames - 5.0 - shift) ** 2)
    assert refine(curve, np.array([5]))[0] == pytest.approx(5.0 + shift, abs=1e-6)


def test_peaks_at_the_edge_and_on_plateaus_stay() -> None:
    curve = np.array([3.0, 1.0, 1.0, 1.0, 2.0])
    assert refine(curve, np.array([0, 2, 4])).tolist() == [0.0, 2.0, 4.0]
