"""Beats and downbeats of whole pieces."""

import mir_eval
import numpy as np
import pytest

from small_dataset_audio.features.rhythm.onsets import Onsets, detect
from small_dataset_audio.features.rhythm.spectrum import ANALYSIS_RATE, curves
from small_dataset_audio.features.rhythm.tracker import NONE, Beats, snap, track
from support.rhythm_pieces import ROCK, SLOW_SIX, SWING, WALTZ, Piece, Times, beat_times, drums, piano
from support.signals import Signal, clicks, silence

PIECES = {
    "rock at 60": drums(ROCK, beat_times(28, 60.0)),
    "rock at 110": drums(ROCK, beat_times(40, 110.0)),
    "rock at 170": drums(ROCK, beat_times(60, 170.0)),
    "swing": drums(SWING, beat_times(40, 120.0)),
    "waltz": drums(WALTZ, beat_times(42, 120.0), 3),
    "six eighths": drums(SLOW_SIX, beat_times(28, 60.0), 2),
    "a drummer": drums(ROCK, beat_times(48, 110.0, human=0.01), jitter=0.008),
    "faster and faster": drums(ROCK, beat_times(60, 90.0, 120.0)),
    "piano": piano(beat_times(32, 75.0)),
    "piano waltz": piano(beat_times(42, 110.0), 3),
    "a pianist": piano(beat_times(48, 100.0, human=0.02), jitter=0.01),
    "slower and slower": piano(beat_times(48, 120.0, 80.0)),
}


def tracked(samples: Signal) -> Beats:
    found = curves(samples[0])
    return track(found, detect(found.full))


def errors(true: Times, found: Times) -> Times:
    """Return found minus true, of the beats that were found."""
    pairs = mir_eval.util.match_events(true, found, 0.07)
    return np.array([found[j] - true[i] for i, j in pairs])


@pytest.mark.parametrize("name", PIECES)
def test_beats_are_found_at_their_level_and_place(name: str) -> None:
    piece = PIECES[name]
    found = tracked(piece.samples)
    assert mir_eval.beat.f_measure(piece.beats, found.times, f_measure_threshold=0.05) > 0.93
    assert abs(np.median(errors(piece.beats, found.times))) < 0.01
    assert np.isin(found.downbeats, found.times).all()
    assert np.all(np.diff(found.times) > 0)
    assert 0.3 < found.clarity <= 1.0
    assert 0.0 < found.certainty <= found.tempo_certainty <= 1.0


@pytest.mark.parametrize("name", ["waltz", "piano", "piano waltz", "a pianist", "slower and slower"])
def test_bars_begin_on_the_first_beat(name: str) -> None:
    piece = PIECES[name]
    assert mir_eval.beat.f_measure(piece.downbeats, tracked(piece.samples).downbeats) > 0.9


@pytest.mark.parametrize("bpm", [50, 65, 80, 95, 110, 125, 140, 160, 185, 220])
def test_clicks_have_their_tempo_or_half_or_twice(bpm: int) -> None:
    times = np.arange(0.3, 20.0, 60.0 / bpm)
    found = tracked(clicks(times, 20.5, ANALYSIS_RATE))
    tempo = 60.0 / float(np.median(np.diff(found.times)))
    octave = float(2.0 ** np.round(np.log2(tempo / bpm)))
    assert tempo / octave == pytest.approx(bpm, rel=0.001)
    assert 45.0 < tempo < 200.0
    assert octave == 1.0 or not 70.0 <= bpm <= 145.0


def test_later_music_has_later_beats() -> None:
    piece = PIECES["rock at 110"]
    shift = 1.5
    late = np.concatenate((silence(shift, ANALYSIS_RATE), piece.samples), axis=1)
    first, second = tracked(piece.samples), tracked(late)
    assert second.times - shift == pytest.approx(first.times, abs=0.008)
    assert second.downbeats - shift == pytest.approx(first.downbeats, abs=0.008)


def test_no_beats_before_the_first_or_after_the_last_sound() -> None:
    piece: Piece = PIECES["piano"]
    padded = np.concatenate((silence(4.0, ANALYSIS_RATE), piece.samples, silence(4.0, ANALYSIS_RATE)), axis=1)
    found = tracked(padded).times
    assert found[0] > 4.0
    assert found[-1] < 4.0 + piece.samples.shape[1] / ANALYSIS_RATE


def test_less_than_three_seconds_or_two_onsets_have_no_beats() -> None:
    assert tracked(clicks(np.arange(0.1, 2.8, 0.3), 2.9, ANALYSIS_RATE)) is NONE
    assert track(curves(clicks(np.array([2.0]), 5.0, ANALYSIS_RATE)[0]), Onsets(np.array([2.0]), np.ones(1))) is NONE


def test_a_beat_moves_to_the_accent_beside_it_and_no_further() -> None:
    curve = np.zeros(100)
    curve[[49, 50, 51]] = 1.0, 3.0, 2.0
    assert snap(np.array([48.0, 52.4, 60.0]), curve) == pytest.approx([50.0 + 1 / 6, 50.0 + 1 / 6, 60.0])
    assert snap(np.array([0.0, 99.0]), curve).tolist() == [0.0, 99.0]
