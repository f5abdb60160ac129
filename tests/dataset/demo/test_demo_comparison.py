"""Our comparison with the truth agrees with mir_eval, the field's reference."""

import itertools
import warnings

import mir_eval
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from small_dataset_audio.dataset.demo.comparison import (
    BeatScore,
    Heard,
    beat_score,
    compare,
    key_relation,
    tempo_error,
    tempo_relation,
)
from small_dataset_audio.dataset.demo.truth import truth_of
from support.demo_pieces import tiny

TIMES = st.lists(st.integers(0, 4000).map(lambda number: number / 133.0), max_size=60, unique=True).map(sorted)
NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
SCORES = {"same": 1.0, "fifth": 0.5, "relative": 0.3, "parallel": 0.2, "other": 0.0}


@given(TIMES, TIMES)
def test_beat_scores_are_those_of_mir_eval(true: list[float], estimated: list[float]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # mir_eval warns about empty lists
        expected = mir_eval.beat.f_measure(np.array(true), np.array(estimated))
    assert beat_score(true, estimated).f_measure == pytest.approx(expected, abs=1e-12)


@given(TIMES)
def test_the_truth_itself_scores_one(true: list[float]) -> None:
    score = beat_score(true, true)
    assert score == BeatScore(len(true), len(true), len(true))
    assert score.f_measure == score.recall == score.precision == (1.0 if true else 0.0)


@given(TIMES, st.floats(0.0, 0.069))
def test_a_shift_within_the_window_is_forgiven(true: list[float], shift: float) -> None:
    assert beat_score(true, [time + shift for time in true]).found == len(true)


def test_an_estimate_counts_once() -> None:
    score = beat_score([1.0, 1.1], [1.05])
    assert (score.found, score.recall, score.precision) == (1, 0.5, 1.0)
    assert score.f_measure == pytest.approx(2 / 3)
    assert beat_score([1.0], []) == BeatScore(0, 1, 0)
    assert BeatScore(0, 1, 0).f_measure == BeatScore(0, 1, 0).precision == BeatScore(0, 0, 1).recall == 0.0


def test_all_key_relations_are_those_of_mir_eval() -> None:
    keys = [f"{name} {scale}" for name in NAMES for scale in ("major", "minor")]
    for true, measured in itertools.product(keys, keys):
        assert SCORES[key_relation(true, measured)] == mir_eval.key.weighted_score(true, measured)


def test_keys_are_compared_by_sound_not_by_spelling() -> None:
    assert key_relation("Bb major", "A# major") == "same"
    assert key_relation("F minor", "G# major") == "relative"


@pytest.mark.parametrize("name", ["", "D", "D dorian", "H minor", "D Minor"])
def test_what_is_not_a_key_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not a"):
        key_relation("D minor", name)


@pytest.mark.parametrize(
    ("measured", "relation"),
    [(120, "same"), (124, "same"), (126, "other"), (240, "double"), (61, "half"), (358, "triple"), (40.5, "third")],
)
def test_tempi_are_compared_at_every_metrical_level(measured: float, relation: str) -> None:
    assert tempo_relation(120.0, measured) == relation


def test_tempo_errors_have_a_sign() -> None:
    assert tempo_error(100.0, 99.0) == pytest.approx(-1.0)
    assert tempo_error(100.0, 102.5) == pytest.approx(2.5)


def test_a_perfect_analysis_is_good_in_every_row() -> None:
    truth = truth_of(tiny())
    rows = compare(truth, Heard(bpm=240.0, beats=truth.beats, key="C major"))
    assert [row.quantity for row in rows] == ["tempo", "beats", "key"]
    assert all(row.good for row in rows)
    assert [row.true for row in rows] == ["240 BPM", "9 beats", "C major"]
    assert [row.measured for row in rows] == ["240.0 BPM", "9 beats", "C major"]
    assert [row.verdict for row in rows] == ["0.0 % slow", "9 of 9 found, F-measure 1.00", "same key"]


def test_a_wrong_analysis_says_how_it_is_wrong() -> None:
    truth = truth_of(tiny())
    tempo, beats, key = compare(truth, Heard(bpm=120.0, beats=truth.beats[::2], key="A minor"))
    assert (tempo.verdict, tempo.good, tempo.figures["relation"]) == ("half time", False, "half")
    assert (beats.verdict, beats.good) == ("5 of 9 found, F-measure 0.71", False)
    assert (key.verdict, key.good, key.figures) == ("its relative", False, {"relation": "relative"})
    assert compare(truth, Heard(bpm=262.0))[0].verdict == "9.2 % fast"


def test_what_was_not_measured_has_no_numbers() -> None:
    rows = compare(truth_of(tiny()), Heard())
    assert all(row.measured is None and not row.good and row.figures == {} for row in rows)
    assert {row.verdict for row in rows} == {"not measured"}
