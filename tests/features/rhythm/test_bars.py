"""Bars: their length, their first beats, and where they slip."""

import numpy as np
import pytest
from numpy.typing import NDArray

from small_dataset_audio.features.rhythm.accents import Strengths
from small_dataset_audio.features.rhythm.bars import Bars, bar_lines, beat_means, find_bars, harmony_change
from small_dataset_audio.features.rhythm.lines import Curve

PERIOD = 50


def played(firsts: NDArray[np.intp], count: int) -> tuple[Curve, Strengths]:
    """Return ``count`` beats with bass on the ``firsts`` and a snare on the others, and a new chord at each first."""
    beats: Curve = 20.0 + PERIOD * np.arange(float(count))
    frames = int(beats[-1]) + PERIOD
    bass, top, tones = np.zeros((frames, 1)), np.zeros((frames, 2)), np.zeros((frames, 8))
    low, full = np.zeros(frames), np.full(frames, 0.1)
    chord = 0
    for beat in range(count):
        start = int(beats[beat])
        here = slice(start, start + PERIOD)
        chord += beat in firsts
        tones[here, [chord % 3, 3 + chord % 5]] = 1.0
        full[start] = 2.0
        if beat in firsts:
            bass[here], low[start] = 3.0, 3.0
        else:
            top[here] = 0.4
    return beats, Strengths(low, full, low, bass, top, tones)


@pytest.mark.parametrize("metre", [3, 4])
@pytest.mark.parametrize("offset", [0, 1])
def test_length_and_first_beat_of_bars_are_found(metre: int, offset: int) -> None:
    beats, strengths = played(np.arange(offset, 48, metre), 48)
    found = find_bars(beats, strengths)
    assert found is not None
    assert (found.beats_per_bar, found.offset) == (metre, offset)
    assert bar_lines(found).tolist() == list(range(offset, 48, metre))


def test_two_beats_are_a_bar_or_half_a_bar() -> None:
    beats, strengths = played(np.arange(1, 48, 2), 48)
    found = find_bars(beats, strengths)
    assert found is not None
    assert found.beats_per_bar in {2, 4}
    assert np.all(bar_lines(found) % 2 == 1)


def test_where_nothing_tells_bars_begin_with_the_piece_and_have_four_beats() -> None:
    beats, strengths = played(np.array([], dtype=np.intp), 32)
    found = find_bars(beats, strengths)
    assert found is not None
    assert (found.beats_per_bar, found.offset) == (4, 0)


def test_seven_beats_are_too_few() -> None:
    beats, strengths = played(np.arange(0, 7, 4), 7)
    assert find_bars(beats, strengths) is None


def test_an_added_beat_moves_the_following_bars() -> None:
    firsts = np.concatenate((np.arange(0, 24, 4), np.arange(25, 61, 4)))
    beats, strengths = played(firsts, 61)
    found = find_bars(beats, strengths)
    assert found is not None
    lines = bar_lines(found)
    assert lines[(lines > 0) & (lines < 20)].tolist() == list(range(4, 20, 4))
    assert lines[lines > 28].tolist() == list(range(29, 61, 4))


def test_one_strong_beat_elsewhere_moves_nothing() -> None:
    evidence = np.where(np.arange(32) % 4 == 0, 2.0, -0.7)
    evidence[13] = 4.0
    assert bar_lines(Bars(4, 0, 0.0, evidence)).tolist() == list(range(0, 32, 4))
    assert bar_lines(Bars(3, 2, 0.0, np.zeros(10))).tolist() == [2, 5, 8]


def test_means_are_over_the_beats_or_a_share_of_them() -> None:
    rows = np.arange(10.0)[:, np.newaxis]
    assert beat_means(rows, np.array([0.0, 4.0, 6.0]))[:, 0].tolist() == [1.5, 4.5, 6.5]
    assert beat_means(rows, np.array([0.0, 4.0, 8.0]), 0.5)[:, 0].tolist() == [0.5, 4.5, 8.5]


def test_harmony_changes_where_the_chord_does() -> None:
    tones = np.zeros((8, 6))
    tones[:4, [0, 2]] = 1.0
    tones[4:, [1, 3]] = 1.0
    change = harmony_change(tones)
    assert change.argmax() == 4
    assert change[4] > 1.0
    assert change[[0, 1, 2, 6, 7]] == pytest.approx(0.0, abs=1e-9)
    assert harmony_change(np.zeros((4, 6))).tolist() == [0.0] * 4
